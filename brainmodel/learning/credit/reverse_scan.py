"""The reverse scan through the units' own states, from the last step to the first."""

from collections.abc import Callable

import torch
from torch import Tensor

from areas import Area
from areas.record import Record, interrupt, stretches


def scan_units(
    area: Area,
    record: Record,
    rate_bar: Tensor,
    carried_bar: list[Tensor],
    between: Callable[[int], None] | None = None,
) -> Tensor:
    """Reverse scan through the units' own states, from the last step to the first.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates, [time, batch, *units].
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step.
        between: called with t when `carried_bar` is that before step t, which it may change; the
            scan is quicker without.

    Returns:
        derivative by the currents, [time, batch, current * unit, ...].
    """
    befores = [record.before(name) for name in area.cell.carried]
    reverse = area.dynamics.reverse(record.currents, befores, rate_bar, carried_bar)
    breaks = interrupt(record)
    for first, stop in reversed(stretches(breaks)):
        if between is None:
            reverse.run(first, stop)
        else:
            for t in reversed(range(first, stop)):
                reverse.step(t)
                between(t)
        if record.keep is not None and breaks[first]:
            for bar in carried_bar:
                bar.mul_(record.keep[first].view(-1, *[1] * (bar.dim() - 1)))
    return reverse.currents_bar


def zero_carried(area: Area, record: Record) -> list[Tensor]:
    """Zero derivatives by the carried fields, [batch, *units] each."""
    return [torch.zeros_like(record.fields[name][0]) for name in area.cell.carried]
