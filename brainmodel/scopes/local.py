"""Scope local: nothing crosses a pathway."""

from brainmodel.learning.rule import Gradients
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope, rule_gradients
from brainmodel.wiring.wiring import Wiring


class Local(Scope):
    """Each area learns from its own loss alone; its drive and messages are taken as given."""

    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """See `Scope.gradients`."""
        found: Gradients = {}
        for name, record in passage.records.items():
            level, memory = passage.levels.get(name), passage.start.memories[name]
            found |= rule_gradients(brain, name, record, derivatives[name], level, memory)
        return found
