"""A cell's own dynamics over a window, forwards and in reverse, without the synapses.

Forwards it is `Cell.step`. In reverse it is the transposed Jacobian of that step, unit by unit:
what the loss says of the rate and state after a step becomes what it says of the currents into it
and of the state before. Every learning rule is made of these two and of the synapses.

Both are derived from `Cell.step` itself: as fused native loops where that is possible
(`areas.fuse`), else by tensor calls, with the derivatives of a stretch of steps taken at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from areas.cell import Cell
from areas.fuse import fuse
from areas.fused_steps import FusedForward, FusedReverse
from areas.native import Kernel
from areas.steps import Forward, Reverse, TensorForward, TensorReverse


class Dynamics:
    """The pointwise dynamics of one cell.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: Cell):
        self.cell = cell
        self.outputs = ("rate", *(name for name in cell.carried if name != "rate"))
        self.emitted = self.outputs.index(cell.emitted)
        self._kernels: dict[tuple[int, torch.dtype], Kernel | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Without the compiled loops: they are made again where a copy needs them."""
        return self.__dict__ | {"_kernels": {}}

    def forward(self, currents: Tensor, fields: Mapping[str, Tensor]) -> Forward:
        """The steps of a window, to be taken from the first to the last.

        Args:
            currents: [time, batch, current * unit, ...], the currents side by side in dimension 2;
                what step t reads must be there when it is taken.
            fields: state fields by name, [1 + time, batch, *units]; index 0 is the state before
                the window, each step fills the next.
        """
        carried = [fields[name] for name in self.cell.carried]
        results = [fields[name] for name in self.outputs]
        kernel = self._kernel(0, currents, *carried, *results)
        kind = TensorForward if kernel is None else FusedForward
        return kind(self, currents, carried, results, kernel)

    def reverse(
        self,
        currents: Tensor,
        carried: Sequence[Tensor],
        rate_bar: Tensor,
        carried_bar: Sequence[Tensor],
    ) -> Reverse:
        """The reverse of the steps of a window, to be taken from the last step to the first.

        Args:
            currents: [time, batch, current * unit, ...].
            carried: the carried fields before each step, [time, batch, *units] each.
            rate_bar: derivatives of the loss by the rates after each step, [time, batch, *units],
                contiguous; what step t reads must be there when it is taken.
            carried_bar: derivatives by the carried fields after the last step, [batch, *units]
                each, contiguous; each step overwrites them with those before it.
        """
        kernel = self._kernel(1, currents, *carried)
        kind = TensorReverse if kernel is None else FusedReverse
        return kind(self, currents, carried, rate_bar, carried_bar, kernel)

    def slopes(self, currents: Tensor, carried: Sequence[Tensor]) -> list[list[Tensor | None]]:
        """Pointwise derivatives of steps: [output][input], None where there is no way.

        Args:
            currents: [time, batch, current * unit, ...].
            carried: the carried fields before each step, [time, batch, *units] each.

        Returns:
            for each of `outputs` its derivatives by each current, then by each carried field,
            [time, batch, *units] each.
        """
        inputs = [a.detach() for a in currents.chunk(len(self.cell.currents), dim=2)]
        inputs = [a.requires_grad_() for a in (*inputs, *(a.detach() for a in carried))]
        with torch.enable_grad():
            outputs = [o.sum() for o in self._step(*inputs)]
        return [
            list(torch.autograd.grad(o, inputs, retain_graph=True, allow_unused=True))
            for o in outputs
        ]

    def _split(self, currents: Tensor) -> tuple[Tensor, ...]:
        return currents.chunk(len(self.cell.currents), dim=1)

    def _step(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Currents and carried fields before the step -> `outputs` after it."""
        count = len(self.cell.currents)
        fields = dict.fromkeys(self.cell.state._fields, tensors[0])  # type: ignore[attr-defined]
        fields |= zip(self.cell.carried, tensors[count:], strict=True)
        new = self.cell.step(tensors[:count], self.cell.state(**fields))
        return tuple(getattr(new, name) for name in self.outputs)

    def _pull(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The transposed Jacobian: (currents, carried, rate_bar, carried_bar) -> bars before."""
        count = len(self.cell.currents) + len(self.cell.carried)
        rate_bar, *carried_bar = tensors[count:]
        bars = dict(zip(self.cell.carried, carried_bar, strict=True))
        bars["rate"] = rate_bar + bars["rate"] if "rate" in bars else rate_bar
        transpose = torch.func.vjp(self._step, *tensors[:count])[1]
        return transpose(tuple(bars[name] for name in self.outputs))

    def _kernel(self, direction: int, *tensors: Tensor) -> Kernel | None:
        if not all(t.device.type == "cpu" and t.is_contiguous() for t in tensors):
            return None
        key = (direction, tensors[0].dtype)
        if key not in self._kernels:
            self._kernels[key] = self._fuse(*key)
        return self._kernels[key]

    def _fuse(self, direction: int, dtype: torch.dtype) -> Kernel | None:
        currents, carried = len(self.cell.currents), len(self.cell.carried)
        if direction == 0:
            return fuse(self._step, (currents, carried), (0, len(self.outputs)), dtype)
        return fuse(self._pull, (currents, 2 * carried + 1), (currents, carried), dtype)
