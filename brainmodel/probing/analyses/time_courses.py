"""Responses of one area over time to expected and to unexpected stimuli.

Of the brain and of models alike, [unit, stimulus, repeat, time]: rates of a model stand for somata,
the size of its errors for what feedback brings to apical dendrites. An event is a repeat of a
stimulus; a model, which does the same each time, has one for each stimulus.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.analyses.area_responses import Origin
from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics import Events

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


class TimeCourses(NamedTuple):
    """One area's responses over time, and its effect."""

    origin: Origin
    edges: Floats  # [time + 1] s
    expected: Floats  # [time] mean over units and stimuli
    unexpected: Floats  # [time]
    effects: Floats  # [unit] unexpected less expected in the window; without units that are missing
    events: Events  # of the same units; NaN where a unit lacks one


def marks(
    expected: Sequence[str], unexpected: Sequence[str], stimuli: NDArray[Any], source: str
) -> Masks:
    """[stimulus] masks of expected and unexpected stimuli; * in their patterns is any text.

    Raises:
        ValueError: if a pattern fits no stimulus, or a stimulus is both.
    """
    names = [str(name) for name in stimuli]
    found = []
    for field, patterns in (("expected", expected), ("unexpected", unexpected)):
        mask = np.zeros(len(names), bool)
        for pattern in patterns:
            hit = np.array([fnmatchcase(name, pattern) for name in names])
            if not hit.any():
                raise ValueError(
                    f"{source}: {field} {pattern!r} fits no stimulus: there are {names[:5]} "
                    "and so on."
                )
            mask |= hit
        found.append(mask)
    both = found[0] & found[1]
    if both.any() or not (found[0].any() and found[1].any()):
        what = names[int(both.argmax())] if both.any() else "no stimulus"
        raise ValueError(
            f"{source}: {what!r} is both expected and unexpected, or one of them is empty: give "
            "patterns that tell stimuli apart."
        )
    return found[0], found[1]


def within(window: Sequence[float], edges: Floats, what: str) -> NDArray[np.bool_]:
    """[time] bins whose middle lies in the window; ValueError if there is none."""
    start, end = window
    middle = (edges[:-1] + edges[1:]) / 2
    inside = (middle >= start) & (middle <= end)
    if not inside.any():
        raise ValueError(
            f"window: {start:g} to {end:g} s holds no time bin of {what}, {edges[0]:g} to "
            f"{edges[-1]:g} s: give a window within it."
        )
    return inside


def time_courses(
    origin: Origin, values: Floats, edges: Floats, masks: Masks, window: Sequence[float]
) -> TimeCourses:
    """From responses [unit, stimulus, repeat, time]; units that lack a kind are left out."""
    inside = within(window, edges, f"{origin.area} ({origin.signal})")
    means = [mean_of_present(values[:, mask], (1, 2)) for mask in masks]  # [unit, time] each
    effects = (means[1] - means[0])[:, inside].mean(1)
    there = np.isfinite(effects)
    if not there.any():
        raise ValueError(
            f"{origin.area}: no neuron saw expected and unexpected stimuli: choose others."
        )
    expected, unexpected = (side[there].mean(0) for side in means)
    events = [_events(values[there][:, mask][..., inside]) for mask in masks]
    return TimeCourses(origin, edges, expected, unexpected, effects[there], Events(*events))


def _events(values: Floats) -> Floats:
    """[unit, event] means over time, without events that nobody has."""
    flat = values.mean(3).reshape(len(values), -1)
    return flat[:, np.isfinite(flat).any(0)]


def mean_of_present(values: Floats, axes: tuple[int, ...]) -> Floats:
    """Mean of what is there; NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axes)
    total = np.where(there, values, 0).sum(axes)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
