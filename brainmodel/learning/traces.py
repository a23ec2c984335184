"""Eligibility traces: credit through a unit's own state only, in window form.

The eligibility of a synapse onto unit i is how the carried state of that unit depends on its
weight, the recurrent path cut:

    e(t) = dc(t)/dc(t-1) e(t-1) + dc(t)/dcurrent(t) (x) source(t)                       definition

Inside a window the product of learning signals and traces needs no trace: a reverse scan over
units and one matrix product give the same sum (see `recede`, `synaptic`). Across windows, the
trace itself is carried for dense areas, [batch, current * unit, source] per carried field; its
update over a whole window is again a reverse scan and one matrix product per stream.

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
from brainmodel.learning.rule import Gradients, Record, recede, still, synaptic

Eligibility = dict[str, dict[str, Tensor]]
"""By carried field, then by source ("bias" among them): [batch, current * unit, source]."""


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
        """See `rule.recede`."""
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
    moved = record.stretch(0, steps - 1)
    if memory is None:
        return Traces(advance(area, moved, {}, scan, fields), last)
    whole = memory.last.join(moved)
    return Traces(advance(area, whole, memory.eligibility, scan, fields), last)


def advance(
    area: Area,
    record: Record,
    eligibility: Eligibility,
    scan: Scan = EXACT,
    fields: Sequence[str] = (),
) -> Eligibility:
    """Traces after some steps, from those before; none at all stands for zeros.

    One reverse scan per carried field gives w(s) = dc(T)/dcurrents(s) and D = dc(T)/dc(0); then
    e(T) = D e(0) + sum_s w(s) (x) source(s).
    """
    if record.currents.shape[0] == 0:
        return eligibility
    after: Eligibility = {}
    for name in fields or area.cell.carried:
        carried_bar = still(area, record)
        silent = torch.zeros_like(record.fields["rate"][1:])
        if name in area.cell.carried:
            carried_bar[area.cell.carried.index(name)].fill_(1.0)
        else:  # the rate that ends the window
            silent[-1] = 1.0
        weights = scan.recede(area, record, silent, carried_bar).transpose(0, 1)
        before = _decayed(area, eligibility, carried_bar)
        after[name] = {"bias": before.get("bias", 0) + weights.sum(1)[..., None]}
        for source in area.synapses:
            reached = weights[:, :, area.reached(source)].mT
            signal = record.source(source).transpose(0, 1)
            if source in before:
                after[name][source] = before[source].baddbmm_(reached, signal)
            else:
                after[name][source] = reached @ signal
    return after


def _decayed(area: Area, eligibility: Eligibility, decays: list[Tensor]) -> dict[str, Tensor]:
    """What is left of traces, by source: of those of each carried field times its decay."""
    left: dict[str, Tensor] = {}
    for field, decay in zip(area.cell.carried, decays, strict=True):
        for source, trace in eligibility.get(field, {}).items():
            wide = decay.repeat(1, trace.shape[1] // decay.shape[1])[..., None]
            left[source] = left[source].addcmul_(wide, trace) if source in left else wide * trace
    return left


def eligible(
    area: Area,
    record: Record,
    rate_bar: Tensor,
    before: Tensor,
    memory: Traces | None,
    scan: Scan = EXACT,
) -> Gradients:
    """Sum over steps and streams of learning signal times eligibility trace.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates in the window, [time, batch, *units].
        before: learning signal of the rate before the window, [batch, *units].
        memory: what was remembered before the window.
        scan: how credit runs back.

    Returns:
        gradients of the area's synapses and bias.
    """
    carried_bar = still(area, record)
    found = synaptic(area, record, scan.recede(area, record, rate_bar, carried_bar))
    for name, gradient in recall(area, before, carried_bar, memory, scan).items():
        found[name] = found[name] + gradient
    return found


def recall(
    area: Area,
    rate_bar: Tensor,
    carried_bar: list[Tensor],
    memory: Traces | None,
    scan: Scan = EXACT,
) -> Gradients:
    """Gradients that derivatives by the state before a window make with the remembered traces.

    Args:
        area: the area.
        rate_bar: derivative by the rate, [batch, *units].
        carried_bar: derivatives by the carried fields, [batch, *units] each; overwritten.
        memory: what was remembered before the window.
        scan: how credit runs back.
    """
    if memory is None:
        return {}
    last = memory.last
    found = synaptic(area, last, scan.recede(area, last, rate_bar[None], carried_bar))
    for field, bar in zip(area.cell.carried, carried_bar, strict=True):
        credit(found, memory, field, bar)
    return found


def credit(found: Gradients, memory: Traces, field: str, bar: Tensor) -> None:
    """Add to gradients, in place, a derivative by a field [batch, *units] times its traces."""
    for source, trace in memory.eligibility.get(field, {}).items():
        wide = bar.repeat(1, trace.shape[1] // bar.shape[1])[..., None]
        name = "bias" if source == "bias" else f"synapses.{source}.weight"
        gradient = found[name].view(trace.shape[1:])
        for stream in range(len(trace)):  # one pass through the traces, and nothing kept
            gradient.addcmul_(wide[stream], trace[stream])


def recall_state(
    area: Area,
    state_bar: dict[str, Tensor],
    memory: Traces | None,
    scan: Scan = EXACT,
) -> Gradients:
    """`recall` for derivatives by state fields, `Rule.recall`'s arguments.

    A field that is both rate and carried has one derivative; it is given as the carried one's.
    """
    if memory is None:
        return {}
    empty = torch.zeros_like(memory.last.fields["rate"][0])
    given = [state_bar.get(name, empty) for name in area.cell.carried]
    carried_bar = [bar.clone(memory_format=torch.contiguous_format) for bar in given]
    rate_bar = empty if "rate" in area.cell.carried else state_bar.get("rate", empty)
    return recall(area, rate_bar.contiguous(), carried_bar, memory, scan)
