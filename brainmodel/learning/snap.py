"""SnAp-n: real-time recurrent learning with a sparse influence matrix.

    M(t) = mask * ( J(t) M(t-1) + Mbar(t) ),    gradient = sum_t dloss(t)/ds(t) M(t)

The mask keeps the influence of a synapse on those units that it can reach within n steps: on its
own postsynaptic unit (n = 1), and on the units that this one reaches over n - 1 recurrent
synapses. Which these are is read from the recurrent weights when the rule is built: weights of zero
are no synapses. In an area whose units receive its prediction error, everything reaches everything
in one step.

n = 1 keeps, of each unit, its own state and its own synapse W_ii: e-prop plus W_ii; on a leaky
unit, RFLO plus W_ii. It runs in a window form of the units' own. Where the mask keeps everything
(dense synapses, n > 1) the rule is RTRL and runs as RTRL; `full` and a line in the log show it.

The predictor learns from its own error; with a full mask also, as in RTRL, from the influence of
its error on the units.

Source: Menick et al. (2021), "Practical real time recurrent learning with a sparse approximation",
ICLR, arXiv:2006.07232, section 3. Past-facing, deterministic, closed form; exact where the mask is
full. With R units in reach of one and M sources, time per step O(N R^2 + N M), and once a window
O(B N R^2 M); memory O(B N R M), independent of the length of the stream.
"""

import logging

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from areas import Area
from areas.keys import BIAS, of_units
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.credit.carried_influences import credit_influences, move_influences
from brainmodel.learning.credit.neighbourhood import Neighbourhood, SingleUnit
from brainmodel.learning.credit.reused_memory import ReusedMemory
from brainmodel.learning.credit.sparse_neighbourhood import SparseNeighbourhood
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rtrl import RTRL
from brainmodel.learning.rule import (
    Criteria,
    Gradients,
    Memory,
    Rule,
    need_dense,
    need_pointwise,
    need_symmetric,
)

log = logging.getLogger(__name__)


class SnAp(Rule):
    """Sparse n-step approximation of RTRL, for dense areas.

    Scope `Global` uses the whole Jacobian in the window, and the kept influences before it.

    Args:
        n: steps within which a synapse must reach a unit for its influence to be kept; 1 or more.
        carry: whether influences outlive the window; see `EProp`.

    Attributes:
        full: whether every influence is kept, so that the rule is RTRL; known when it is built.

    Raises:
        ValueError: if n is less than 1; in `build`, for maps.
    """

    criteria = Criteria(
        "past", "masked M_kij", stochastic=False, closed_form=True, time="N R^2 M", memory="N R M"
    )

    def __init__(self, n: int = 1, carry: bool = True):
        super().__init__()
        if n < 1:
            raise ValueError(f"rule.n: need 1 step or more, got {n}")
        self.n, self.carry, self.full = n, carry, False
        self.reused = ReusedMemory()
        self.near: Neighbourhood = SingleUnit()
        self.rtrl = RTRL()

    def build(self, area: Area) -> None:
        """See `Rule.build`; finds which units reach which."""
        need_dense(self, area, "EProp")
        need_symmetric(self, area, "EProp")
        need_pointwise(self, area, "EProp")
        reached = reach(area, self.n)
        self.full = bool(reached.all())
        self.near = SingleUnit() if self.n == 1 else SparseNeighbourhood(reached)
        if self.full:
            log.warning("SnAp with n=%d keeps every influence here: it is RTRL", self.n)

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        if self.full:
            return self.rtrl.gradients(area, record, signal, memory)
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        back = self.near.back(area, record, rate_bar, before)
        found = synaptic_gradients(area, record, back.currents[:, :, 0])
        for name, gradient in _credit(back.before[:, :, 0], memory).items():
            found[name] = found[name] + gradient.reshape(found[name].shape)
        return found | predictor_gradients(area, record, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`; influences by key, [batch, field * near, current, unit, source]."""
        if not self.carry:
            return None
        if self.full:
            return self.rtrl.remember(area, record, memory)
        lanes = self.near.lanes(area, record)
        back = [lane.unbind(2) for lane in lanes.before.unbind(2)]
        ones = lanes.currents.new_ones(()).expand(*lanes.currents.shape[:2], 1)
        found: dict[str, Tensor] = {}
        for source in (BIAS, *area.synapses):
            key, signal = of_units(source), ones if source == BIAS else record.source(source)
            weights = lanes.currents[..., area.reached(source)].unbind(2)
            old = None if memory is None else memory[key].flatten(2, 3)
            moved = move_influences(old, back, weights, signal, self.reused)
            found[key] = moved.unflatten(2, (-1, area.units[0]))
        return found

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        if self.full or not self.carry:
            return self.rtrl.memory_size(area) if self.carry else 0
        near = self.near.index.shape[1] if isinstance(self.near, SparseNeighbourhood) else 1
        weights = area.weights()
        kept = sum(weights[of_units(name)].numel() for name in (BIAS, *area.synapses))
        return len(area.dynamics.outputs) * near * kept

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if self.full:
            return self.rtrl.recall(area, state_bar, memory)
        empty = torch.zeros_like(next(iter(state_bar.values())))
        bars = torch.stack([state_bar.get(n, empty) for n in area.dynamics.outputs], 1)
        found = _credit(self.near.view(bars), memory)
        weights = area.weights()
        return {key: gradient.reshape(weights[key].shape) for key, gradient in found.items()}


def reach(area: Area, n: int) -> Bool[Tensor, "unit unit"]:
    """Which units' states depend on which units' synapses within n steps.

    Args:
        area: the area.
        n: the number of steps.

    Returns:
        whether the first is reached by the second.
    """
    units = area.units[0]
    weight = area.synapses["recurrent"].weight.detach().view(-1, units, units)
    reached = torch.eye(units, dtype=torch.bool, device=weight.device)
    step = (weight != 0).any(0)
    if "error" in area.afferents:
        step = torch.ones_like(step)
    for _ in range(n - 1):
        reached = reached | (step.float() @ reached.float() > 0)
    return reached


def _credit(bars: Float[Tensor, "batch unit element"], memory: Memory) -> Gradients:
    """Gradients [current, unit, source] from derivatives by neighbourhoods.

    Args:
        bars: of each unit's neighbourhood.
        memory: the influences.
    """
    found = {}
    for name, influence in (memory or {}).items():
        found[name] = torch.zeros_like(influence[0, 0])
        credit_influences(influence.flatten(2, 3), bars.unbind(2), found[name].flatten(0, 1))
    return found
