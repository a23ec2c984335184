"""The brain: areas wired up, learning as far as its scope lets learning signals travel."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from areas.record import StepActivity
from brainmodel.learning.rule import Gradients
from brainmodel.pathways.pathway import Pathway
from brainmodel.roll_out.roll_out import Overheard, roll_out
from brainmodel.schedules import Weight
from brainmodel.scopes.local import Local
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.losses import Losses, judge, weigh
from brainmodel.wiring.plan import AreaPlan, BrainPlan
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring
from objectives import Activity, GroupObjective


class Brain(Wiring):
    """Areas, the pathways between them, what each learns for, and how far learning reaches.

    Args:
        areas: plans by name.
        pathways: by name.
        inputs: shapes of the inputs by name, without time and batch.
        scope: how far learning signals travel; `Local` unless given.
        groups: objectives that several areas share, by name.
        group_weights: of these, by name; as `AreaPlan.weights`.

    Attributes:
        overhear: where given, is called in each backward pass with the passage, the derivatives of
            the loss by what each area did, and the gradients made of them; for callbacks that
            compare.

    Raises:
        ValueError: if areas and pathways do not fit; the message names the area or pathway.
    """

    def __init__(
        self,
        areas: Mapping[str, AreaPlan],
        pathways: Mapping[str, Pathway],
        inputs: Mapping[str, Sequence[int]],
        scope: Scope | None = None,
        groups: Mapping[str, GroupObjective] | None = None,
        group_weights: Mapping[str, float | Weight] | None = None,
    ):
        super().__init__(BrainPlan(areas, pathways, inputs, groups or {}, group_weights or {}))
        self.overhear: Overheard | None = None
        self.scope = scope or Local()
        self.scope.build(self)

    def forward(
        self, inputs: Mapping[str, Tensor], reset: Tensor, state: BrainState | None = None
    ) -> tuple[dict[str, Activity], BrainState]:
        """A window of time.

        Args:
            inputs: by name, [time, batch, *shape].
            reset: [time, batch] bool, true where a stream begins anew at that step.
            state: from the window before; None where all streams begin.

        Returns:
            what each area did, by name, and the state after the window, detached. `backward` of
            anything computed from it hands each area's learning signal to the area's rule.
        """
        if state is None:
            state = self.initial_state(reset.shape[1])
        return roll_out(self, self.scope, self._overheard, dict(inputs), reset, state)

    def step(
        self, inputs: Mapping[str, Tensor], reset: Tensor, state: BrainState
    ) -> tuple[dict[str, StepActivity], BrainState]:
        """One step by its definition, differentiable throughout (see `literal_step`).

        Args:
            inputs: by name, [batch, *shape].
            reset: [batch] bool.
            state: before the step.

        Returns:
            what each area did, by name, and the state after the step; not detached.
        """
        return literal_step(self, inputs, reset, state)

    def judge(self, activities: Mapping[str, Activity]) -> Losses:
        """By area ("groups" for shared ones), by objective: the loss of a window, not yet weighed.

        The mean over all steps and streams; those at which a stream was reset count as 0.
        """
        return judge(self, activities)

    def weigh(self, losses: Losses) -> Losses:
        """Losses that `judge` found, each times its weight at this age."""
        return weigh(self, losses)

    def losses(self, activities: Mapping[str, Activity]) -> Losses:
        """`judge`, then `weigh`; the sum of these losses is what training makes small."""
        return weigh(self, judge(self, activities))

    def _overheard(
        self, passage: Passage, derivatives: dict[str, ActivityDerivatives], found: Gradients
    ) -> None:
        if self.overhear is not None:
            self.overhear(passage, derivatives, found)
