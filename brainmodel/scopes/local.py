"""Scope local: nothing crosses a pathway from area to area."""

from brainmodel.learning.rule import Gradients
from brainmodel.scopes.environment_crossing import cross_environments
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope, rule_gradients
from brainmodel.wiring.wiring import Wiring


class Local(Scope):
    """Each area learns from its own loss alone; its drive and messages are taken as given.

    Where the loss is of what an environment says of what was done, it goes one step back through
    the environment, to the areas that acted (see `environment_crossing`).
    """

    keeps_apart = True

    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """See `Scope.gradients`."""
        derivatives, found = cross_environments(brain, passage, derivatives)
        for name, record in passage.records.items():
            level, memory = passage.levels.get(name), passage.start.memories[name]
            found |= rule_gradients(brain, name, record, derivatives[name], level, memory)
        return found
