"""A cell's own dynamics over a window, forwards and in reverse, without the synapses.

Forwards it is `Cell.step`. In reverse it is the transposed Jacobian of that step, unit by unit:
what the loss says of the rate and state after a step becomes what it says of the currents into it
and of the state before. Every learning rule is made of these two and of the synapses.

Both are derived from `Cell.step` itself: as fused native loops where that is possible
(`areas.fuse`), else by tensor calls, with the derivatives of a stretch of steps taken at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from areas.cell import Cell
from areas.fuse import Kernel, fuse

CHUNK = 2**18  # elements of currents whose derivatives are taken at once, to stay in the cache


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

    def forward(self, currents: Tensor, fields: Mapping[str, Tensor]) -> "Forward":
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
    ) -> "Reverse":
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


class Forward(ABC):
    """Steps of a window, one by one."""

    def __init__(
        self,
        dynamics: Dynamics,
        currents: Tensor,
        carried: Sequence[Tensor],
        results: Sequence[Tensor],
        kernel: Any,
    ):
        self.dynamics, self.currents, self.kernel = dynamics, currents, kernel
        self.carried, self.results = carried, results

    @abstractmethod
    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """Take step t.

        Args:
            t: the step.
            carried: the carried fields it finds, [batch, *units] each, contiguous, where they are
                not those the step before left (a stream was reset).
        """


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


class TensorForward(Forward):
    """Steps by tensor calls."""

    def step(self, t: int, carried: Sequence[Tensor] | None = None) -> None:
        """See `Forward.step`."""
        carried = carried or [field[t] for field in self.carried]
        new = self.dynamics._step(*self.dynamics._split(self.currents[t]), *carried)
        for result, value in zip(self.results, new, strict=True):
            result[t + 1] = value


class Reverse(ABC):
    """Reverse steps of a window, one by one.

    Attributes:
        currents_bar: derivatives by the currents, [time, batch, current * unit, ...], filled step
            by step.
    """

    def __init__(
        self,
        dynamics: Dynamics,
        currents: Tensor,
        carried: Sequence[Tensor],
        rate_bar: Tensor,
        carried_bar: Sequence[Tensor],
        kernel: Any,
    ):
        self.dynamics, self.currents, self.kernel = dynamics, currents, kernel
        self.carried, self.rate_bar, self.carried_bar = carried, rate_bar, carried_bar
        self.currents_bar = torch.empty_like(currents)

    @abstractmethod
    def step(self, t: int) -> None:
        """Take the reverse of step t."""


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


class TensorReverse(Reverse):
    """Reverse steps by tensor calls, from derivatives taken for a stretch of steps at once."""

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.first = self.currents.shape[0]
        self.rows: list[list[list[Tensor | None]]] = []

    def step(self, t: int) -> None:
        """See `Reverse.step`."""
        if t < self.first:
            length = max(1, CHUNK // max(1, self.currents[0].numel()))
            self.first = max(0, t + 1 - length)
            self._differentiate(self.first, t + 1)
        cell = self.dynamics.cell
        bars = dict(zip(cell.carried, self.carried_bar, strict=True))
        rate_bar = self.rate_bar[t]
        bars["rate"] = rate_bar + bars["rate"] if "rate" in bars else rate_bar
        befores = [torch.zeros_like(rate_bar) for _ in self.carried_bar]
        targets = [*self.currents_bar[t].chunk(len(cell.currents), dim=1), *befores]
        for target, row in zip(targets, self.rows[t - self.first], strict=True):
            target.zero_()
            for name, derivative in zip(self.dynamics.outputs, row, strict=True):
                if derivative is not None:
                    target.addcmul_(derivative, bars[name])
        for bar, before in zip(self.carried_bar, befores, strict=True):
            bar.copy_(before)

    def _differentiate(self, start: int, stop: int) -> None:
        """rows[t][input][output] = derivative of the output by the input, pointwise, or None."""
        carried = [field[start:stop] for field in self.carried]
        columns = self.dynamics.slopes(self.currents[start:stop], carried)
        table = [
            [None if d is None else d.unbind(0) for d in row] for row in zip(*columns, strict=True)
        ]
        self.rows = [
            [[None if d is None else d[k] for d in row] for row in table]
            for k in range(stop - start)
        ]


def _place(array: Tensor) -> tuple[int, int]:
    """Address of an array [time, ...], and bytes from one step to the next."""
    return array.data_ptr(), array.stride(0) * array.element_size()
