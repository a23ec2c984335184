"""Future-facing truncated backpropagation: every learning signal goes back equally far.

    gradient = sum_t sum_{d < D} ( ds(t)/ds(t-d) )^T L(t) applied to dI(t-d)/dweights

where L(t) is the whole learning signal of the rates of step t and D the depth. Backpropagation in
windows that do not overlap takes the signals at a window's end back over its whole length, and
those at its beginning not at all. Here each is taken back over D steps, whatever the window, so the
memory holds the record of the D steps before it. D = 1 is the immediate influence alone.

Source: F-BPTT of Marschall, Cho & Savin (2020), JMLR 21(135), section 4. Theirs gives at step t the
gradient of step t-D, when the last of the losses that it counts is known; ours gives at step t the
part that comes from the loss of step t. Over a stream the sums are the same. Future-facing,
deterministic, closed form; time per step O(D N^2), memory O(D N).
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas import Area
from areas.record import Record
from areas.shapes import PerDriveSteps, PerUnit
from brainmodel.learning.credit.reverse_scan import scan_area, zero_carried
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule


class FBPTT(Rule):
    """Truncated backpropagation that takes every learning signal back over as many steps.

    Under scope `Global` a signal goes back over the whole window, and `depth` steps before it.

    Args:
        depth: D, the steps over which a learning signal goes back, its own among them; 1 or more.

    Raises:
        ValueError: if `depth` is less than 1.
    """

    criteria = Criteria(
        "future", "c_i", stochastic=False, closed_form=True, time="T N^2", memory="T N"
    )
    keeps_apart = True

    def __init__(self, depth: int = 10):
        super().__init__()
        if depth < 1:
            raise ValueError(f"rule.depth: need 1 step or more, got {depth}")
        self.depth = depth

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        if memory is not None:
            record, past = memory.join(record), memory.currents.shape[0]
            rate_bar = torch.cat([before[None], rate_bar])
            potential_bar = torch.cat([torch.zeros_like(memory.potential), potential_bar])
            assert potential_bar.shape[0] == past + rate_bar.shape[0] - 1
        carried_bar = [torch.zeros_like(rate_bar.flatten(0, 1)) for _ in area.cell.carried]
        return self._follow(area, record, rate_bar, carried_bar, potential_bar)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """The record of the last `depth` steps."""
        whole = record if memory is None else memory.join(record)
        steps = whole.currents.shape[0]
        return tree_map_only(Tensor, torch.clone, whole.stretch(max(0, steps - self.depth), steps))

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if memory is None:
            return {}
        empty = zero_carried(area, memory)[0]
        given = [state_bar.get(name, empty) for name in area.cell.carried]
        rate_bar = empty if "rate" in area.cell.carried else state_bar.get("rate", empty)
        carried_bar = [bar.clone(memory_format=torch.contiguous_format) for bar in given]
        none = torch.zeros_like(memory.potential)
        return self._follow(area, memory, rate_bar[None].contiguous(), carried_bar, none)

    def _follow(
        self,
        area: Area,
        record: Record,
        rate_bar: Float[Tensor, "lane batch *units"],
        carried_bar: list[Float[Tensor, "lane*batch *units"]],
        potential_bar: PerDriveSteps,
    ) -> Gradients:
        """Gradients from learning signals of the last steps of a record, each of them one lane.

        All lanes [step * batch] are taken back together, one step at a time.

        Args:
            area: the area.
            record: what happened.
            rate_bar: learning signal of the rates of its last steps.
            carried_bar: likewise of the carried fields; overwritten.
            potential_bar: derivative by the predictor's potential.
        """
        steps, batch = record.currents.shape[:2]
        currents_bar, potential_bar = torch.zeros_like(record.currents), potential_bar.clone()
        first = steps - rate_bar.shape[0]
        rate_bar = rate_bar.flatten(0, 1)
        for d in range(min(self.depth, steps)):
            gone = batch * max(0, min(1, d - first))  # the lane that has reached the record's start
            rate_bar, carried_bar = rate_bar[gone:], [bar[gone:] for bar in carried_bar]
            lanes = slice(max(0, first - d), steps - d)
            step = _as_one_step(record.stretch(lanes.start, lanes.stop))
            before, by_units = torch.zeros_like(rate_bar), torch.zeros_like(step.potential)
            made = scan_area(area, step, rate_bar[None], before, carried_bar, by_units)
            currents_bar[lanes] += made.view_as(currents_bar[lanes])
            potential_bar[lanes] += by_units.view_as(potential_bar[lanes])
            rate_bar = before
        found = synaptic_gradients(area, record, currents_bar)
        return found | predictor_gradients(area, record, potential_bar)


def _as_one_step(record: Record) -> Record:
    """The steps of a record side by side, as one step of as many times the streams."""

    def beside(signal: Float[Tensor, "time batch *rest"]) -> Float[Tensor, "1 time*batch *rest"]:
        return signal.flatten(0, 1)[None]

    return Record(
        {name: beside(signal) for name, signal in record.sources.items()},
        beside(record.potential),
        beside(record.prediction),
        beside(record.currents),
        # the state before each step; the one after, which a reverse scan does not read, the same
        {
            n: beside(field[:-1]).expand(2, *[-1] * (field.dim() - 1))
            for n, field in record.fields.items()
        },
        None if record.keep is None else beside(record.keep),
        None if record.breaks is None else (any(record.breaks),),
    )
