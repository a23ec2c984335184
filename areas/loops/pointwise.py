"""A cell's step as a function of plain tensors, and its derivatives."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from areas.cell import Cell


class Pointwise:
    """One step of one cell: currents and carried fields in, `outputs` out.

    Args:
        cell: the cell.

    Attributes:
        outputs: the state fields that a step makes and that matter later: the rate, then what is
            carried.
        made: all that it makes, those that are but recorded behind `outputs`.
        emitted: which of them the recurrent synapses carry.
    """

    def __init__(self, cell: Cell):
        self.cell = cell
        self.outputs = ("rate", *(name for name in cell.carried if name != "rate"))
        rest = set(cell.state._fields).difference(self.outputs)  # type: ignore[attr-defined]
        self.made = (*self.outputs, *(n for n in cell.state._fields if n in rest))  # type: ignore[attr-defined]
        self.emitted = self.outputs.index(cell.emitted)

    def slopes(self, currents: Tensor, carried: Sequence[Tensor]) -> list[list[Tensor | None]]:
        """Pointwise derivatives of steps: [output][input], None where there is no dependence.

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

    @cached_property
    def reaching(self) -> dict[str, set[int]]:
        """Which currents reach each of `outputs`, in one step or in several.

        It is read from the derivatives of the step: where there is no way, there is none.
        """
        count, carried = len(self.cell.currents), self.cell.carried
        with torch.inference_mode(mode=False):
            one = torch.zeros(1, 1, 1)
            slopes = self.slopes(one.expand(1, 1, count), [one for _ in carried])
        rows = dict(zip(self.outputs, slopes, strict=True))
        found = {n: {k for k in range(count) if row[k] is not None} for n, row in rows.items()}
        for _ in carried:  # no way between fields has more steps
            for name, row in rows.items():
                ways = zip(carried, row[count:], strict=True)
                found[name].update(*(found[field] for field, slope in ways if slope is not None))
        return found

    def split(self, currents: Tensor) -> tuple[Tensor, ...]:
        """Each current of [batch, current * unit, ...]."""
        return currents.chunk(len(self.cell.currents), dim=1)

    def step(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Currents and carried fields before the step -> `outputs` after it."""
        return self.make(*tensors)[: len(self.outputs)]

    def make(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Currents and carried fields before the step -> `made` after it."""
        count = len(self.cell.currents)
        fields = dict.fromkeys(self.cell.state._fields, tensors[0])  # type: ignore[attr-defined]
        fields |= zip(self.cell.carried, tensors[count:], strict=True)
        new = self.cell.step(tensors[:count], self.cell.state(**fields))
        return tuple(getattr(new, name) for name in self.made)

    def pull(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The transposed Jacobian of a step.

        Args:
            tensors: currents and carried fields before the step, then the derivatives by the rate
                and by the carried fields after it.

        Returns:
            the derivatives by each current, then by each carried field before the step.
        """
        count = len(self.cell.currents) + len(self.cell.carried)
        rate_bar, *carried_bar = tensors[count:]
        bars = dict(zip(self.cell.carried, carried_bar, strict=True))
        bars["rate"] = rate_bar + bars["rate"] if "rate" in bars else rate_bar
        transpose = torch.func.vjp(self.step, *tensors[:count])[1]
        return transpose(tuple(bars[name] for name in self.outputs))
