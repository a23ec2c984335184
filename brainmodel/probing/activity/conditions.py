"""Trials of a task, aligned at an event and averaged by condition, as neurons of animals are.

    mean(c, k) = mean over trials i of condition c of x( event(i) + k )

for those k that all of these trials have. A trial that the windows cut off, or in which the event
does not happen, is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.probing.activity.following import Given, follow
from brainmodel.probing.activity.model_activity import ActivityBySignal
from brainmodel.probing.array_types import Floats, Whole


class Places(NamedTuple):
    """Which of the means each step of some streams belongs to."""

    place: Whole  # [time, stream] stimulus * steps + step; -1 where it belongs to none
    first: int  # step of the means, from the event; negative before it
    steps: int  # of the means
    trials: Whole  # [stimulus] that are averaged


class _Trial(NamedTuple):
    """Where a trial lies in time; the end is the first step after it."""

    stream: int
    begin: int
    event: int
    end: int
    stimulus: int


def average_places(
    labels: Mapping[str, Tensor],
    event: str | None,
    conditions: Sequence[int],
    within: tuple[int, int],
) -> Places:
    """Where trials are to be averaged.

    Args:
        labels: [time, stream], among them "trial" and "condition".
        event: the label at whose event step 0 is: the first step of a trial at which it is true,
            or, of real numbers, no longer negative; None for the first step.
        conditions: [stimulus] number of the condition of each.
        within: the first step from the event that is wanted, and the one after the last.

    Raises:
        ValueError: if a label is missing, a condition has no trial, or trials share no step.
    """
    _require_labels(labels, event)
    happens = None if event is None else _happens(labels[event])
    trials = list(
        _trials(labels["trial"].numpy(), labels["condition"].numpy(), happens, conditions)
    )
    counts = np.bincount([t.stimulus for t in trials], minlength=len(conditions))
    if (counts == 0).any():
        lacking = conditions[int(np.flatnonzero(counts == 0)[0])]
        raise ValueError(
            f"conditions: no whole trial of condition {lacking} in which {event or 'it'} happens: "
            "give more windows, or other conditions."
        )
    first = max(within[0], max(t.begin - t.event for t in trials))
    after = min(within[1], min(t.end - t.event for t in trials))
    if first >= after:
        raise ValueError(
            f"event: no step from {within[0]} to {within[1]} around {event or 'their begin'} is "
            "one that all trials have and that was recorded: give another event, or longer trials."
        )
    place = np.full(labels["trial"].shape, -1)
    for trial in trials:
        here = np.arange(first, after)
        place[trial.event + here, trial.stream] = trial.stimulus * len(here) + here - first
    return Places(place, first, after - first, counts)


def _require_labels(labels: Mapping[str, Tensor], event: str | None) -> None:
    """Refuse labels without trials, conditions or the event."""
    needed = ("trial", "condition", *([] if event is None else [event]))
    for name in needed:
        if name not in labels or labels[name].ndim != 2:
            there = ", ".join(sorted(n for n, v in labels.items() if v.ndim == 2)) or "none"
            raise ValueError(
                f"event: the task has no label {name!r} of one number at each step; there are "
                f"{there}."
            )


def record_conditions(
    brain: Brain, windows: Sequence[Given], places: Places, signals: Sequence[str]
) -> ActivityBySignal:
    """Means of what the areas of a brain do, by condition; see `average_places`.

    Args:
        brain: the brain; it is left as it was.
        windows: of all its inputs, in the order in which places were found.
        places: of their steps.
        signals: of each area, among rate, error, prediction and state.
    """
    sums: dict[str, dict[str, Tensor]] = {}
    for did in follow(brain, windows, signals):
        place = places.place[did.start : did.start + len(did.values)]
        by_area = sums.setdefault(did.signal, {})
        values = did.values.flatten(2).cpu().double()
        if did.area not in by_area:
            by_area[did.area] = values.new_zeros(_count(places), values.shape[2])
        _add(by_area[did.area], values, place)
    return {
        signal: {area: _means(total, places) for area, total in areas.items()}
        for signal, areas in sums.items()
    }


def mean_inputs(values: Tensor, places: Places) -> Floats:
    """Means of an input or label [time, stream, ...] by condition: [stimulus, step, number]."""
    flat = values.reshape(*values.shape[:2], -1).double()
    total = flat.new_zeros(_count(places), flat.shape[2])
    _add(total, flat, places.place)
    return _means(total, places)


def _count(places: Places) -> int:
    return len(places.trials) * places.steps


def _add(total: Tensor, values: Tensor, place: Whole) -> None:
    """Values [time, stream, unit] to sums [place, unit]."""
    counted = torch.from_numpy(place >= 0)
    total.index_add_(0, torch.from_numpy(place)[counted], values[counted])


def _means(total: Tensor, places: Places) -> Floats:
    """[stimulus, step, unit] of sums [place, unit]."""
    sums = total.numpy().reshape(len(places.trials), places.steps, -1)
    return (sums / places.trials[:, None, None]).astype(np.float32)


def _happens(label: Tensor) -> NDArray[np.bool_]:
    return ((label >= 0) if label.is_floating_point() else (label != 0)).numpy()


def _trials(
    trial: Whole, condition: Whole, happens: NDArray[np.bool_] | None, conditions: Sequence[int]
) -> Iterator[_Trial]:
    """The whole trials [time, stream] of these conditions in which the event happens."""
    rows = {number: k for k, number in enumerate(conditions)}
    for stream in range(trial.shape[1]):
        changes = np.flatnonzero(np.diff(trial[:, stream])) + 1
        for begin, end in zip([0, *changes], changes, strict=False):  # the last may go on
            stimulus = rows.get(int(condition[begin, stream]))
            if trial[begin, stream] < 0 or stimulus is None:
                continue
            found = [0] if happens is None else np.flatnonzero(happens[begin:end, stream])
            if len(found):
                yield _Trial(stream, int(begin), int(begin + found[0]), int(end), stimulus)
