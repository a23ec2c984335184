"""Temporal straightening: are the paths of movies straighter than in the pixels?

Henaff, Goris & Simoncelli (2019), Nat. Neurosci. 22:984; see `curvature.py`. Pixels are those of
the model's eye. The brain's paths are means over repeats: noise that is left bends them, so compare
brain areas with each other, not with a model.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from brainmodel.probing.activity import Presentation, to_eye
from brainmodel.probing.analyses.analysis import Analysis, Evidence, Illustration, Section
from brainmodel.probing.analyses.area_responses import Origin
from brainmodel.probing.analyses.dots import Dot, draw_dots
from brainmodel.probing.analyses.time_courses import mean_of_present
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Recording, Stimuli, covered_steps, resample
from brainmodel.probing.statistics import change_within, curvature

CAPTION = (
    "<b>Curvature of the paths of movies,</b> degrees between successive steps, mean over movies "
    "and its standard error. Square: pixels at the model's eye; dots: the trained model; rings: "
    "untrained seeds; diamonds: the brain, which is bent by noise too. Left of the square: "
    "straightened."
)
BATCH = 32  # movies at once


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

    def check(self, recording: Recording, stimuli: Stimuli, presentation: Presentation) -> None:
        moves = stimuli.frames.shape[1] >= 3 or presentation.gaze is not None
        if not moves or len(self._steps(stimuli, presentation)) < 3:
            raise ValueError(
                f"{recording.source}: {stimuli.frames.shape[1]} frames over "
                f"{len(self._steps(stimuli, presentation))} steps have no curvature: give movies "
                "of 3 or more, or leave straightening out."
            )

    def _steps(self, stimuli: Stimuli, presentation: Presentation) -> Any:
        """[point] steps of the model while the movie is on."""
        edges, slack = presentation.edges, 1e-9
        on = edges[1:] <= stimuli.edges[-1] + slack
        on &= edges[:-1] >= stimuli.edges[0] - slack
        return np.flatnonzero(on)[:: self.every]

    def __call__(self, evidence: Evidence) -> Section:
        steps = self._steps(evidence.stimuli, evidence.presentation)
        pixels = bends(np.concatenate(list(_frames(evidence, steps))))
        found = [(Origin("baseline", "pixels", None, "pixels", "frames"), pixels)]
        for source, areas in evidence.activity.items():
            if source.signal == "rate" and source.model != "baseline":
                found += [
                    (Origin(*source[:3], area, "rate"), bends(values[:, steps]))
                    for area, values in areas.items()
                ]
        found += [
            (Origin("brain", "", None, area, "response"), bends(path))
            for area, path in _brain_paths(evidence, steps)
        ]
        rows = [_row(origin, bent, pixels) for origin, bent in found]
        dots = [
            Dot(origin, row["curvature"], row["standard error"])
            for (origin, _), row in zip(found, rows, strict=True)
            if row["curvature"] is not None
        ]
        figure = draw_dots({"curvature, degrees": dots}, zero=False)
        return Section(
            "Straightening",
            {"straightening": rows},
            {"straightening": Illustration(figure, CAPTION)},
        )


def bends(paths: Floats) -> Floats:
    """[movie] curvature of paths [movie, point, ...] in degrees; NaN where one stands still."""
    flat = np.asarray(paths, float).reshape(*paths.shape[:2], -1)
    moving = (np.abs(np.diff(flat, axis=1)).max(2) > 0).all(1) & np.isfinite(flat).all((1, 2))
    found = np.full(len(flat), np.nan)
    if moving.any():
        found[moving] = curvature(flat[moving])
    return found


def _frames(evidence: Evidence, steps: Any) -> Iterator[Floats]:
    """Batches [movie, point, pixel] as the model's eye sees them."""
    shown, eye = evidence.presentation, evidence.eye
    for first in range(0, len(evidence.stimuli.frames), BATCH):
        rows = np.arange(first, min(first + BATCH, len(evidence.stimuli.frames)))
        seen = to_eye(shown.movies(evidence.stimuli, rows, eye[1]), eye)
        yield seen[shown.before :][steps].flatten(2).numpy().transpose(1, 0, 2)


def _brain_paths(evidence: Evidence, steps: Any) -> Iterator[tuple[str, Floats]]:
    """By area, [movie, point, neuron] means over repeats, of neurons that saw all movies.

    Areas whose recording covers fewer than three points are left out.
    """
    recording, edges = evidence.recording, evidence.presentation.edges
    covered = covered_steps(recording, edges, 0.0)
    points = np.flatnonzero(np.isin(covered, steps))
    if len(points) < 3:
        return
    shown = resample(recording, edges[covered[0] : covered[-1] + 2])
    for area in shown.area_names:
        means = mean_of_present(shown.of(areas=area).responses, (2,))  # [neuron, movie, step]
        path = means[:, :, points]
        path = path[np.isfinite(path).all((1, 2))]
        if len(path):
            yield area, path.transpose(1, 2, 0)


def _row(origin: Origin, bent: Floats, pixels: Floats) -> dict[str, Any]:
    """Curvature, and how much less it is than that of the pixels of the same movies."""
    there = np.isfinite(bent)
    row = origin._asdict() | {"movies": int(there.sum()), "standing still": int((~there).sum())}
    names = ("curvature", "standard error", "straightened by", "p")
    if there.sum() < 2:
        return row | dict.fromkeys(names)
    middle, error = float(bent[there].mean()), float(bent[there].std(ddof=1) / there.sum() ** 0.5)
    told: tuple[Any, ...] = (middle, error, None, None)
    if origin.model != "baseline" and np.isfinite(bent - pixels).sum() >= 2:
        change = change_within(bent, pixels)
        told = (middle, error, change.value, change.p)
    return row | dict(zip(names, told, strict=True))
