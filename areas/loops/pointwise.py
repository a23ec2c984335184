"""A cell's step as a function of plain tensors, and what follows from it by differentiation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from areas.cell import Cell


class Pointwise:
    """One step of one cell: currents and carried fields in, `outputs` out.

    Args:
        cell: the cell.

    Attributes:
        outputs: the state fields that a step makes: the rate, then what is carried.
        emitted: which of them the recurrent synapses carry.
    """

    def __init__(self, cell: Cell):
        self.cell = cell
        self.outputs = ("rate", *(name for name in cell.carried if name != "rate"))
        self.emitted = self.outputs.index(cell.emitted)

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
            outputs = [o.sum() for o in self.step(*inputs)]
        return [
            list(torch.autograd.grad(o, inputs, retain_graph=True, allow_unused=True))
            for o in outputs
        ]

    def split(self, currents: Tensor) -> tuple[Tensor, ...]:
        """Each current of [batch, current * unit, ...]."""
        return currents.chunk(len(self.cell.currents), dim=1)

    def step(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Currents and carried fields before the step -> `outputs` after it."""
        count = len(self.cell.currents)
        fields = dict.fromkeys(self.cell.state._fields, tensors[0])  # type: ignore[attr-defined]
        fields |= zip(self.cell.carried, tensors[count:], strict=True)
        new = self.cell.step(tensors[:count], self.cell.state(**fields))
        return tuple(getattr(new, name) for name in self.outputs)

    def pull(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The transposed Jacobian: (currents, carried, rate_bar, carried_bar) -> bars before."""
        count = len(self.cell.currents) + len(self.cell.carried)
        rate_bar, *carried_bar = tensors[count:]
        bars = dict(zip(self.cell.carried, carried_bar, strict=True))
        bars["rate"] = rate_bar + bars["rate"] if "rate" in bars else rate_bar
        transpose = torch.func.vjp(self.step, *tensors[:count])[1]
        return transpose(tuple(bars[name] for name in self.outputs))
