"""Responses of one area over time to expected and to unexpected stimuli.

Of brain areas and of model areas alike: the rates of a model stand for somata, the size of its
errors for what feedback brings to apical dendrites. An event is a repeat of a stimulus; a model,
which responds the same each time, has one event for each stimulus.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.analyses.area_responses import AreaResponses, Origin
from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics import Events, Stage

Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""[stimulus] which are expected, and which unexpected."""


class TimeCourses(NamedTuple):
    """Responses of one area over time, and the effect of the unexpected on them."""

    origin: Origin
    edges: Floats  # [time + 1] s
    expected: Floats  # [time] mean over units and stimuli
    unexpected: Floats  # [time]
    effects: Floats  # [unit] unexpected less expected in the window; without units that are missing
    events: Events  # of the same units; NaN where a unit lacks one

    @property
    def error(self) -> float | None:
        """Standard error of the mean effect, over events; None for fewer than two of a kind."""
        if min(kind.shape[1] for kind in self.events) < 2:
            return None
        means = [mean_of_present(kind, (0,)) for kind in self.events]  # [event]
        return float(np.sqrt(sum(m.var(ddof=1) / len(m) for m in means)))


class AreaEffect(NamedTuple):
    """What the unexpected does to one area."""

    courses: TimeCourses
    selectivity: Stage | None  # None where there are too few events, or no unit varies


def masks_of(
    expected: Sequence[str], unexpected: Sequence[str], stimuli: NDArray[Any], source: str
) -> Masks:
    """Which stimuli are expected and unexpected.

    Args:
        expected, unexpected: patterns of names, in which * stands for any text.
        stimuli: [stimulus] names.
        source: of the stimuli, for messages.

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
    """[time] bins whose middle lies in the window.

    Args:
        window: start and end, s.
        edges: [time + 1] of the bins, s.
        what: they are the bins of, for messages.

    Raises:
        ValueError: if there is none, or the window is far too long.
    """
    start, end = window
    if end - start >= max(10, 10 * float(np.ptp(edges))):
        raise ValueError(
            f"window: {start:g} to {end:g} s reaches far beyond the time bins of {what}, "
            f"{edges[0]:g} to {edges[-1]:g} s: give seconds, not milliseconds."
        )
    middle = (edges[:-1] + edges[1:]) / 2
    inside = (middle >= start) & (middle <= end)
    if not inside.any():
        raise ValueError(
            f"window: {start:g} to {end:g} s holds no time bin of {what}, {edges[0]:g} to "
            f"{edges[-1]:g} s: give a window within it."
        )
    return inside


def time_courses(responses: AreaResponses, masks: Masks, window: Sequence[float]) -> TimeCourses:
    """Of one area; units without a response to either kind of stimuli are left out.

    Raises:
        ValueError: if no unit has responses to both kinds, or the window holds no time bin.
    """
    origin, values, edges = responses
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
    """[unit, event] means over time, without events that no unit has."""
    flat = values.mean(3).reshape(len(values), -1)
    return flat[:, np.isfinite(flat).any(0)]


def mean_of_present(values: Floats, axes: tuple[int, ...]) -> Floats:
    """Mean over axes of the values that are not NaN; NaN where all are."""
    there = np.isfinite(values)
    count = there.sum(axes)
    total = np.where(there, values, 0).sum(axes)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
