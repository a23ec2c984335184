"""The parameters of a dense area as one matrix, from presynaptic signals to what they drive.

    y(t) = W x(t),    ds(t) = J(t) ds(t-1) + F(t) dy(t)

The TARGETS y are the area's currents and, where its units receive its prediction error, the
potential of its predictor. The SOURCES x are its presynaptic signals and a 1 for the biases. Every
parameter joins one target to one source (most of W is no parameter where currents have sources of
their own). The STATE s is all fields of all units, as in `jacobian.py`. The elements of each of the
three lie side by side in one dimension: [target] = [current * unit (+ drive)], [source], [state] =
[field * unit].
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area, Predictor
from areas.keys import BIAS, of_predictor, of_units
from areas.record import Record
from brainmodel.learning.credit.jacobian import LinearSteps, StepDerivatives, identity, pull, push
from brainmodel.learning.rule import Gradients


class Sizes(NamedTuple):
    """Numbers of elements."""

    state: int
    targets: int
    sources: int


def sizes(area: Area) -> Sizes:
    """How many elements state, targets and sources of an area have."""
    joined = places(area).values()
    targets, sources = (max(place[k].stop for place in joined) for k in (0, 1))
    targets = max(targets, len(area.bias))
    return Sizes(len(area.dynamics.outputs) * area.units[0], targets, sources)


def presynaptic(area: Area, record: Record) -> Float[Tensor, "time batch source"]:
    """The sources x(t)."""
    signals = [record.source(name) for name in _sources(area)]
    return torch.cat([*signals, torch.ones_like(record.currents[..., :1])], dim=2)


def places(area: Area) -> dict[str, tuple[slice, slice]]:
    """By the key of each parameter, which targets it joins to which sources."""
    columns, first = {}, 0
    for name, count in _sources(area).items():
        columns[name] = slice(first, first + count)
        first = columns[name].stop
    one, currents = slice(first, first + 1), len(area.bias)
    found = {of_units(BIAS): (area.reached(BIAS), one)}
    for name in area.synapses:
        found[of_units(name)] = (area.reached(name), columns[name])
    if (predictor := _judged(area)) is not None:
        judged = slice(currents, currents + area.drive[0])
        found[of_predictor(BIAS)] = (judged, one)
        for name in predictor.synapses:
            found[of_predictor(name)] = (judged, columns.get(name, columns["recurrent"]))
    return found


def _judged(area: Area) -> Predictor | None:
    """The predictor, where its potential is a target."""
    return area.predictor if "error" in area.afferents else None


def _sources(area: Area) -> dict[str, int]:
    """How many elements each source has, but for the 1: those of units, then the predictor's own.

    These are hints that do not reach units, and the rate where recurrent synapses carry another
    field of the state.
    """
    found = {name: synapses.weight.shape[1] for name, synapses in area.synapses.items()}
    if _judged(area) is None:
        return found
    rate = {} if area.cell.emitted == "rate" else {"rate": area.units[0]}
    hints = {name: shape[0] for name, shape in area.hints.items() if name not in found}
    return found | rate | hints


def matrix_gradients(area: Area, table: Float[Tensor, "target source"]) -> Gradients:
    """Gradients by key from a table of all; what is no parameter is left out.

    A table of the currents alone gives no gradients of the predictor.
    """
    shapes = {name: parameter.shape for name, parameter in area.weights().items()}
    return {
        name: table[rows, columns].reshape(shapes[name])
        for name, (rows, columns) in places(area).items()
        if rows.stop <= len(table)
    }


def add_gradients(found: Gradients, more: Gradients) -> Gradients:
    """The sum of two sets of gradients, some of which may be in one set only."""
    return found | {n: found[n] + g if n in found else g for n, g in more.items()}


def through_jacobian(
    area: Area, linear: LinearSteps, t: int, state: Float[Tensor, "batch state"]
) -> Float[Tensor, "batch state"]:
    """J(t) times a change of the state."""
    lanes = state.unflatten(1, (-1, area.units[0]))[:, None]
    return push(area, linear, t, lanes).flatten(1)


def through_transposes(
    area: Area, linear: LinearSteps, t: int, state_bar: Float[Tensor, "batch state"]
) -> tuple[Float[Tensor, "batch state"], Float[Tensor, "batch target"]]:
    """J(t) and F(t), transposed, times derivatives by the state.

    Returns:
        derivatives by the state before the step, and by the targets.
    """
    bars = pull(area, linear, t, state_bar.unflatten(1, (-1, area.units[0]))[:, None])
    return bars.before.flatten(1), _targets(bars)[:, 0]


def explicit_matrices(
    area: Area, linear: LinearSteps, t: int
) -> tuple[Float[Tensor, "batch state state"], Float[Tensor, "batch state target"]]:
    """J(t) and F(t); row: after the step."""
    bars = pull(area, linear, t, identity(linear))
    return bars.before.flatten(2), _targets(bars)


def state_from_rates(
    area: Area, rate_bar: Float[Tensor, "*steps unit"]
) -> Float[Tensor, "*steps state"]:
    """Derivatives by the state from those by the rates."""
    rest = (len(area.dynamics.outputs) - 1) * area.units[0]
    return torch.nn.functional.pad(rate_bar, (0, rest))


def state_from_fields(
    area: Area,
    state_bar: dict[str, Float[Tensor, "batch unit"]],
    like: Float[Tensor, "batch ..."],
) -> Float[Tensor, "batch state"]:
    """Derivatives by the state from those by field; zeros where none is."""
    empty = like.new_zeros(like.shape[0], area.units[0])
    return torch.cat([state_bar.get(name, empty) for name in area.dynamics.outputs], dim=1)


def _targets(bars: StepDerivatives) -> Float[Tensor, "batch lane target"]:
    """Derivatives by the targets."""
    if bars.potential is None:
        return bars.currents
    return torch.cat([bars.currents, bars.potential], dim=2)
