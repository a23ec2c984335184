"""An area: recurrent units, all the synapses onto them, and a predictor of their drive.

    prediction   u_hat(t) = P( h(t-1), hints )            made before u(t) is seen
    error        e(t) = comparison( u(t), u_hat(t) )      by default u(t) - u_hat(t)
    currents     W_drive u(t) + W_error e(t) + W_recurrent z(t-1) + sum_m W_m m(t) + b
                 and behind them the cell's constants, which have neither synapses nor bias
    state        cell.step( currents, state(t-1) )

z is what the cell emits, the rate h itself or its spikes (`Cell.emitted`).

A step has two acts, `compare` (prediction and error) and `move` (currents and state): between them
an area above may move, and send a message that reaches these units in the same step. They are the
definition, written out in differentiable tensor calls. The roll-out over a window computes the
same, with everything that need not be done step by step taken out of the loop.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas.cell import Cell, State
from areas.checks import Afferent, check_afferents, check_shape
from areas.comparison import DriveComparison, Signed, begun
from areas.keys import BIAS, of_predictor, of_units
from areas.loops.dynamics import Dynamics
from areas.loops.gain import NOTHING, Outside
from areas.loops.steps import Recurrence
from areas.message import Message
from areas.predictor import Predictor
from areas.projections import Block, Connectivity, Projection
from areas.projections.making import be_made
from areas.projections.projection import lay, named, reach_of
from areas.record import StepActivity, StepComparison, StepRecord
from areas.shapes import PerCurrent, PerDrive, PerStream, PerUnit
from areas.synapses import Bundle, Synapses, connect


class Area(nn.Module):
    """A recurrent area.

    A message that ends on its units is one of its `messages`, one that ends on its prediction one
    of its `hints`; most are both.

    Args:
        cell: dynamics of its units.
        units: [unit] or [channel, height, width].
        drive: shape of its drive.
        messages: the feedback and lateral messages by the name of the pathway, or their shapes.
        predictor: what predicts the drive; None for an area that does not predict.
        afferents: which of its drive and prediction error reach its units.
        kernel: odd width of the receptive fields of drive, error and recurrent synapses on maps,
            in pixels; each message has its own.
        connectivity: which recurrent synapses exist; unless given, all do, except autapses in
            cells that have none.
        projections: what more is said of the synapses onto its units, by source: "drive", "error",
            "recurrent", or a message.

    Raises:
        ValueError: for shapes that do not fit, an even kernel, an afferent error without a
            predictor, or a projection that does not fit its units.
    """

    def __init__(
        self,
        cell: Cell,
        units: Sequence[int],
        drive: Sequence[int],
        messages: Mapping[str, Message | Sequence[int]],
        predictor: Predictor | None,
        afferents: Sequence[Afferent] = ("error",),
        kernel: int = 3,
        connectivity: Connectivity | None = None,
        projections: Mapping[str, Projection] | None = None,
    ):
        super().__init__()
        check_shape(units)
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel: need an odd width in pixels, got {kernel}")
        told = {name: Message.of(message) for name, message in messages.items()}
        onto_units = {name: m for name, m in told.items() if "units" in m.onto}
        onto_predictor = {name: m for name, m in told.items() if "predictor" in m.onto}
        check_afferents(afferents, onto_units, predictor)
        self.cell = cell
        self.dynamics = Dynamics(cell)
        self.units, self.drive = tuple(units), tuple(drive)
        self.afferents = tuple(afferents)
        self.messages = {name: tuple(message.shape) for name, message in onto_units.items()}
        self.comparison: DriveComparison = Signed() if predictor is None else predictor.comparison
        self.errors = (self.comparison.errors * drive[0], *drive[1:])
        brought = {"drive": self.drive, "error": self.errors}
        sources = {name: Message(brought[name], kernel=kernel) for name in afferents} | onto_units
        sources["recurrent"] = Message(units, kernel=kernel)
        cell.require_sources(sources)
        self._reach: dict[str, slice] = {}
        self.synapses = Bundle()
        self._project(sources, projections or {}, connectivity)
        self.bias = nn.Parameter(cell.biases(self.units[0]).flatten())
        self.constants: Tensor
        self.register_buffer("constants", self._constants(), persistent=False)
        self.predictor = predictor
        self.hints: dict[str, tuple[int, ...]] = {}
        if predictor is not None:
            self.hints = {name: tuple(hint.shape) for name, hint in onto_predictor.items()}
            predictor.build(drive, {"rate": units} | onto_predictor)
        be_made(self.all_synapses(), projections or {})

    def _project(
        self,
        sources: Mapping[str, Message],
        projections: Mapping[str, Projection],
        connectivity: Connectivity | None,
    ) -> None:
        """Make the synapses onto the units, from each source, as is said of them."""
        if connectivity is not None and "recurrent" in projections:
            raise ValueError("connectivity: leave it out, as projections.recurrent says it")
        for name in projections:
            if name not in sources:
                raise ValueError(
                    f"projections.{name}: there are no such synapses onto the units; there are "
                    f"{', '.join(sources)}"
                )
        told = dict.fromkeys(sources, Projection()) | dict(projections)
        if connectivity is not None:
            told["recurrent"] = Projection([Block(connectivity=connectivity)])
        for name, source in sources.items():
            what = told[name], self.cell, self.units[0], name
            with named(f"projections.{name}." if name in projections else ""):
                reach = self._reach[name] = reach_of(*what)
                currents = reach.stop - reach.start
                made = connect(source.shape, self.units, currents, source.kernel)
                lay(made, *what, reach)
            self.synapses[name] = made

    def use(self, dynamics: Dynamics) -> None:
        """Let its units have other dynamics: those of its cell with other constants."""
        self.dynamics, self.cell = dynamics, dynamics.cell
        self.constants = self._constants()

    def _constants(self) -> Tensor:
        return self.cell.constant_values(self.units[0]).flatten().to(self.bias)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Area":
        """Move or convert all tensors; constants are made anew, exact in any type of numbers."""
        super()._apply(fn, recurse)
        self.constants = self._constants()
        return self

    @property
    def at_rest(self) -> Float[Tensor, "currents"]:
        """The currents where all sources are silent, [current * unit]: biases and constants."""
        return torch.cat([self.bias, self.constants])

    def reached(self, source: str) -> slice:
        """Where a source's synapses end along the current dimension [current * unit]."""
        if source == BIAS:
            return slice(0, self.bias.shape[0])
        reach = self._reach[source]
        return slice(reach.start * self.units[0], reach.stop * self.units[0])

    def reach(self, source: str) -> slice:
        """Which of the cell's currents the synapses of a source end on."""
        return self._reach[source]

    def weights(self) -> dict[str, nn.Parameter]:
        """All its parameters, by the keys of `areas.keys`."""
        return dict(self.named_parameters())

    def all_synapses(self) -> dict[str, Synapses]:
        """Synapses onto its units and onto its prediction, by the key of their weights."""
        found = {of_units(source): synapses for source, synapses in self.synapses.items()}
        if self.predictor is not None:
            own = self.predictor.synapses.items()
            found |= {of_predictor(source): synapses for source, synapses in own}
        return found

    def arriving(self, source: str) -> tuple[int, ...]:
        """Shape of what arrives by the name of "drive", or of a message."""
        if source == "drive":
            return self.drive
        return self.messages[source] if source in self.messages else self.hints[source]

    @property
    def recurrence(self) -> Recurrence:
        """The synapses of the area's units onto themselves."""
        return Recurrence(self.synapses["recurrent"], self.reached("recurrent"))

    def initial_state(self, batch: int) -> State:
        """State of `batch` streams that begin, on the device and in the dtype of the bias."""
        return self.cell.initial_state(self.bias.new_zeros(batch, *self.units))

    def predict(self, rate: PerUnit, messages: Mapping[str, Tensor]) -> PerDrive:
        """The prediction [batch, *drive] from h(t-1) [batch, *units] and messages."""
        return self._foresee(rate, messages)[1]

    def _foresee(self, rate: PerUnit, messages: Mapping[str, Tensor]) -> tuple[PerDrive, PerDrive]:
        """The predictor's potential, and the prediction."""
        if self.predictor is None:
            nothing = rate.new_zeros(rate.shape[0], *self.drive)
            return nothing, nothing
        hints = {name: messages[name] for name in self.hints}
        potential = self.predictor.potential({"rate": rate, **hints})
        return potential, self.predictor.activate(potential)

    def currents(self, sources: Mapping[str, Tensor], outside: Outside = NOTHING) -> PerCurrent:
        """Currents [batch, current * unit, ...] of signals by source and of what is outside."""
        total = self.at_rest.view(-1, *[1] * (len(self.units) - 1))
        total = total.expand(next(iter(sources.values())).shape[0], -1, *self.units[1:])
        for name, synapses in self.synapses.items():
            current, reached = synapses(sources[name]), self.reached(name)
            if (rest := (reached.start, total.shape[1] - reached.stop)) != (0, 0):
                current = nn.functional.pad(current, (*[0, 0] * (len(self.units) - 1), *rest))
            total = total + current
        return outside.join(total)

    def step(
        self, drive: PerDrive, messages: Mapping[str, Tensor], state: State, **how: Any
    ) -> tuple[StepActivity, State]:
        """What the area does at a step, and the state after it; arguments as of `take`."""
        taken = self.take(drive, messages, state, **how)
        return taken.activity, taken.state

    def take(
        self,
        drive: PerDrive,
        messages: Mapping[str, Tensor],
        state: State,
        *,
        cut: bool = False,
        keep: PerStream | None = None,
        outside: Outside = NOTHING,
    ) -> StepRecord:
        """One step, differentiable, written out as it is defined: `compare`, then `move`.

        Args:
            drive: u(t), [batch, *drive].
            messages: by pathway, [batch, ...].
            state: the state before the step.
            cut: whether to hide from autograd the ways from unit to unit, by recurrent synapses,
                the area's own error and statistics over units; what remains is a unit's own state.
            keep: 0 in streams that begin with this step, else 1 (see `DriveComparison.lead_in`).
            outside: gains and currents that come from outside of the brain.

        Returns:
            what happened, the state after the step included.
        """
        compared = self.compare(drive, messages, state, cut=cut, keep=keep)
        return self.move(compared, messages, state, cut=cut, outside=outside)

    def compare(
        self,
        drive: PerDrive,
        hints: Mapping[str, Tensor],
        state: State,
        *,
        cut: bool = False,
        keep: PerStream | None = None,
    ) -> StepComparison:
        """The first act of a step: a prediction, and its error.

        Args:
            drive: u(t), [batch, *drive].
            hints: the messages that end on the predictor, [batch, ...]; others may be among them.
            state: the state before the step.
            cut, keep: as of `take`.
        """
        potential, prediction = self._foresee(state.rate, hints)
        error = felt = begun(self.comparison, self.comparison(drive, prediction), keep)
        if cut:
            felt = begun(self.comparison, self.comparison(drive, prediction.detach()), keep)
        return StepComparison(drive, dict(hints), potential, prediction, error, felt)

    def move(
        self,
        compared: StepComparison,
        messages: Mapping[str, Tensor],
        state: State,
        *,
        cut: bool = False,
        outside: Outside = NOTHING,
    ) -> StepRecord:
        """The second act of a step: currents, and the state that the cell makes of them.

        Args:
            compared: what the first act of the step found.
            messages: those that end on the units, [batch, ...]; hints need not be given again.
            state: the state before the step.
            cut: as of `take`.
            outside: gains and currents that come from outside of the brain.
        """
        drive, hints, potential, prediction, error, felt = compared
        emitted = getattr(state, self.cell.emitted)
        emitted = emitted.detach() if cut else emitted
        sources = {"drive": drive, "error": felt, "recurrent": emitted, **hints, **messages}
        currents = self.cell.normalise(self.currents(sources, outside), given=cut)
        state = self.cell.step(currents.chunk(len(self.cell.currents), dim=1), state)
        activity = StepActivity(drive, prediction, error, state.rate)
        return StepRecord(activity, sources, potential, currents, state)
