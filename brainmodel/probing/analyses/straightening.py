"""Temporal straightening: are the paths of movies straighter than in the pixels?

Henaff, Goris & Simoncelli (2019), Nat. Neurosci. 22:984; see `statistics/path_curvature.py`. Pixels
are those of the model's eye. The brain's paths are means over repeats: the noise that is left bends
them, so compare brain areas with each other, not with a model.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.activity import Presentation
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import Origin
from brainmodel.probing.analyses.dots import Dot, draw_dots
from brainmodel.probing.analyses.time_courses import mean_of_present
from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings import (
    RecordedOrNot,
    Stimuli,
    Unrecorded,
    covered_steps,
    resample,
)
from brainmodel.probing.statistics import Change, change_within, curvature

CAPTION = (
    "<b>Curvature of the paths of movies,</b> degrees between successive steps, mean over movies "
    "and its standard error. Square: pixels at the model's eye; dots: the trained model; rings: "
    "untrained seeds; diamonds: the brain, which is bent by noise too. Left of the square: "
    "straightened."
)
BATCH = 32  # movies at once
SLACK = 1e-9  # s; rounding of the edges of frames


class AreaCurvature(NamedTuple):
    """Curvature of the paths in one area."""

    origin: Origin
    movies: int  # that move at every step
    still: int  # that do not
    mean: float | None  # degrees, over movies; None for fewer than two
    error: float | None  # standard error of the mean
    straightened: Change | None  # how much less than the curvature of the pixels


class Straightening(Analysis):
    """Curvature of the pixels, of every area of every model, and of the brain.

    Args:
        every: steps of the model from one point of a path to the next; more than 1 where frames
            stay on the screen for several steps.
    """

    def __init__(self, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every is {every}: give 1 step or more.")
        self.every = every

    def check(self, recording: RecordedOrNot, stimuli: Stimuli, presentation: Presentation) -> None:
        moves = stimuli.frames.shape[1] >= 3 or presentation.gaze is not None
        if not moves or len(self._steps(stimuli, presentation)) < 3:
            raise ValueError(
                f"{recording.source}: {stimuli.frames.shape[1]} frames over "
                f"{len(self._steps(stimuli, presentation))} steps have no curvature: give movies "
                "of 3 or more, or leave straightening out."
            )

    def _steps(self, stimuli: Stimuli, presentation: Presentation) -> Whole:
        """[point] steps of the model while the movie is on."""
        edges = presentation.edges
        on = edges[1:] <= stimuli.edges[-1] + SLACK
        on &= edges[:-1] >= stimuli.edges[0] - SLACK
        return np.flatnonzero(on)[:: self.every]

    def __call__(self, evidence: Evidence) -> Section:
        steps = self._steps(evidence.stimuli, evidence.presentation)
        pixels = curvatures(np.concatenate(list(_frames(evidence, steps))))
        found = [_judge(Origin("baseline", "pixels", None, "pixels", "frames"), pixels, None)]
        for origin, paths in (*_model_paths(evidence, steps), *_brain_paths(evidence, steps)):
            found.append(_judge(origin, curvatures(paths), pixels))
        dots = [
            Dot(area.origin, area.mean, area.error)
            for area in found
            if area.mean is not None and area.error is not None
        ]
        figure = draw_dots({"curvature, degrees": dots}, zero=False)
        return Section(
            "Straightening",
            {"straightening": [_row(area) for area in found]},
            {"straightening": Illustration(figure, CAPTION)},
        )


def curvatures(paths: Floats) -> Floats:
    """[movie] curvature in degrees of paths [movie, point, ...]; NaN where one stands still."""
    flat = np.asarray(paths, float).reshape(*paths.shape[:2], -1)
    moving = (np.abs(np.diff(flat, axis=1)).max(2) > 0).all(1) & np.isfinite(flat).all((1, 2))
    found = np.full(len(flat), np.nan)
    if moving.any():
        found[moving] = curvature(flat[moving])
    return found


def _frames(evidence: Evidence, steps: Whole) -> Iterator[Floats]:
    """Batches [movie, point, pixel] as the model's eye sees them."""
    shown, eye = evidence.presentation, evidence.eye
    for first in range(0, len(evidence.stimuli.frames), BATCH):
        rows = np.arange(first, min(first + BATCH, len(evidence.stimuli.frames)))
        seen = shown.seen(evidence.stimuli, rows, eye)
        yield seen[shown.before :][steps].flatten(2).numpy().transpose(1, 0, 2)


def _model_paths(evidence: Evidence, steps: Whole) -> Iterator[tuple[Origin, Floats]]:
    """By area of every brain, [movie, point, unit] rates."""
    for source, areas in evidence.activity.items():
        if source.signal == "rate" and source.model != "baseline":
            for area, values in areas.items():
                origin = Origin(source.model, source.instance, source.stage, area, "rate")
                yield origin, values[:, steps]


def _brain_paths(evidence: Evidence, steps: Whole) -> Iterator[tuple[Origin, Floats]]:
    """By brain area, [movie, point, neuron] means over repeats, of neurons that saw all movies.

    Areas whose recording covers fewer than three points are left out; there is none where a model
    alone is asked.
    """
    recording, edges = evidence.recording, evidence.presentation.edges
    if isinstance(recording, Unrecorded):
        return
    covered = covered_steps(recording, edges, 0.0)
    points = np.flatnonzero(np.isin(covered, steps))
    if len(points) < 3:
        return
    shown = resample(recording, edges[covered[0] : covered[-1] + 2])
    for area in shown.area_names:
        means = mean_of_present(shown.of(areas=area).responses, (2,))  # [neuron, movie, step]
        paths = means[:, :, points]
        paths = paths[np.isfinite(paths).all((1, 2))]
        if len(paths):
            yield Origin("brain", "", None, area, "response"), paths.transpose(1, 2, 0)


def _judge(origin: Origin, found: Floats, pixels: Floats | None) -> AreaCurvature:
    """Curvature [movie], and how much less it is than that of the pixels of the same movies."""
    there = np.isfinite(found)
    counts = int(there.sum()), int((~there).sum())
    if counts[0] < 2:
        return AreaCurvature(origin, *counts, None, None, None)
    mean, error = float(found[there].mean()), float(found[there].std(ddof=1) / there.sum() ** 0.5)
    change = None
    if pixels is not None and np.isfinite(found - pixels).sum() >= 2:
        change = change_within(found, pixels)
    return AreaCurvature(origin, *counts, mean, error, change)


def _row(area: AreaCurvature) -> dict[str, Any]:
    """As a row of a table."""
    change = area.straightened
    return area.origin._asdict() | {
        "movies": area.movies,
        "standing still": area.still,
        "curvature": area.mean,
        "standard error": area.error,
        "straightened by": None if change is None else change.value,
        "p": None if change is None else change.p,
    }
