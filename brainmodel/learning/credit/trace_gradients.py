"""Gradients by eligibility traces: learning signal times trace, summed over a window's steps.

Within the window a reverse scan over units and one matrix product give the sum without a trace; a
long window is taken in parts, so that derivatives of few steps are there at once. The derivatives
at which the scan ends, by the state before the window, are multiplied by the traces that were
carried there, in one pass through them.
"""

import torch

from areas import Area
from areas.keys import BIAS, of_units
from areas.record import Record
from areas.shapes import PerUnit, PerUnitSteps
from brainmodel.learning.credit.carried_influences import credit_influences
from brainmodel.learning.credit.eligibility_traces import (
    DERIVATIVES,
    Eligibility,
    EligibilityTraces,
    Scan,
)
from brainmodel.learning.credit.remembered_currents import remembered
from brainmodel.learning.credit.reverse_scan import zero_carried
from brainmodel.learning.credit.seeds_as_streams import seeds_one_by_one
from brainmodel.learning.credit.synaptic_gradients import synaptic_gradients
from brainmodel.learning.rule import Gradients


def trace_gradients(
    area: Area,
    record: Record,
    rate_bar: PerUnitSteps,
    before: PerUnit,
    memory: EligibilityTraces | None,
    scan: Scan = DERIVATIVES,
    earlier: Scan | None = None,
) -> Gradients:
    """Sum over steps and streams of learning signal times eligibility trace.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates in the window.
        before: learning signal of the rate before the window.
        memory: what was remembered before the window.
        scan: how credit goes back over the window.
        earlier: how it goes back over the step before the window; as `scan` unless given.

    Returns:
        gradients of the area's synapses and bias.
    """
    carried_bar, found = zero_carried(area, record), Gradients()
    for first, stop in scan.parts(area, record):
        part, bars = record.stretch(first, stop), rate_bar[first:stop]
        _add(found, synaptic_gradients(area, part, scan.back(area, part, bars, carried_bar)))
    _add(found, gradients_of_memory(area, before, carried_bar, memory, earlier or scan))
    return found


def _add(found: Gradients, more: Gradients) -> None:
    """Add gradients to those found, in place."""
    for name, gradient in more.items():
        if name in found:
            found[name] += gradient
        else:
            found[name] = gradient


def gradients_of_memory(
    area: Area,
    rate_bar: PerUnit,
    carried_bar: list[PerUnit],
    memory: EligibilityTraces | None,
    scan: Scan = DERIVATIVES,
) -> Gradients:
    """Gradients by way of the state before a window: derivatives by it times remembered traces.

    Args:
        area: the area.
        rate_bar: derivative by the rate.
        carried_bar: derivatives by the carried fields; overwritten.
        memory: what was remembered before the window; None gives no gradients.
        scan: how credit goes back.
    """
    if memory is None:
        return {}
    last = memory.last
    found = synaptic_gradients(area, last, scan.back(area, last, rate_bar[None], carried_bar))
    add_trace_gradients(area, found, memory.eligibility, carried_bar)
    return found


def add_trace_gradients(
    area: Area,
    found: Gradients,
    eligibility: Eligibility,
    bars: list[PerUnit],
    first: int = 0,
) -> None:
    """Add to gradients, in place, derivatives by fields times their traces.

    Args:
        area: the area.
        found: the gradients.
        eligibility: the traces.
        bars: derivatives by fields.
        first: place of the first of them among the fields that have a trace.
    """
    if not eligibility:
        return
    fields = (*area.cell.carried, area.cell.emitted)[: eligibility[BIAS].shape[1]]
    kept = remembered(area, fields)
    for source, trace in eligibility.items():
        start, place = area.reached(source).start, kept[source]
        gradient = found[of_units(source)].view(-1, trace.shape[3])
        rows = slice(place.start - start, place.stop - start)
        for part in seeds_one_by_one(area, source, trace, bars, gradient, rows):
            credit_influences(part.trace[:, first:], part.bars, part.gradient)


def gradients_of_state(
    area: Area,
    state_bar: dict[str, PerUnit],
    memory: EligibilityTraces | None,
    scan: Scan = DERIVATIVES,
) -> Gradients:
    """`gradients_of_memory` with the arguments of `Rule.recall`: derivatives by state field.

    A field that is both the rate and carried has one derivative, which counts as the carried one's.
    """
    if memory is None:
        return {}
    empty = torch.zeros_like(memory.last.fields["rate"][0])
    given = [state_bar.get(name, empty) for name in area.cell.carried]
    carried_bar = [bar.clone(memory_format=torch.contiguous_format) for bar in given]
    rate_bar = empty if "rate" in area.cell.carried else state_bar.get("rate", empty)
    return gradients_of_memory(area, rate_bar.contiguous(), carried_bar, memory, scan)
