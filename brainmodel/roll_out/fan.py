"""What one source brings, at once, to the units of an area and to its prediction."""

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from areas.record import flat
from areas.synapses import Convolution, Synapses

End = tuple[Synapses, Tensor]
"""Synapses, and where the currents that they make go, [time, batch, ...]."""


class Fan:
    """All that one source brings to an area over a window, added in place, by one step or by all.

    Convolutions of one width are one, with the maps of all targets side by side: calls on small
    maps take longer than their products. Those of one pixel are products that add by themselves.
    Autograd records nothing of it.

    Args:
        ends: of its synapses.
    """

    def __init__(self, ends: Sequence[End]):
        self.synapses, self.outs = [own for own, _ in ends], [out for _, out in ends]

    def step(self, t: int, source: Tensor) -> None:
        """Add what a source, [batch, ...], brings at step t."""
        self._add(source, self._rows[t])

    def whole(self, source: Tensor) -> None:
        """Add what a source, [time, batch, ...], brings at all steps."""
        if self.synapses:
            self._add(flat(source), [flat(out) for out in self.outs])

    @cached_property
    def _rows(self) -> list[tuple[Tensor, ...]]:
        return list(zip(*(out.unbind(0) for out in self.outs), strict=True))

    @cached_property
    def _add(self) -> Callable[[Tensor, Sequence[Tensor]], None]:
        if len(self.synapses) > 1 and all(isinstance(own, Convolution) for own in self.synapses):
            widths = {own.weight.shape[2:] for own in self.synapses}
            if len(widths) == 1 and widths != {(1, 1)}:
                return self._joined()
        adders = [own.adder() for own in self.synapses]

        def add(source: Tensor, outs: Sequence[Tensor]) -> None:
            for adder, out in zip(adders, outs, strict=True):
                adder(source, out)

        return add

    def _joined(self) -> Callable[[Tensor, Sequence[Tensor]], None]:
        weight = torch.cat([own.weight.detach() for own in self.synapses])
        sizes, operator = [len(own.weight) for own in self.synapses], self.synapses[0]

        def add(source: Tensor, outs: Sequence[Tensor]) -> None:
            made = operator(source, weight).split(sizes, 1)
            for out, part in zip(outs, made, strict=True):
                out.add_(part)

        return add
