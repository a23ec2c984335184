"""Reverse scans over a window: through the units' own states, or through the whole area.

    dloss/ds(t-1) = J(t)^T dloss/ds(t) + direct terms

`scan_units` takes for J the part that stays within each unit, its own state; `scan_area` takes the
whole Jacobian of the area: own state, recurrent synapses, and the loop through its own prediction
error. Both go from the last step to the first and give the derivatives by the currents.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from areas import Area
from areas.loops.steps import Reverse
from areas.record import Record, interrupt, stretches
from areas.shapes import PerCurrentSteps, PerDriveSteps, PerUnit, PerUnitSteps


def zero_carried(area: Area, record: Record) -> list[PerUnit]:
    """Zero derivatives by the carried fields."""
    return [torch.zeros_like(record.fields[name][0]) for name in area.cell.carried]


def reverse_steps(
    area: Area, record: Record, rate_bar: PerUnitSteps, carried_bar: list[PerUnit]
) -> Reverse:
    """The reverse steps of a window, to be taken one by one; arguments as of `scan_units`."""
    befores = [record.before(name) for name in area.cell.carried]
    return area.dynamics.reverse(record.currents, befores, rate_bar, carried_bar)


def scan_units(
    area: Area,
    record: Record,
    rate_bar: PerUnitSteps,
    carried_bar: list[PerUnit],
    between: Callable[[int], None] | None = None,
) -> PerCurrentSteps:
    """Reverse scan through the units' own states.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates.
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step.
        between: called with t when `carried_bar` is that before step t, which it may change; the
            scan is quicker without.

    Returns:
        derivative by the currents.
    """
    reverse = reverse_steps(area, record, rate_bar, carried_bar)
    breaks = interrupt(record)
    for first, stop in reversed(stretches(breaks)):
        if between is None:
            reverse.run(first, stop)
        else:
            for t in reversed(range(first, stop)):
                reverse.step(t)
                between(t)
        if record.keep is not None and breaks[first]:
            _fade_all(carried_bar, record.keep[first])
    return reverse.currents_bar


def scan_area(
    area: Area,
    record: Record,
    rate_bar: PerUnitSteps,
    before: PerUnit,
    carried_bar: list[PerUnit],
    potential_bar: PerDriveSteps,
) -> PerCurrentSteps:
    """Reverse scan through states and synapses.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates; completed in place with the derivatives by way of
            later steps.
        before: likewise of the rate before the window.
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step, without the part that is in `before`.
        potential_bar: derivative by the predictor's potential; where the area's units receive its
            prediction error, completed in place with the derivative by way of them.

    Returns:
        derivative by the currents.
    """
    reverse = reverse_steps(area, record, rate_bar, carried_bar)
    breaks, (synapses, reached) = interrupt(record), area.recurrence
    spikes = _carried_emission(area)
    between = "error" in area.afferents or area.cell.normalised  # the steps comes something
    for first, stop in reversed(stretches(breaks)):
        if not between:  # but for the first
            reverse.run(first + 1, stop, area.recurrence)
            stop = first + 1
        for t in reversed(range(first, stop)):
            _step(area, record, reverse, t)
            rate_before = rate_bar[t - 1] if t > 0 else before
            earlier = torch.zeros_like(rate_before) if breaks[t] else rate_before
            emitted = earlier if spikes is None else carried_bar[spikes]
            synapses.add_transpose(reverse.currents_bar[t][:, reached], emitted)
            if "error" in area.afferents:
                _through_error(area, record, t, reverse.currents_bar[t], earlier, potential_bar[t])
            if record.keep is not None and breaks[t]:
                _fade_all(carried_bar, record.keep[t])
                rate_before.addcmul_(earlier, _wide(record.keep[t], earlier))
    return reverse.currents_bar


def _step(area: Area, record: Record, reverse: Reverse, t: int) -> None:
    """The reverse of step t, statistics of all units included."""
    reverse.step(t)
    if area.cell.normalised:
        made = reverse.currents_bar[t]
        made.copy_(area.cell.back_through_constants(record.currents[t], made))


def _carried_emission(area: Area) -> int | None:
    """Place among the carried fields of what recurrent synapses carry; None if it is the rate."""
    cell = area.cell
    return None if cell.emitted == "rate" else cell.carried.index(cell.emitted)


def _through_error(
    area: Area, record: Record, t: int, currents_bar: Tensor, earlier: Tensor, potential_bar: Tensor
) -> None:
    """The way through the area's own prediction error, h(t-1) -> u_hat(t) -> e(t) -> currents."""
    assert area.predictor is not None  # there is no error without one
    error_bar = area.synapses["error"].transpose(currents_bar[:, area.reached("error")])
    missed_bar = area.comparison.missed_bar(record, t, error_bar)
    share = area.predictor.slope(record.potential[t], missed_bar)
    potential_bar.sub_(share)
    earlier.sub_(area.predictor.back(share))


def _fade_all(bars: list[Tensor], keep: Tensor) -> None:
    """Multiply derivatives [batch, ...] by keep [batch], in place."""
    for bar in bars:
        bar.mul_(_wide(keep, bar))


def _wide(keep: Tensor, like: Tensor) -> Tensor:
    """keep [batch] in a shape that multiplies [batch, ...]."""
    return keep.view(-1, *[1] * (like.dim() - 1))
