"""The steps of a cell over a window, and their reverse, by native loops.

Where the recurrent synapses are dense, a run of steps is ONE call: their products are compiled
together with the cell. Rows of the batch do not depend on each other, so each core takes its rows
through all the steps, and cores wait for each other only at the end.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from areas.loops.native import Product
from areas.loops.steps import Forward, Recurrence, Reverse
from areas.synapses import Dense


class FusedForward(Forward):
    """Steps by one native loop each."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        rows, columns = self.results[0].shape[1], self.results[0][0, 0].numel()
        self.size = (rows, columns)
        self.inputs = [_place(array) for array in (self.currents, *self.carried)]
        self.outputs = [(at + stride, stride) for at, stride in map(_place, self.results)]

    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """See `Forward.step`."""
        inputs = [at + t * stride for at, stride in self.inputs]
        if carried is not None:
            inputs[1:] = [field.data_ptr() for field in carried]
        outputs = [at + t * stride for at, stride in self.outputs]
        self.kernel.call(*self.size, *inputs, *outputs)

    def run(self, start: int, stop: int, recurrence: Recurrence) -> None:
        """See `Forward.run`."""
        if stop <= start:
            return
        if not isinstance(recurrence.synapses, Dense):
            return super().run(start, stop, recurrence)
        emitted = self.results[self.dynamics.emitted]
        product = Product(
            recurrence.synapses.weight.detach().t(),
            emitted[start],
            self.currents[start][:, recurrence.reached],
            (emitted.stride(0), self.currents.stride(0)),
            after=False,
        )
        places = [(at + start * stride, stride) for at, stride in (*self.inputs, *self.outputs)]
        self.kernel.sweep(*self.size, stop - start, *zip(*places, strict=True), product)


class FusedReverse(Reverse):
    """Reverse steps by one native loop each."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        steps, rows = self.rate_bar.shape[:2]
        self.size = (rows, self.rate_bar[0, 0].numel() if steps * rows else 0)
        self.before = [_place(array) for array in (self.currents, *self.carried, self.rate_bar)]
        self.bars = [bar.data_ptr() for bar in self.carried_bar]
        self.out = _place(self.currents_bar)

    def step(self, t: int) -> None:
        """See `Reverse.step`."""
        places = [at + t * stride for at, stride in self.before]
        at, stride = self.out
        self.kernel.call(*self.size, *places, *self.bars, at + t * stride, *self.bars)

    def run(self, start: int, stop: int, recurrence: Recurrence | None = None) -> None:
        """See `Reverse.run`."""
        if stop <= start:
            return
        product = None
        if recurrence is not None:
            if not isinstance(recurrence.synapses, Dense):
                return super().run(start, stop, recurrence)
            bar, moves = self.currents_bar, self.dynamics.cell.emitted == "rate"
            product = Product(
                recurrence.synapses.weight.detach(),
                bar[stop - 1][:, recurrence.reached],
                self.emitted_bar(stop - 2),
                (-bar.stride(0), -self.rate_bar.stride(0) if moves else 0),
                after=True,
            )
        still = [(at, 0) for at in self.bars]
        places = [(at + (stop - 1) * stride, -stride) for at, stride in (*self.before, self.out)]
        places[-1:-1] = still
        places += still
        self.kernel.sweep(*self.size, stop - start, *zip(*places, strict=True), product)


def _place(array: Tensor) -> tuple[int, int]:
    """Address of an array [time, ...], and bytes from one step to the next."""
    return array.data_ptr(), array.stride(0) * array.element_size()
