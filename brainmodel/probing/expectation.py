"""Expected against unexpected stimuli, in the brain and in the model's rates and errors.

Rates stand for somata, errors for what feedback brings to apical dendrites. The effect of a unit is
its mean over unexpected less that over expected stimuli, in a window of time (`unexpected.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.metric import Floats
from brainmodel.probing.recording import Recording


@dataclass(frozen=True)
class Expectation:
    """Which stimuli were expected.

    Args:
        expected: names of stimuli; * stands for any text.
        unexpected: likewise.
        window: start and end, s from stimulus onset, in which responses are averaged.
    """

    expected: Sequence[str]
    unexpected: Sequence[str]
    window: Sequence[float] = (0.0, 0.5)

    def __post_init__(self) -> None:
        if len(self.window) != 2 or not self.window[0] < self.window[1]:
            raise ValueError(f"window is {self.window!r}: give start and end in rising seconds.")


class Courses(NamedTuple):
    """One area's responses over time, and its effect."""

    where: str  # "brain" or the name of a model
    area: str
    signal: str  # response, rate or error
    edges: Floats  # [time + 1] s
    expected: Floats  # [time] mean over units and stimuli
    unexpected: Floats  # [time]
    effects: Floats  # [unit] unexpected less expected in the window; without units that are missing

    def row(self) -> dict[str, Any]:
        """The effect as a row of a table."""
        count, mean = len(self.effects), float(self.effects.mean())
        error = float(self.effects.std(ddof=1) / np.sqrt(count)) if count > 1 else None
        return {
            "where": self.where,
            "area": self.area,
            "signal": self.signal,
            "units": count,
            "effect": mean,
            "standard_error": error,
        }


def marks(expectation: Expectation, stimuli: NDArray[Any], source: str) -> tuple[Any, Any]:
    """[stimulus] masks of expected and unexpected stimuli.

    Raises:
        ValueError: if a pattern fits no stimulus, or a stimulus is both.
    """
    names = [str(name) for name in stimuli]
    found = []
    for field in ("expected", "unexpected"):
        mask = np.zeros(len(names), bool)
        for pattern in getattr(expectation, field):
            hit = np.array([fnmatchcase(name, pattern) for name in names])
            if not hit.any():
                raise ValueError(
                    f"{source}: expectation.{field} {pattern!r} fits no stimulus: there are "
                    f"{names[:5]} and so on."
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


def brain_courses(expectation: Expectation, recording: Recording) -> list[Courses]:
    """Of every brain area; neurons without an expected or unexpected response are left out."""
    masks = marks(expectation, recording.stimuli, recording.source)
    found = []
    for area in recording.area_names:
        values = recording.of(areas=area).responses
        means = [_mean(values[:, mask], (1, 2)) for mask in masks]  # [neuron, time] each
        found.append(_courses("brain", area, "response", recording.edges, means, expectation))
    return found


def model_courses(
    expectation: Expectation,
    recording: Recording,
    where: str,
    signals: Mapping[str, Mapping[str, Floats]],
    edges: Floats,
) -> list[Courses]:
    """Of every area and signal of a model, [stimulus, step, unit] each; errors by their size."""
    masks = marks(expectation, recording.stimuli, recording.source)
    found = []
    for signal, areas in signals.items():
        for area, values in areas.items():
            size = np.abs if signal == "error" else np.asarray
            means = [size(values[mask]).mean(0).T.astype(float) for mask in masks]
            found.append(_courses(where, area, signal, edges, means, expectation))
    return found


def _courses(
    where: str,
    area: str,
    signal: str,
    edges: Floats,
    means: list[Floats],
    expectation: Expectation,
) -> Courses:
    """From means [unit, time] to expected and unexpected stimuli."""
    start, end = expectation.window
    middle = (edges[:-1] + edges[1:]) / 2
    inside = (middle >= start) & (middle <= end)
    if not inside.any():
        raise ValueError(
            f"expectation.window: {start:g} to {end:g} s holds no time bin of {area} "
            f"({signal}), {edges[0]:g} to {edges[-1]:g} s: give a window within it."
        )
    effects = (means[1] - means[0])[:, inside].mean(1)
    there = np.isfinite(effects)
    if not there.any():
        raise ValueError(f"{area}: no neuron saw expected and unexpected stimuli: choose others.")
    expected, unexpected = (mean[there].mean(0) for mean in means)
    return Courses(where, area, signal, edges, expected, unexpected, effects[there])


def _mean(values: Floats, axes: tuple[int, ...]) -> Floats:
    """Mean of what is there; NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axes)
    total = np.where(there, values, 0).sum(axes)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
