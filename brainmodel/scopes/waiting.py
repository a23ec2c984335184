"""Steps that wait: what happened, and what has been said of it, until all has been said.

A scope that lets signals travel in time learns from a step some steps later. Until then the step
waits here, and is carried from window to window with the state of the streams.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from areas.record import Record
from brainmodel.scopes.scope import Passage, Signals


class Waiting(NamedTuple):
    """The steps from which areas have not learnt yet; by area."""

    records: dict[str, Record]
    levels: dict[str, Tensor]  # of areas with a modulator
    signals: dict[str, Signals]  # zeros until the window's backward pass writes them


def keep(records: dict[str, Record], levels: dict[str, Tensor], first: int) -> Waiting:
    """What waits: the steps from `first` on, in memory of their own, and as yet no signals."""
    steps = len(next(iter(records.values())).currents)
    kept = {name: record.stretch(first, steps) for name, record in records.items()}
    kept = tree_map_only(Tensor, torch.clone, kept)
    late = {name: level[first:].clone() for name, level in levels.items()}
    return Waiting(kept, late, {name: silence(record) for name, record in kept.items()})


def silence(record: Record) -> Signals:
    """Zero signals of the steps of a record."""
    drive = torch.zeros_like(record.prediction, memory_format=torch.contiguous_format)
    rate = torch.zeros_like(record.fields["rate"][1:])
    return Signals(drive, drive.clone(), drive.clone(), rate)


def under_way(passage: Passage) -> tuple[dict[str, Record], dict[str, Tensor]]:
    """Records and levels from the first step that has not been learnt from to the window's last."""
    waiting: Waiting | None = passage.start.waiting
    if waiting is None:
        return passage.records, passage.levels
    records = {n: joined(waiting.records[n], record) for n, record in passage.records.items()}
    levels = {n: torch.cat([waiting.levels[n], now]) for n, now in passage.levels.items()}
    return records, levels


def joined(first: Record, then: Record) -> Record:
    """One record of two that follow one another."""
    keep = None
    if first.keep is not None or then.keep is not None:
        keeps = [
            part.currents.new_ones(part.currents.shape[:2]) if part.keep is None else part.keep
            for part in (first, then)
        ]
        keep = torch.cat(keeps)
    return Record(
        {n: torch.cat([signal, then.sources[n]]) for n, signal in first.sources.items()},
        torch.cat([first.potential, then.potential]),
        torch.cat([first.prediction, then.prediction]),
        torch.cat([first.currents, then.currents]),
        {n: torch.cat([field, then.fields[n][1:]]) for n, field in first.fields.items()},
        keep,
    )


def together(first: Signals, then: Signals) -> Signals:
    """Signals of steps that follow one another."""
    return Signals(*(torch.cat(pair) for pair in zip(first, then, strict=True)))
