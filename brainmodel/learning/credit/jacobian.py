"""The linearised step of a dense area: whole Jacobians, and vectors through them both ways.

    s(t) = all state fields of all units, `area.dynamics.outputs` side by side: [field, unit], or
           [state] = [field * unit]

    ds(t)       = D_I dI(t) + D_c ds(t-1)                       pointwise: the cell
    dI(t)       = W_rec dz(t-1) + W_error de(t) + source (x) dW          the synapses
    de(t)       = slope(t) * ( P dh(t-1) + source (x) dP )      only where units receive the error

with z what the cell emits, the rate h or its spikes, and slope(t) the derivative of each error by
the predictor's potential for its value; -phi' for errors that are differences. So J(t) =
ds(t)/ds(t-1), and the immediate influence of every parameter, are products of the few arrays that
are collected here. They serve the rules that carry influences forward (RTRL, SnAp, UORO, KF-RTRL)
and those that bootstrap credit through J (DNI).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.comparison import error_slopes
from areas.record import Record, flat
from areas.shapes import PerStreamSteps


class LinearSteps(NamedTuple):
    """An area's steps, linearised."""

    currents: Float[Tensor, "time batch field current unit"]  # D_I, without constants
    carried: Float[Tensor, "time batch field field unit"]  # D_c: of the first by the second, before
    slope: Float[Tensor, "time batch errors"] | None
    """Of each error by its potential; None where units do not receive the error."""
    keep: PerStreamSteps | None  # 0 where a stream was reset before the step

    def side_by_side(self) -> "LinearSteps":
        """The steps as one step of so many times the streams."""
        slope = None if self.slope is None else flat(self.slope)[None]
        keep = None if self.keep is None else flat(self.keep)[None]
        return LinearSteps(flat(self.currents)[None], flat(self.carried)[None], slope, keep)


class StepDerivatives(NamedTuple):
    """Derivatives by what went into a step, one lane for each thing that is differentiated."""

    before: Float[Tensor, "batch lane field unit"]  # by the state before the step
    currents: Float[Tensor, "batch lane currents"]  # by the currents, [current * unit]
    potential: Float[Tensor, "batch lane drive"] | None
    """By the predictor's potential, by way of the error; None where units do not receive it."""


def linearise(area: Area, record: Record) -> LinearSteps:
    """The steps of a window (or a stretch of it), linearised; dense areas only."""
    cell, fields = area.cell, area.dynamics.outputs
    table = area.dynamics.slopes(record.currents, [record.before(n) for n in cell.carried])
    none = torch.zeros_like(record.fields["rate"][1:])
    places = {name: len(cell.currents) + k for k, name in enumerate(cell.carried)}

    def stacked(inputs: list[int | None]) -> Tensor:
        rows = [[None if k is None else row[k] for k in inputs] for row in table]
        filled = [torch.stack([none if d is None else d for d in row], 2) for row in rows]
        return torch.stack(filled, 2)

    slope = slopes_by_potential(area, record) if "error" in area.afferents else None
    by_currents = stacked(list(range(len(cell.currents) - len(cell.constants))))
    return LinearSteps(by_currents, stacked([places.get(n) for n in fields]), slope, record.keep)


def slopes_by_potential(area: Area, record: Record) -> Float[Tensor, "time batch errors"]:
    """Derivative of each error by the predictor's potential for its value; dense areas only."""
    assert area.predictor is not None  # there is no error without one
    by_potential = area.predictor.slope(record.potential, torch.ones_like(record.potential))
    return error_slopes(area.comparison, record) * area.comparison.spread(by_potential)


def pull(
    area: Area, linear: LinearSteps, t: int, bars: Float[Tensor, "batch lane field unit"]
) -> StepDerivatives:
    """Back through step t: derivatives by s(t) times the Jacobians of the step.

    The product of `bars` and the immediate influence of a group of synapses is `currents` (x) their
    presynaptic signal, or for synapses of the predictor `potential` (x) that signal.

    Args:
        area: the area.
        linear: the window, linearised.
        t: the step.
        bars: derivatives by the state after the step.
    """
    currents = torch.einsum("blfu,bfcu->blcu", bars, linear.currents[t]).flatten(2)
    before = torch.einsum("blfu,bfgu->blgu", bars, linear.carried[t])
    recurrent = currents[..., area.reached("recurrent")]
    before[:, :, area.dynamics.emitted] += recurrent @ area.synapses["recurrent"].weight
    potential = None
    if linear.slope is not None:
        assert area.predictor is not None
        error_bar = currents[..., area.reached("error")] @ area.synapses["error"].weight
        potential = area.comparison.gather(error_bar * linear.slope[t][:, None])
        before[:, :, 0] += potential @ area.predictor.synapses["rate"].weight
    return StepDerivatives(_alive(linear, t, before), currents, potential)


def push(
    area: Area, linear: LinearSteps, t: int, tangents: Float[Tensor, "batch lane field unit"]
) -> Float[Tensor, "batch lane field unit"]:
    """Forward through step t: J(t) times changes of s(t-1).

    Args:
        area: the area.
        linear: the window, linearised.
        t: the step.
        tangents: changes of the state before the step.

    Returns:
        changes of the state after it.
    """
    tangents = _alive(linear, t, tangents)
    rate, emitted = tangents[:, :, 0], tangents[:, :, area.dynamics.emitted]
    currents = rate.new_zeros(*rate.shape[:2], len(area.bias))
    currents[..., area.reached("recurrent")] += emitted @ area.synapses["recurrent"].weight.t()
    if linear.slope is not None:
        assert area.predictor is not None
        potential = rate @ area.predictor.synapses["rate"].weight.t()
        error = area.comparison.spread(potential) * linear.slope[t][:, None]
        currents[..., area.reached("error")] += error @ area.synapses["error"].weight.t()
    currents = currents.unflatten(2, (-1, area.units[0]))
    after = torch.einsum("bfgu,blgu->blfu", linear.carried[t], tangents)
    return after + torch.einsum("bfcu,blcu->blfu", linear.currents[t], currents)


def jacobian(area: Area, linear: LinearSteps, t: int) -> Float[Tensor, "batch state state"]:
    """J(t) = ds(t)/ds(t-1); row: after, column: before."""
    batch, fields, _, units = linear.carried[t].shape
    return pull(area, linear, t, identity(linear)).before.reshape(batch, fields * units, -1)


def identity(linear: LinearSteps) -> Float[Tensor, "batch state field unit"]:
    """One lane for each element of the state."""
    batch, fields, _, units = linear.carried.shape[1:]
    eye = torch.eye(fields * units, dtype=linear.carried.dtype, device=linear.carried.device)
    return eye.view(1, -1, fields, units).expand(batch, -1, -1, -1)


def _alive(
    linear: LinearSteps, t: int, states: Float[Tensor, "batch lane field unit"]
) -> Float[Tensor, "batch lane field unit"]:
    """States before step t, without those of streams that were reset."""
    return states if linear.keep is None else states * linear.keep[t].view(-1, 1, 1, 1)
