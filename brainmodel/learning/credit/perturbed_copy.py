"""A second copy of an area's state, perturbed by noise and run on the same inputs, for KeRNL."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.comparison import begun
from areas.record import Record
from brainmodel.learning.credit.stream_noise import Noise


class PerturbedCopy(NamedTuple):
    """The perturbed copy of the state, and its regressors; in units of sigma."""

    deviation: Float[Tensor, "batch state"]  # d, of the copy from the state, [field * unit]
    filtered: Float[Tensor, "batch state"]  # Omega, the noise as the kernels filter it
    slope: Float[Tensor, "batch state"]  # Gamma, derivative of Omega by the kernels
    noise: Noise


def deviation_after(
    area: Area, step: Record, deviation: Float[Tensor, "batch state"]
) -> Float[Tensor, "batch state"]:
    """The deviation from the state after a step, of an area that deviated before it.

    Args:
        area: the area.
        step: the record of one step; the inputs are as they were.
        deviation: from the state before the step.

    Returns:
        from the state after it.
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
        prediction, drive = area.predictor.activate(potential), step.sources["drive"][0]
        error = area.comparison(drive, prediction)
        error = begun(area.comparison, error, None if step.keep is None else step.keep[0])
        by_error = currents[:, area.reached("error")]
        by_error += area.synapses["error"](error - step.sources["error"][0])
    fields = {name: step.before(name)[0] + by_field.get(name, 0) for name in step.fields}
    new = area.cell.step(currents.chunk(len(area.cell.currents), 1), area.cell.state(**fields))
    return torch.cat([getattr(new, name) - step.fields[name][1] for name in names], dim=1)
