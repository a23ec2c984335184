"""Sequences of which one kind is due and another is not; `brainmodel.data` names their modules."""
