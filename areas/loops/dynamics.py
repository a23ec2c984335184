"""A cell's own dynamics over a window, forwards and in reverse, without the synapses.

Forwards it is `Cell.step`. In reverse it is the transposed Jacobian of that step, unit by unit: it
turns derivatives of the loss by the rate and state after a step into those by the currents of the
step and by the state before. Every learning rule is made of these two and of the synapses.

Both are derived from `Cell.step` itself: as fused native loops where that is possible
(`fuse`), else by tensor calls, with the derivatives of a stretch of steps taken at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from areas.cell import Cell
from areas.loops.compiled import Unavailable, Unsuited, find_compiler, warn_of
from areas.loops.fuse import fuse
from areas.loops.fused_steps import FusedForward, FusedReverse
from areas.loops.native import Kernel
from areas.loops.pointwise import Pointwise
from areas.loops.steps import Forward, Reverse, TensorForward, TensorReverse
from areas.loops.triton_kernel import NONE_FOR, TritonKernel, fuse_in_triton, name_of_triton, takes
from areas.loops.triton_steps import TritonForward, TritonReverse

Made = Kernel | TritonKernel
FORWARD: dict[type, type[Forward]] = {Kernel: FusedForward, TritonKernel: TritonForward}
REVERSE: dict[type, type[Reverse]] = {Kernel: FusedReverse, TritonKernel: TritonReverse}
SCATTERED = Unsuited("what a window's steps read or write does not lie in one piece of memory")


class Loops(NamedTuple):
    """What takes the steps of a cell on a device, for logs and reports."""

    compiler: str | None
    missing: Unavailable | None = None  # why there are no native loops, if there are none

    def __str__(self) -> str:
        if self.missing is not None:
            return f"tensor calls ({self.missing})"
        return f"native loops (compiled by {self.compiler})"


class Dynamics(Pointwise):
    """The pointwise dynamics of one cell.

    Args:
        cell: the cell.
    """

    def __init__(self, cell: Cell):
        super().__init__(cell)
        self._kernels: dict[tuple[int, str, torch.dtype], Made | Unavailable] = {}

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
        kind = FORWARD.get(type(kernel), TensorForward)
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
        kind = REVERSE.get(type(kernel), TensorReverse)
        return kind(self, currents, carried, rate_bar, carried_bar, kernel)

    def loops_in_use(self, device: torch.device, dtype: torch.dtype) -> Loops:
        """What takes the steps, and their reverse, on a device in numbers of a type.

        Native loops are made for it, if they are not there yet.
        """
        for direction in (0, 1):
            kernel = self._made(direction, device.type, dtype)
            if isinstance(kernel, Unavailable):
                return Loops(None, kernel)
        return Loops(name_of_triton() if takes(device.type) else find_compiler())

    def _require_currents(self, currents: Tensor, units: Tensor) -> None:
        """Refuse currents of another cell: native loops would read beyond their end."""
        wanted = len(self.cell.currents) * units.shape[2]
        if currents.shape[2] != wanted:
            raise ValueError(
                f"currents have {currents.shape[2]} places, and {units.shape[2]} units of "
                f"{type(self.cell).__name__} {wanted}: they were recorded with another cell"
            )

    def _kernel(self, direction: int, *tensors: Tensor) -> Made | None:
        kernel = self._made(direction, tensors[0].device.type, tensors[0].dtype)
        if isinstance(kernel, Unavailable):
            return None
        if not all(t.is_contiguous() for t in tensors):
            warn_of(SCATTERED)
            return None
        return kernel

    def _made(self, direction: int, device: str, dtype: torch.dtype) -> Made | Unavailable:
        """The native loops of a direction, or why there are none; of a compiler it is said here."""
        key = (direction, device, dtype)
        if key not in self._kernels:
            try:
                self._kernels[key] = self._fuse(direction, device, dtype)
            except Unavailable as reason:
                self._kernels[key] = reason
                if not isinstance(reason, Unsuited):
                    warn_of(reason)
        return self._kernels[key]

    def _fuse(self, direction: int, device: str, dtype: torch.dtype) -> Made:
        if not takes(device) and device != "cpu":
            raise Unsuited(f"{NONE_FOR} {device}")
        made = fuse_in_triton if takes(device) else fuse
        currents, carried = len(self.cell.currents), len(self.cell.carried)
        if direction == 0:
            return made(self.make, (currents, carried), (0, len(self.made)), dtype)
        return made(self.pull, (currents, 2 * carried + 1), (currents, carried), dtype)
