"""What happened in an area: at one step, and over a window of steps."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas.shapes import (
    PerCurrent,
    PerCurrentSteps,
    PerDrive,
    PerDriveSteps,
    PerErrors,
    PerStreamSteps,
    PerUnit,
    PerUnitSteps,
    SignalSteps,
)


class StepActivity(NamedTuple):
    """What an area did at one step, as `Activity` of objectives shows it of a window."""

    drive: PerDrive
    prediction: PerDrive  # zeros where the area has no predictor
    error: PerErrors  # what its comparison makes of the two; by default their difference
    rate: PerUnit


class StepComparison(NamedTuple):
    """What an area found at a step before its units moved."""

    drive: PerDrive
    hints: dict[str, Float[Tensor, "batch ..."]]  # messages that had come by then
    potential: PerDrive
    prediction: PerDrive
    error: PerErrors
    felt: PerErrors  # the error as the units receive it


class StepRecord(NamedTuple):
    """What happened in an area at one step, as `Record` has it of a window."""

    activity: StepActivity
    sources: dict[str, Float[Tensor, "batch ..."]]
    potential: PerDrive
    currents: PerCurrent
    state: Any  # after the step, as the cell declares it


class Record(NamedTuple):
    """What happened in one area over a window; all that a rule may look at.

    `keep` is 0 where a stream was reset before the step and 1 elsewhere; what comes from the step
    before is multiplied by it. It is None if no stream was reset. `breaks` says whether any was, of
    each step, where it is known without waiting for the device.
    """

    sources: dict[str, SignalSteps]  # of drive, error, each message, "recurrent"
    potential: PerDriveSteps  # the prediction before its activation
    prediction: PerDriveSteps
    currents: PerCurrentSteps
    fields: dict[str, Float[Tensor, "1+time batch *units"]]  # of the state, as the steps left them
    keep: PerStreamSteps | None
    breaks: tuple[bool, ...] | None = None

    @classmethod
    def of_steps(
        cls,
        steps: Sequence[StepRecord],
        before: Any,
        keep: PerStreamSteps | None,
        breaks: tuple[bool, ...] | None = None,
    ) -> "Record":
        """The record of steps that follow one another.

        Args:
            steps: what happened.
            before: the state before the first of them.
            keep, breaks: see above.
        """
        states = [before, *(step.state for step in steps)]
        return cls(
            {n: torch.stack([step.sources[n] for step in steps]) for n in steps[0].sources},
            torch.stack([step.potential for step in steps]),
            torch.stack([step.activity.prediction for step in steps]),
            torch.stack([step.currents for step in steps]),
            {n: torch.stack([getattr(s, n) for s in states]) for n in before._fields},
            keep,
            breaks,
        )

    def before(self, field: str) -> PerUnitSteps:
        """A state field as each step found it."""
        return fade(self.fields[field][:-1], self.keep)

    def signal(self, name: str) -> SignalSteps:
        """What the area did at each step, as pathways carry it: "prediction", "error", or a field
        of the state, such as "rate"."""
        if name == "prediction":
            return self.prediction
        return self.sources["error"] if name == "error" else self.fields[name][1:]

    def source(self, name: str) -> SignalSteps:
        """The presynaptic signal of a group of synapses at each step."""
        return self.before("rate") if name == "rate" else self.sources[name]

    def stretch(self, first: int, last: int) -> "Record":
        """The record of steps first, ..., last - 1."""
        steps = slice(first, last)
        return Record(
            {name: signal[steps] for name, signal in self.sources.items()},
            self.potential[steps],
            self.prediction[steps],
            self.currents[steps],
            {name: field[first : last + 1] for name, field in self.fields.items()},
            None if self.keep is None else self.keep[steps],
            None if self.breaks is None else self.breaks[steps],
        )

    def _breaks(self) -> tuple[bool, ...] | None:
        return (False,) * len(self.currents) if self.keep is None else self.breaks

    def join(self, later: "Record") -> "Record":
        """This record and that of the steps that follow, as one."""
        keeps, early, late = [self.keep, later.keep], self._breaks(), later._breaks()
        if keeps != [None, None]:
            keeps = [
                record.currents.new_ones(record.currents.shape[:2]) if keep is None else keep
                for record, keep in zip((self, later), keeps, strict=True)
            ]
        return Record(
            {name: torch.cat([self.sources[name], later.sources[name]]) for name in self.sources},
            torch.cat([self.potential, later.potential]),
            torch.cat([self.prediction, later.prediction]),
            torch.cat([self.currents, later.currents]),
            {name: torch.cat([self.fields[name][:-1], later.fields[name]]) for name in self.fields},
            None if keeps == [None, None] else torch.cat([k for k in keeps if k is not None]),
            None if early is None or late is None else (*early, *late),
        )


def fade(signal: PerUnitSteps, keep: PerStreamSteps | None) -> PerUnitSteps:
    """A signal times keep; the signal itself if keep is None."""
    if keep is None:
        return signal
    return signal * keep.view(*keep.shape, *[1] * (signal.dim() - 2))


def flat(signal: Float[Tensor, "time batch *rest"]) -> Float[Tensor, "time*batch *rest"]:
    """Time and batch as one dimension."""
    return signal.reshape(-1, *signal.shape[2:])


def interrupt(record: Record) -> list[bool]:
    """For each step whether any stream was reset before it."""
    if record.keep is None:
        return [False] * record.currents.shape[0]
    if record.breaks is not None:
        return list(record.breaks)
    return (record.keep == 0).any(dim=1).tolist()


def stretches(breaks: list[bool]) -> list[tuple[int, int]]:
    """(first step, step after the last) of the stretches of steps between which nothing broke."""
    firsts = [t for t, broken in enumerate(breaks) if broken or t == 0]
    return list(pairwise([*firsts, len(breaks)]))
