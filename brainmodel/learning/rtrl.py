"""Real-time recurrent learning: the exact gradient over the whole past of a stream, online.

    M(t)     = J(t) M(t-1) + Mbar(t)       influence of every parameter on every unit's state
    gradient = sum_t dloss(t)/ds(t) M(t)

with J(t) = ds(t)/ds(t-1) the whole Jacobian of the area (own state, recurrent synapses, the way
through its own prediction error) and Mbar(t) the immediate influence. Where the area's units
receive its error, the predictor's parameters have an influence on them, too.

Within a window M is not moved: the gradient is that of backpropagation to the state s(0) before the
window, plus dloss/ds(0) times the carried M(0). Over a window of K steps the influence is moved
once, by the product of the K Jacobians.

Source: Williams & Zipser (1989), "A learning algorithm for continually running fully recurrent
neural networks", Neural Computation 1(2); in the notation of Marschall, Cho & Savin (2020),
JMLR 21(135), section 3. Past-facing, exact, deterministic, closed form. Time O(B N^3 M) per
window and O(B (N^3 + N^2 M)) per step; memory O(B N^2 M), independent of the length of the stream.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.keys import BIAS, of_predictor, of_units
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.bptt import backpropagate
from brainmodel.learning.credit.jacobian import identity, linearise, pull
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.learning.rule import (
    Criteria,
    Gradients,
    Memory,
    Rule,
    need_dense,
    need_pointwise,
    need_symmetric,
)

Influence = dict[str, Tensor]
"""Of each parameter, by its key, on the state: [batch, field * unit, *parameter]."""


class RTRL(Rule):
    """Real-time recurrent learning, for dense areas."""

    criteria = Criteria(
        "past", "M_kij", stochastic=False, closed_form=True, time="N^3 M", memory="N^2 M"
    )
    exact = True

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        need_dense(self, area, "BPTT or EProp")
        need_symmetric(self, area, "BPTT or EProp")
        need_pointwise(self, area, "BPTT or EProp")

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        found, state_bar = backpropagate(area, record, signal)
        for name, gradient in self.recall(area, state_bar, memory).items():
            found[name] = found[name] + gradient
        return found

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; the influences after the window."""
        return influences_after(area, record, memory)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        keys = [of_units(name) for name in (BIAS, *area.synapses)]
        if "error" in area.afferents and area.predictor is not None:
            keys += [of_predictor(name) for name in (BIAS, *area.predictor.synapses)]
        weights = area.weights()
        kept = sum(weights[key].numel() for key in keys)
        return len(area.dynamics.outputs) * area.units[0] * kept

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if memory is None:
            return {}
        empty = torch.zeros_like(next(iter(state_bar.values())))
        bars = torch.cat([state_bar.get(name, empty) for name in area.dynamics.outputs], 1)
        return {n: torch.tensordot(bars, influence, 2) for n, influence in memory.items()}


def influences_after(area: Area, record: Record, before: Influence | None) -> Influence:
    """Influences after some steps, from those before them.

    A reverse scan with one lane for each element of s(T) gives ds(T)/ds(0), ds(T)/dI(t) and
    ds(T)/dpotential(t).

    Args:
        area: the area.
        record: what happened over the steps.
        before: the influences before them; None stands for zeros.
    """
    linear = linearise(area, record)
    lanes, currents, potential = identity(linear), [], []
    for t in reversed(range(record.currents.shape[0])):
        lanes, by_currents, by_potential = pull(area, linear, t, lanes)
        currents.insert(0, by_currents)
        if by_potential is not None:
            potential.insert(0, by_potential)
    after = _immediate(area, record, torch.stack(currents))
    if potential:
        after |= _predictive(area, record, torch.stack(potential))
    for name, influence in (before or {}).items():
        shape = influence.shape[:2]
        after[name].view(*shape, -1).baddbmm_(lanes.flatten(2), influence.view(*shape, -1))
    return after


def _immediate(
    area: Area, record: Record, by_currents: Float[Tensor, "time batch lane currents"]
) -> Influence:
    """Influence by way of the currents, from derivatives by them."""
    found = {of_units(BIAS): by_currents[..., area.reached(BIAS)].sum(0)}
    for name in area.synapses:
        reached = by_currents[..., area.reached(name)]
        found[of_units(name)] = _outer(reached, record.source(name))
    return found


def _predictive(
    area: Area, record: Record, by_potential: Float[Tensor, "time batch lane drive"]
) -> Influence:
    """Influence by way of the predictor's potential, from derivatives by it."""
    assert area.predictor is not None
    found = {of_predictor(BIAS): by_potential.sum(0)}
    for name in area.predictor.synapses:
        found[of_predictor(name)] = _outer(by_potential, record.source(name))
    return found


def _outer(
    target: Float[Tensor, "time batch lane target"], source: Float[Tensor, "time batch source"]
) -> Float[Tensor, "batch lane target source"]:
    """sum_t target(t) (x) source(t) of each stream."""
    _, batch, lanes, size = target.shape
    rows = target.permute(1, 2, 3, 0).reshape(batch, lanes * size, -1)
    return (rows @ source.transpose(0, 1)).view(batch, lanes, size, -1)
