"""Scope local: nothing crosses a pathway."""

from brainmodel.learning.rule import Gradients
from brainmodel.scopes.scope import Passage, Scope, Signals, taught
from brainmodel.wiring.wiring import Wiring


class Local(Scope):
    """Nothing crosses a pathway: each area's rule hears what the loss says of that area alone.

    Drives and messages are taken as given.
    """

    def gradients(self, brain: Wiring, passage: Passage, signals: dict[str, Signals]) -> Gradients:
        """See `Scope.gradients`."""
        found: Gradients = {}
        for name, record in passage.records.items():
            memory = passage.start.memories[name]
            found |= taught(brain, name, record, signals[name], passage.levels.get(name), memory)
        return found
