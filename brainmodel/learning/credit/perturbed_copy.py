"""A second copy of an area's state, pushed by noise and stepped on the same inputs, for KeRNL."""

from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area
from areas.record import Record
from brainmodel.learning.credit.stream_noise import Noise


class PerturbedCopy(NamedTuple):
    """The perturbed copy of the state, and its regressors; in units of sigma."""

    deviation: Tensor  # d, [batch, field * unit]
    filtered: Tensor  # Omega, likewise
    slope: Tensor  # Gamma, likewise
    noise: Noise


def deviation_after(area: Area, step: Record, deviation: Tensor) -> Tensor:
    """How far from s(t) an area comes that was so far from s(t-1), on the same inputs.

    Args:
        area: the area.
        step: the record of one step.
        deviation: from the state before it, [batch, field * unit].
    """
    names = area.dynamics.outputs
    by_field = dict(zip(names, deviation.chunk(len(names), dim=1), strict=True))
    currents = step.currents[0].clone()
    reached = currents[:, area.reached("recurrent")]
    reached += area.synapses["recurrent"](by_field[area.cell.emitted])
    if "error" in area.afferents:
        assert area.predictor is not None
        weight = area.predictor.synapses["rate"].weight
        potential = step.potential[0] + by_field["rate"] @ weight.t()
        change = area.predictor.activate(potential) - step.prediction[0]
        felt = currents[:, area.reached("error")]
        felt -= area.synapses["error"](change)
    fields = {name: step.before(name)[0] + by_field.get(name, 0) for name in step.fields}
    new = area.cell.step(currents.chunk(len(area.cell.currents), 1), area.cell.state(**fields))
    return torch.cat([getattr(new, name) - step.fields[name][1] for name in names], dim=1)
