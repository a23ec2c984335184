"""A run of steps of one area, for tests of what takes them: the same numbers each time."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area, Cell
from areas.loops.steps import Forward, Reverse

STEPS = 5


class Window(NamedTuple):
    """What a run of steps reads, and where it writes."""

    area: Area
    currents: Tensor
    fields: dict[str, Tensor]
    rate_bar: Tensor
    carried_bar: list[Tensor]

    def forward(self) -> Forward:
        """Its steps."""
        return self.area.dynamics.forward(self.currents, self.fields)

    def reverse(self) -> Reverse:
        """The reverse of its steps."""
        befores = [self.fields[name][:-1] for name in self.area.cell.carried]
        return self.area.dynamics.reverse(self.currents, befores, self.rate_bar, self.carried_bar)

    def go(self) -> list[Tensor]:
        """Run forwards and back, with the recurrent product and without; all that was written."""
        self.forward().run(1, STEPS, self.area.recurrence)
        reverse = self.reverse()
        reverse.run(2, STEPS, self.area.recurrence)
        reverse.run(1, 2)
        said = (reverse.currents_bar[1:], self.rate_bar, *self.carried_bar)
        return [self.currents, *self.fields.values(), *said]


def window(
    cell: Cell, batch: int, units: Sequence[int], dtype: torch.dtype, device: str = "cpu"
) -> Window:
    """The same window each time: currents, a state before it, and what a loss says."""
    torch.manual_seed(0)
    area = Area(cell, units, [2, *units[1:]], {}, None, ["drive"]).to(dtype)
    names = area.cell.state._fields  # type: ignore[attr-defined]
    fields = {name: torch.rand(STEPS + 1, batch, *units, dtype=dtype) for name in names}
    bars = [torch.randn(batch, *units, dtype=dtype) for _ in area.cell.carried]
    places = len(area.cell.currents) * units[0], *units[1:]
    currents = torch.randn(STEPS, batch, *places, dtype=dtype)
    rate_bar = torch.randn(STEPS, batch, *units, dtype=dtype)
    there = {name: field.to(device) for name, field in fields.items()}
    bars = [bar.to(device) for bar in bars]
    return Window(area.to(device), currents.to(device), there, rate_bar.to(device), bars)


def assert_near(found: Tensor, expected: Tensor) -> None:
    """Equal but for rounding, which sums of other order and later steps make larger."""
    rounding = 1e-4 if found.dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found, expected, rtol=rounding, atol=rounding)
