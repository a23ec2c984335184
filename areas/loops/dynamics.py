"""A cell's own dynamics over a window, forwards and in reverse, without the synapses.

Forwards it is `Cell.step`. In reverse it is the transposed Jacobian of that step, unit by unit: it
turns derivatives of the loss by the rate and state after a step into those by the currents of the
step and by the state before. Every learning rule is made of these two and of the synapses.

Both are derived from `Cell.step` itself: as fused native loops where that is possible
(`fuse`), else by tensor calls, with the derivatives of a stretch of steps taken at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from areas.cell import Cell
from areas.loops.fuse import fuse
from areas.loops.fused_steps import FusedForward, FusedReverse
from areas.loops.native import Kernel
from areas.loops.pointwise import Pointwise
from areas.loops.steps import Forward, Reverse, TensorForward, TensorReverse


class Dynamics(Pointwise):
    """The pointwise dynamics of one cell.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: Cell):
        super().__init__(cell)
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
        results = [fields[name] for name in self.made]
        self._require_currents(currents, results[0])
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
        self._require_currents(currents, rate_bar)
        kernel = self._kernel(1, currents, *carried)
        kind = TensorReverse if kernel is None else FusedReverse
        return kind(self, currents, carried, rate_bar, carried_bar, kernel)

    def _require_currents(self, currents: Tensor, units: Tensor) -> None:
        """Refuse currents of another cell: native loops would read beyond their end."""
        wanted = len(self.cell.currents) * units.shape[2]
        if currents.shape[2] != wanted:
            raise ValueError(
                f"currents have {currents.shape[2]} places, and {units.shape[2]} units of "
                f"{type(self.cell).__name__} {wanted}: they were recorded with another cell"
            )

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
            return fuse(self.make, (currents, carried), (0, len(self.made)), dtype)
        return fuse(self.pull, (currents, 2 * carried + 1), (currents, carried), dtype)
