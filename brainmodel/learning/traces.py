"""Eligibility traces: credit through a unit's own state only, in window form.

The eligibility of a synapse onto unit i is how the carried state of that unit depends on its
weight, the recurrent path cut:

    e(t) = dc(t)/dc(t-1) e(t-1) + dc(t)/dcurrent(t) (x) source(t)                       definition

Inside a window the product of learning signals and traces needs no trace: a reverse scan over
units and one matrix product give the same sum (see `recede`, `synaptic`). Across windows, the
trace itself is carried for dense areas, [batch, current * unit, source] per carried field, but for
currents that leave nothing in them (`reaching.py`). Its update over a whole window is again a
reverse scan over units, and then two passes through the trace: one that scales what was there,
one matrix product per stream that adds what is new. A third pass, in the backward pass, reads it.

The learning signal of a rate is complete one step later, when the prediction it takes part in has
been judged. The memory of a window therefore holds the traces as they were BEFORE its last step,
together with the record of that step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas import Area
from brainmodel.learning.pieces import recede, still
from brainmodel.learning.reaching import remembered
from brainmodel.learning.record import Record

CHUNK = 2**17  # elements of traces that are moved on at once, to stay in the cache
Eligibility = dict[str, dict[str, Tensor]]
"""By carried field, then by source ("bias" among them): [batch, current * unit, source], of the
currents that `remembered` names."""


class Traces(NamedTuple):
    """What a rule with eligibility traces remembers of a window."""

    eligibility: Eligibility  # before the window's last step; empty for convolutional areas
    last: Record  # the window's last step


class Scan:
    """How credit runs back through the units' own states: as derivatives say.

    A rule whose traces are not derivatives scans in its own way: it changes what a scan finds.
    """

    def recede(
        self, area: Area, record: Record, rate_bar: Tensor, carried_bar: list[Tensor]
    ) -> Tensor:
        """See `pieces.recede`."""
        return recede(area, record, rate_bar, carried_bar)


EXACT = Scan()


def remember(
    area: Area,
    record: Record,
    memory: Traces | None,
    scan: Scan = EXACT,
    fields: Sequence[str] = (),
) -> Traces:
    """Traces carried over a window.

    Args:
        area: the area; of a convolutional one only the last step is remembered.
        record: what happened over the window.
        memory: what was remembered before it.
        scan: how credit runs back.
        fields: whose traces; those of the carried fields unless given.
    """
    steps = record.currents.shape[0]
    last = tree_map_only(Tensor, torch.clone, record.stretch(steps - 1, steps))
    if len(area.units) > 1:
        return Traces({}, last)
    moved = [record.stretch(0, steps - 1)] if steps > 1 else []
    wanted = tuple(fields or area.cell.carried)
    if memory is None:
        return Traces(advance(area, moved, {}, scan, wanted), last)
    return Traces(advance(area, [memory.last, *moved], memory.eligibility, scan, wanted), last)


def advance(
    area: Area,
    records: list[Record],
    eligibility: Eligibility,
    scan: Scan,
    fields: tuple[str, ...],
) -> Eligibility:
    """Traces of some fields after the steps of some records, from those before.

    One reverse scan per field gives w(s) = dc(T)/dcurrents(s) and D = dc(T)/dc(0); then
    e(T) = D e(0) + sum_s w(s) (x) source(s).
    """
    if not records:
        return eligibility
    signals = {name: _over(records, name) for name in area.synapses}
    signals["bias"] = torch.ones_like(signals["recurrent"][..., :1])
    after: Eligibility = {}
    for name in fields:
        weights, decays = _back(area, records, scan, name)
        after[name] = {}
        for source, signal in signals.items():
            new = weights[:, :, remembered(area, source, fields)].permute(1, 2, 0)
            old = [eligibility[field][source] for field in area.cell.carried if eligibility]
            after[name][source] = _moved(old, decays, new, signal)
    return after


def _moved(old: list[Tensor], decays: list[Tensor], new: Tensor, signal: Tensor) -> Tensor:
    """Traces of each carried field times its decay, and w(s) (x) source(s).

    Args:
        old: the traces, [batch, current * unit, source] each; none at all stands for zeros.
        decays: by field, [batch, unit].
        new: w, [batch, current * unit, time].
        signal: of the source, [batch, time, source].
    """
    if not old:
        return new @ signal
    made = torch.empty_like(old[0])
    few = max(1, CHUNK // max(1, made[0].numel()))
    for k in range(0, len(made), few):
        streams = slice(k, k + few)
        part = made[streams]
        for n, (trace, decay) in enumerate(zip(old, decays, strict=True)):
            left, by = by_unit(trace[streams], decay[streams])
            target, _ = by_unit(part, decay[streams])
            torch.mul(left, by, out=target) if n == 0 else target.addcmul_(left, by)
        part.baddbmm_(new[streams], signal[streams])
    return made


def by_unit(trace: Tensor, number: Tensor) -> tuple[Tensor, Tensor]:
    """A trace as [batch, current, unit, source], and a number for each unit that fits it."""
    return trace.unflatten(1, (-1, number.shape[1])), number[:, None, :, None]


def _over(records: list[Record], source: str) -> Tensor:
    """A presynaptic signal at all steps of some records, [batch, time, source]."""
    return torch.cat([record.source(source) for record in records]).transpose(0, 1)


def _back(area: Area, records: list[Record], scan: Scan, field: str) -> tuple[Tensor, list[Tensor]]:
    """Derivatives of a field after some records by the currents in them, [time, batch, ...], and
    by the carried fields before them."""
    carried_bar, parts = still(area, records[0]), []
    for k, record in enumerate(reversed(records)):
        said = torch.zeros_like(record.fields["rate"][1:])
        if k == 0 and field in area.cell.carried:
            carried_bar[area.cell.carried.index(field)].fill_(1.0)
        elif k == 0:  # the rate that ends the last of them
            said[-1] = 1.0
        parts.insert(0, scan.recede(area, record, said, carried_bar))
    return torch.cat(parts), carried_bar
