"""Steps that wait until every learning signal about them has arrived.

A scope that lets learning signals travel in time learns from a step some steps later. Until then
the record of the step waits here, together with the derivatives of the loss that are known so far,
and is carried from window to window with the state of the streams.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas.record import Record
from brainmodel.scopes.scope import ActivityDerivatives, Passage
from brainmodel.wiring.outside import gain_of
from brainmodel.wiring.perturbed_inputs import order_of


class Waiting(NamedTuple):
    """The steps from which areas have not learnt yet; by area."""

    records: dict[str, Record]
    levels: dict[str, Tensor]  # of areas with a modulator
    signals: dict[str, ActivityDerivatives]  # zeros until the window's backward pass fills them in
    inputs: dict[str, Tensor] = {}  # from which a pathway leads that learns; gains, orders


def keep(
    records: dict[str, Record],
    levels: dict[str, Tensor],
    inputs: dict[str, Tensor],
    first: int,
) -> Waiting:
    """The steps from `first` on, in memory of their own, with derivatives that are still zero."""
    steps = len(next(iter(records.values())).currents)
    kept = {name: record.stretch(first, steps) for name, record in records.items()}
    kept = tree_map_only(Tensor, torch.clone, kept)
    late = {name: level[first:].clone() for name, level in levels.items()}
    zeros = {name: zero_derivatives(record) for name, record in kept.items()}
    return Waiting(kept, late, zeros, {n: signal[first:].clone() for n, signal in inputs.items()})


def zero_derivatives(record: Record) -> ActivityDerivatives:
    """Derivatives by what an area did at the steps of a record, all zero."""
    drive = torch.zeros_like(record.prediction, memory_format=torch.contiguous_format)
    error = torch.zeros_like(record.sources["error"], memory_format=torch.contiguous_format)
    rate = torch.zeros_like(record.fields["rate"][1:])
    return ActivityDerivatives(drive, drive.clone(), error, rate)


def under_way(passage: Passage) -> tuple[dict[str, Record], dict[str, Tensor]]:
    """Records and levels from the first step that has not been learnt from to the window's last."""
    waiting: Waiting | None = passage.start.waiting
    if waiting is None:
        return passage.records, passage.levels
    records = {n: waiting.records[n].join(record) for n, record in passage.records.items()}
    levels = {n: torch.cat([waiting.levels[n], now]) for n, now in passage.levels.items()}
    return records, levels


def inputs_under_way(passage: Passage, names: Iterable[str]) -> dict[str, Tensor]:
    """Some of the brain's inputs at the same steps."""
    waiting: Waiting | None = passage.start.waiting
    if waiting is None:
        return {name: passage.inputs[name] for name in names}
    return {name: torch.cat([waiting.inputs[name], passage.inputs[name]]) for name in names}


def gains_under_way(passage: Passage, pathways: Iterable[str]) -> dict[str, Tensor]:
    """Gains of what arrived at the same steps, by pathway that has one at any of them."""
    found = {}
    for name in pathways:
        gain = _under_way(passage, gain_of(name), lambda like, n: like.new_ones(n, *like.shape[1:]))
        found |= {} if gain is None else {name: gain}
    return found


def orders_under_way(passage: Passage, pathways: Iterable[str]) -> dict[str, Tensor]:
    """Whose messages streams heard at the same steps, by pathway; of others each its own."""

    def own(like: Tensor, steps: int) -> Tensor:
        return torch.arange(like.shape[1]).to(like).expand(steps, -1)

    found = {name: _under_way(passage, order_of(name), own) for name in pathways}
    return {name: order for name, order in found.items() if order is not None}


def _under_way(passage: Passage, key: str, usual: Callable[[Tensor, int], Tensor]) -> Tensor | None:
    """What came from outside at steps that wait and at those of the window, if at any of them."""
    waiting: Waiting | None = passage.start.waiting
    earlier = {} if waiting is None else waiting.inputs
    waited = 0 if waiting is None else len(next(iter(waiting.records.values())).currents)
    given = earlier.get(key), passage.inputs.get(key)
    some = next((value for value in given if value is not None), None)
    if some is None:
        return None
    parts = zip(given, (waited, len(passage.reset)), strict=True)
    return torch.cat([usual(some, n) if g is None else g for g, n in parts])


def join_derivatives(first: ActivityDerivatives, then: ActivityDerivatives) -> ActivityDerivatives:
    """Derivatives of steps that follow one another, as one."""
    return ActivityDerivatives(*(torch.cat(pair) for pair in zip(first, then, strict=True)))
