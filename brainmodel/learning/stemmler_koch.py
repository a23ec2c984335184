"""Intrinsic plasticity of conductances: a unit's rates come to tell most of its currents.

    loss = < h / m - log dh/dI >,      dh/dI = phi'(v) / G(v),      I + b = F(v) = sum_k g_k F_k(v)

Of all distributions with a mean m the exponential one has the most entropy, and where h is a
function of the current I, the entropy of h is that of I plus < log dh/dI >: the loss is, but for
what does not depend on the unit, the distance (Kullback-Leibler) of the distribution of its rates
from the exponential one of mean m. G = dF/dv. Descent is by the unit's own parameters, the current
given: the bias b and the logarithms c_k of the conductances, g_k = exp c_k,

    dloss/db   =  D / G                               D = phi'/m - phi''/phi' + G'/G
    dloss/dc_k =  g_k ( F_k' - D F_k ) / G

for they move the potential by dv/db = 1 / G and dv/dc_k = -g_k F_k / G. No loss of an objective
enters, nor who sent what: it is not Hebbian. Synapses stay as they are; the area's predictor learns
from its error as with every rule. The potential of a step is taken for the one where it would
settle. `objectives.IntrinsicPlasticity` is the form that Triesch (2007) gave this for logistic
units, without the term of the gain.

Source: the principle of Stemmler & Koch (1999), "How voltage-dependent conductances can adapt to
maximize the information encoded by neuronal firing rate", doi:10.1038/9173. The formulae are
derived here for the units of `areas.ConductanceBased`; theirs are of a Hodgkin-Huxley neuron with a
dendrite. Past-facing, deterministic, closed form. Time per step O(N), no memory.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area, ConductanceBased
from areas.keys import BIAS, belongs_to_predictor, of_units
from areas.record import Record
from areas.shapes import Anything
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, modulated, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule

FLAT = 1e-30  # phi' where its logarithm ends
FLOOR = 1e-6  # likewise G, where a change of current would move the potential without bound


def surprise_of_rates(
    cell: ConductanceBased, logs: Sequence[Anything], potential: Anything, mean: float
) -> Anything:
    """h / m - log dh/dI at each potential, differentiable.

    Args:
        cell: the cell.
        logs: c_k of leak, potassium and calcium.
        potential: v; it needs a gradient.
        mean: m.
    """
    rate, outward = cell.activation(potential), cell.outward(logs, potential)
    (slope,) = torch.autograd.grad(rate.sum(), potential, create_graph=True)
    (gain,) = torch.autograd.grad(outward.sum(), potential, create_graph=True)
    return rate / mean - slope.clamp_min(FLAT).log() + gain.abs().clamp_min(FLOOR).log()


def intrinsic_gradient(
    cell: ConductanceBased, logs: Sequence[Tensor], potential: Anything, mean: float
) -> Float[Tensor, "current *shape"]:
    """Derivatives by b and c_k, the current given, at each potential.

    Arguments as above; `logs` are of shapes that broadcast to that of the potential.
    """
    with torch.enable_grad():
        v = potential.detach().requires_grad_()
        leaves = [log.detach().expand_as(v).clone().requires_grad_() for log in logs]
        loss = surprise_of_rates(cell, leaves, v, mean)
        by_potential, *direct = torch.autograd.grad(loss.sum(), (v, *leaves))
        outward = cell.outward(leaves, v)
        gain, *currents = torch.autograd.grad(outward.sum(), (v, *leaves))
    moved = by_potential / torch.where(gain.abs() < FLOOR, FLOOR, gain)
    return torch.stack(
        [moved, *(d - moved * current for d, current in zip(direct, currents, strict=True))]
    )


class StemmlerKoch(Rule):
    """Conductances learn to make rates exponentially distributed; synapses do not learn.

    Scope `Global`, which differentiates, has the derivative of the losses by them instead.

    Args:
        mean: m, the mean rate to come to, above 0.

    Raises:
        ValueError: if the mean is not above 0; in `build`, for cells without such conductances and
            for an activation that is flat somewhere, whose rates tell nothing of the current.
    """

    criteria = Criteria("past", "none", stochastic=False, closed_form=True, time="N", memory="0")
    keeps_apart = True

    def __init__(self, mean: float = 0.5):
        super().__init__()
        if not 0 < mean < float("inf"):
            raise ValueError(f"rule.mean: need a rate above 0, got {mean}")
        self.mean = mean

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        cell = _with_conductances(area)
        with torch.enable_grad():
            potential = torch.linspace(-3.0, 3.0, 25).requires_grad_()
            rising = torch.autograd.grad(cell.activation(potential).sum(), potential)[0]
        if rising.min() <= 0:
            raise ValueError(
                f"rule StemmlerKoch: needs rates that rise with the potential everywhere, but the "
                f"cell's activation does not at {potential[rising.argmin()].item():.2g}; use "
                "torch.nn.functional.softplus"
            )

    def plastic(self, key: str) -> bool:
        """See `Rule.plastic`; synapses are not."""
        return key == of_units(BIAS) or belongs_to_predictor(key)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`; means over steps, streams and, on maps, places."""
        _, _, potential_bar = unit_signals(area, record, signal)
        cell, potential = _with_conductances(area), record.fields["potential"][1:]
        wide = (-1, area.units[0], *[1] * (len(area.units) - 1))
        found = intrinsic_gradient(cell, area.bias.view(*wide)[1:].unbind(0), potential, self.mean)
        each = torch.stack([modulated(one, signal.level) for one in found])
        means = each.flatten(4).mean(4) if each.dim() > 4 else each
        return {of_units(BIAS): means.mean((1, 2)).flatten()} | predictor_gradients(
            area, record, potential_bar
        )

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`."""
        return True


def _with_conductances(area: Area) -> ConductanceBased:
    """The cell of an area, if its units have conductances that learn."""
    if not isinstance(area.cell, ConductanceBased):
        raise ValueError(
            "rule StemmlerKoch: needs a cell with conductances, ConductanceBased, got "
            f"{type(area.cell).__name__}; use the objective IntrinsicPlasticity"
        )
    return area.cell
