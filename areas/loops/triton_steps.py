"""The steps of a cell over a window, and their reverse, by Triton loops.

Where the recurrent synapses are dense, a run of steps is ONE launch, the products in it, as with
`fused_steps`; where there are too many weights for one program to read at each step, and on maps,
it is one launch for each step, and what the synapses need.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from areas.loops.steps import Forward, Recurrence, Reverse
from areas.loops.triton_kernel import MOST, Array, Mixing
from areas.synapses import Dense


class TritonForward(Forward):
    """Steps by one launch each."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.size = (self.results[0].shape[1], self.results[0].shape[2:].numel())

    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """See `Forward.step`."""
        found = carried or [field[t] for field in self.carried]
        places = (self.currents[t], *found, *(made[t + 1] for made in self.results))
        self.kernel.sweep(self.size, 1, [Array(place) for place in places], None)

    def run(self, start: int, stop: int, recurrence: Recurrence) -> None:
        """See `Forward.run`."""
        if stop <= start:
            return
        if not _in_one(recurrence):
            return super().run(start, stop, recurrence)
        emitted = self.results[self.dynamics.emitted]
        product = Mixing(
            recurrence.synapses.weight.detach().t(),
            emitted[start],
            self.currents[start][:, recurrence.reached],
            (emitted.stride(0), self.currents.stride(0)),
            after=False,
        )
        arrays = [Array(read[start], read.stride(0)) for read in (self.currents, *self.carried)]
        arrays += [Array(made[start + 1], made.stride(0)) for made in self.results]
        self.kernel.sweep(self.size, stop - start, arrays, product)


class TritonReverse(Reverse):
    """Reverse steps by one launch each."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.size = (self.rate_bar.shape[1], self.rate_bar.shape[2:].numel())

    def step(self, t: int) -> None:
        """See `Reverse.step`."""
        self._sweep(t, t + 1, None)

    def run(self, start: int, stop: int, recurrence: Recurrence | None = None) -> None:
        """See `Reverse.run`."""
        if stop <= start:
            return
        product = None
        if recurrence is not None:
            if not _in_one(recurrence):
                return super().run(start, stop, recurrence)
            bar, moves = self.currents_bar, self.dynamics.cell.emitted == "rate"
            product = Mixing(
                recurrence.synapses.weight.detach(),
                bar[stop - 1][:, recurrence.reached],
                self.emitted_bar(stop - 2),
                (-bar.stride(0), -self.rate_bar.stride(0) if moves else 0),
                after=True,
            )
        self._sweep(start, stop, product)

    def _sweep(self, start: int, stop: int, product: Mixing | None) -> None:
        read = (self.currents, *self.carried, self.rate_bar)
        before = [Array(each[stop - 1], -each.stride(0)) for each in read]
        still = [Array(bar) for bar in self.carried_bar]
        out = Array(self.currents_bar[stop - 1], -self.currents_bar.stride(0))
        self.kernel.sweep(self.size, stop - start, [*before, *still, out, *still], product)


def _in_one(recurrence: Recurrence) -> bool:
    """Whether a run of steps is to be one launch."""
    synapses = recurrence.synapses
    return isinstance(synapses, Dense) and synapses.weight.numel() <= MOST
