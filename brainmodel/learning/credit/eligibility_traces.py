"""Eligibility traces: credit through a unit's own state only, in window form.

The eligibility of a synapse onto unit i is how the carried state of that unit depends on its
weight, the recurrent path cut:

    e(t) = dc(t)/dc(t-1) e(t-1) + dc(t)/dcurrent(t) (x) source(t)                       definition

Inside a window the product of learning signals and traces needs no trace: a reverse scan over
units and one matrix product give the same sum (`trace_gradients`). Across windows, the trace itself
is carried for dense areas, [batch, carried field, current * unit, source], but for currents that
leave nothing in it (`remembered_currents`). Its update over a whole window is again a reverse scan
over units, and then one pass through the trace; another, in the backward pass, reads it
(`carried_influences`).

The learning signal of a rate is complete one step later, when the loss of the prediction that is
made from it is known. The memory of a window therefore holds the traces as they were BEFORE its
last step, together with the record of that step.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas import Area
from areas.keys import BIAS
from areas.loops.chunks import at_once
from areas.record import Record
from areas.shapes import PerCurrentSteps, PerUnit, PerUnitSteps
from brainmodel.learning.credit.carried_influences import move_influences
from brainmodel.learning.credit.remembered_currents import remembered
from brainmodel.learning.credit.reused_memory import ReusedMemory
from brainmodel.learning.credit.reverse_scan import scan_units, zero_carried
from brainmodel.learning.credit.seeds_as_streams import Moving, seeds_as_streams

PART = 2**18  # elements of currents that credit goes back through at once, to stay in the cache
Eligibility = dict[str, Tensor]
"""By source (`BIAS` among them): [batch, field, current * unit, source], of those currents alone
that `remembered` gives. The carried fields come first. In an area of several seeds, synapses have
[seed * batch, field, current * unit, source] of one seed (`seeds_as_streams`)."""


class EligibilityTraces(NamedTuple):
    """What a rule with eligibility traces remembers of a window."""

    eligibility: Eligibility  # before the window's last step; empty for areas of maps
    last: Record  # the window's last step


class Scan:
    """How credit goes back through the units' own states: here, by their derivatives.

    A rule whose traces are not plain derivatives has a scan of its own that changes the result.
    """

    def back(
        self, area: Area, record: Record, rate_bar: PerUnitSteps, carried_bar: list[PerUnit]
    ) -> PerCurrentSteps:
        """See `scan_units`, which gives the plain derivatives."""
        return scan_units(area, record, rate_bar, carried_bar)

    def parts(self, area: Area, record: Record) -> list[tuple[int, int]]:
        """(first step, step after the last) of the parts of a record that `back` is to take by
        themselves, the last of them first; derivatives of one are summed before the next is taken.

        Maps are taken whole: to convolve in parts is no faster.
        """
        steps, size = record.currents.shape[0], record.currents[0].numel()
        whole = len(area.units) > 1
        count = 1 if whole else -(-steps // at_once(steps, size, PART, record.currents.device))
        return [(steps * k // count, steps * (k + 1) // count) for k in reversed(range(count))]


DERIVATIVES = Scan()


def carry_traces(
    area: Area,
    record: Record,
    memory: EligibilityTraces | None,
    reused: ReusedMemory,
    scan: Scan = DERIVATIVES,
    more: tuple[str, ...] = (),
) -> EligibilityTraces:
    """Traces carried over a window.

    Args:
        area: the area; of one with maps only the last step is remembered.
        record: what happened over the window.
        memory: what was remembered before it.
        reused: where the traces may lie.
        scan: how credit goes back.
        more: fields that have a trace besides the carried ones.
    """
    steps = record.currents.shape[0]
    last = tree_map_only(Tensor, torch.clone, record.stretch(steps - 1, steps))
    if len(area.units) > 1:
        return EligibilityTraces({}, last)
    records = [record.stretch(0, steps - 1)] if steps > 1 else []
    if memory is not None:
        records.insert(0, memory.last)
    before = {} if memory is None else memory.eligibility
    fields = (*area.cell.carried, *more)
    if not records:
        return EligibilityTraces({}, last)
    return EligibilityTraces(traces_after(area, records, before, reused, scan, fields), last)


def traces_size(area: Area, more: tuple[str, ...] = ()) -> int:
    """How many numbers the traces of one stream are; none where areas of maps carry none.

    Args:
        area: the area.
        more: fields that have a trace besides the carried ones.
    """
    if len(area.units) > 1:
        return 0
    fields = (*area.cell.carried, *more)
    sources = {name: own.weight.shape[1] for name, own in area.synapses.items()} | {BIAS: 1}
    kept = remembered(area, fields)
    return len(fields) * sum((kept[n].stop - kept[n].start) * m for n, m in sources.items())


def traces_after(
    area: Area,
    records: list[Record],
    eligibility: Eligibility,
    reused: ReusedMemory,
    scan: Scan,
    fields: tuple[str, ...],
) -> Eligibility:
    """Traces of some fields after the steps of some records, from those before.

    One reverse scan per field gives w(s) = dc(T)/dcurrents(s) and D = dc(T)/dc(0); then
    e(T) = D e(0) + sum_s w(s) (x) source(s).

    Args:
        area: the area.
        records: what happened, in records that follow one another.
        eligibility: the traces before them; empty for zeros.
        reused: where the result may lie.
        scan: how credit goes back.
        fields: that have a trace.
    """
    weights, decays = zip(*[_back(area, records, scan, field) for field in fields], strict=True)
    signals = {name: torch.cat([r.source(name) for r in records]) for name in area.synapses}
    signals[BIAS] = weights[0].new_ones(()).expand(*weights[0].shape[:2], 1)
    after: Eligibility = {}
    kept = remembered(area, fields)
    for source, signal in signals.items():
        new = [each[:, :, kept[source]] for each in weights]
        told = Moving(decays, new, signal)
        told = told if source == BIAS else seeds_as_streams(area, source, told)
        after[source] = move_influences(eligibility.get(source), *told, reused)
    return after


def _back(
    area: Area, records: list[Record], scan: Scan, field: str
) -> tuple[PerCurrentSteps, list[PerUnit]]:
    """Derivatives of a field after some records.

    Returns:
        by the currents in them; by the carried fields before them.
    """
    carried_bar, parts = zero_carried(area, records[0]), []
    for k, record in enumerate(reversed(records)):
        rate_bar = torch.zeros_like(record.fields["rate"][1:])
        if k == 0 and field in area.cell.carried:
            carried_bar[area.cell.carried.index(field)].fill_(1.0)
        elif k == 0:  # the rate that ends the last of them
            rate_bar[-1].fill_(1.0)
        parts.insert(0, scan.back(area, record, rate_bar, carried_bar))
    return torch.cat(parts), carried_bar
