"""The brain: areas and pathways, the scope of learning signals, and the roll-out over windows."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial

from torch import Tensor
from torch.utils.hooks import RemovableHandle

from areas.record import StepActivity
from brainmodel.environments import Environment
from brainmodel.learning.rule import Gradients
from brainmodel.pathways.pathway import Pathway
from brainmodel.perturbation.perturbed import Perturbed, window_of
from brainmodel.roll_out.roll_out import Listener, roll_out
from brainmodel.schedules import Weight
from brainmodel.scopes.local import Local
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope
from brainmodel.wiring.engine import Engine, Plain
from brainmodel.wiring.literal_step import literal_step
from brainmodel.wiring.losses import Losses, judge, weigh
from brainmodel.wiring.made_weights import with_weights
from brainmodel.wiring.outside import ByAddress, from_outside
from brainmodel.wiring.perturbed_inputs import joined
from brainmodel.wiring.plan import AreaPlan, BrainPlan
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.window import require_state, require_window
from brainmodel.wiring.wiring import Wiring
from objectives import Activity, GroupObjective


class Brain(Wiring):
    """Areas, the pathways between them, what each learns for, and how far learning signals travel.

    Args:
        areas: plans by name.
        pathways: by name.
        inputs: shapes of the inputs by name, without time and batch.
        scope: how far learning signals travel; `Local` unless given.
        groups: objectives that several areas share, by name.
        group_weights: of these, by name; as `AreaPlan.weights`.
        environments: what areas act on, by name (see `brainmodel.environments`).
        engine: what takes the literal steps of scope `Global`, or has windows of training recorded;
            `Plain` unless given.

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
        environments: Mapping[str, Environment] | None = None,
        engine: Engine | None = None,
    ):
        shared = groups or {}, group_weights or {}
        super().__init__(BrainPlan(areas, pathways, inputs, *shared, environments or {}))
        self._listeners: OrderedDict[int, Listener] = OrderedDict()
        self.perturbed: Perturbed | None = None
        self.scope = scope or Local()
        self.scope.require_taught(self)
        self.scope.build(self)
        self.engine = engine or Plain()
        self.engine.require_serves(self, literal=self.scope.steps_literally)

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState | None = None,
        gains: ByAddress | None = None,
        currents: ByAddress | None = None,
        labels: Mapping[str, Tensor] | None = None,
    ) -> tuple[dict[str, Activity], BrainState]:
        """A window of time.

        Args:
            inputs: by name, [time, batch, *shape]; of an environment, the uniform random numbers in
                [0, 1) that it draws, [time, batch, draws].
            reset: [time, batch] bool, true where a stream begins anew at that step.
            state: from the window before; None where all streams begin.
            gains: what multiplies rates of areas or populations, or messages of pathways, by
                address: "V1", "V1.SST", "LM_V1" (see `brainmodel.wiring.outside`). Numbers, or
                tensors [time], [time, batch], or of all that they multiply; 1 unless given.
            currents: what is added to currents of units, likewise: "V1", "V1.E.apical".
            labels: of the window, [time, batch, ...]; perturbations may ask for one, nobody else.

        Returns:
            what each area did, by name, and the state after the window, detached. What environments
            say is among the labels of each activity. The backward pass of any loss computed from
            the former hands each area's learning signal to its rule.

        Raises:
            ValueError: in one sentence, if inputs, reset, state, gains or currents are of another
                kind or shape, or nothing has their address.
        """
        require_window(self.inputs, inputs, reset)
        if state is None:
            state = self.initial_state(reset.shape[1])
        else:
            units = {name: self.area(name).units for name in self.areas}
            require_state(units, state, reset.shape[1])
        found, state = self._from_outside(reset, state, gains, currents, labels)
        told = self.scope, self.engine, self.report
        activities, after = roll_out(self, *told, dict(inputs) | found, reset, state)
        if self.perturbed is not None:
            after = self.perturbed.end_window(reset, activities, inputs, after)
        return activities, after

    def step(
        self,
        inputs: Mapping[str, Tensor],
        reset: Tensor,
        state: BrainState,
        gains: ByAddress | None = None,
        currents: ByAddress | None = None,
        labels: Mapping[str, Tensor] | None = None,
    ) -> tuple[dict[str, StepActivity], BrainState]:
        """One step by its definition, differentiable throughout (see `literal_step`).

        Args:
            inputs: by name, [batch, *shape].
            reset: [batch] bool.
            state: before the step.
            gains, currents: as of `forward`, of a window of this one step.
            labels: [batch, ...].

        Returns:
            what each area did, by name, and the state after the step; not detached.
        """
        told = {name: label[None] for name, label in (labels or {}).items()}
        found, state = self._from_outside(reset[None], state, gains, currents, told)
        now = {name: signal[0] for name, signal in found.items()}
        step = partial(literal_step, self, dict(inputs) | now, reset, state)
        took, _, after = with_weights(self, self.make(), step)
        after = after._replace(noise=state.noise and state.noise.later())
        return {name: step.activity for name, step in took.items()}, after

    def _from_outside(
        self,
        reset: Tensor,
        state: BrainState,
        gains: ByAddress | None,
        currents: ByAddress | None,
        labels: Mapping[str, Tensor] | None,
    ) -> tuple[dict[str, Tensor], BrainState]:
        """What comes from outside in a window, what perturbations do included; the state."""
        if self.perturbed is None and state.perturbed is None:
            return from_outside(self, reset, state, gains, currents)
        more, state = window_of(self.perturbed, reset, labels or {}, state)
        found, state = from_outside(self, reset, state, gains, currents)
        return joined(self, found, more), state

    def make(self) -> dict[str, Tensor]:
        """See `Wiring.make`; weights that a perturbation has in the place of others among them."""
        return super().make() | ({} if self.perturbed is None else self.perturbed.weights())

    def complete(self, found: Gradients) -> None:
        """See `Wiring.complete`; what a perturbation keeps from learning has no gradient."""
        super().complete(found)
        if self.perturbed is not None:
            self.perturbed.hold(found)

    def after_step(self) -> None:
        """See `Wiring.after_step`; what a perturbation keeps from learning is as it was."""
        if self.perturbed is not None:
            self.perturbed.after_step()
        super().after_step()

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

    def listen(self, listener: Listener) -> RemovableHandle:
        """Call `listener` in each backward pass, for callbacks that compare gradients.

        Args:
            listener: is called with the passage, the derivatives of the loss by what each area did,
                and the gradients made of them by parameter name; it changes none of them.

        Returns:
            a handle as PyTorch's hooks have: `remove()` ends it, and so does the end of a `with`.
        """
        handle = RemovableHandle(self._listeners)
        self._listeners[handle.id] = listener
        return handle

    def report(
        self, passage: Passage, derivatives: dict[str, ActivityDerivatives], found: Gradients
    ) -> None:
        """Tell all who listen of a backward pass (see `listen`); of a recorded one, its replays."""
        if self.known is not None:
            self.known.reports.append((passage, derivatives, found))
            return
        for listener in list(self._listeners.values()):
            listener(passage, derivatives, found)
