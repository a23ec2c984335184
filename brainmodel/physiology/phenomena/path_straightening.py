"""Temporal straightening: paths of movies are straighter in an area than in the pixels.

    straightening = curvature of the frames - curvature of the rates, in degrees

Curvature is the mean angle between successive steps (Hénaff, Goris & Simoncelli (2019), Nat.
Neurosci. 22:984; Hénaff et al. (2021), Nat. Commun. 12:5982, of V1). Movies are held-out
photographs along which an eye drifts, without saccades; whole areas are looked at, not units.
"""

from math import inf

import numpy as np
import torch

from brainmodel.brain import Brain
from brainmodel.data.checks import require_whole
from brainmodel.data.photograph_files import load_photograph, photograph_file, soften
from brainmodel.data.photographs import HELD_OUT
from brainmodel.physiology.eye_of import show
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import Frames, eye_size
from brainmodel.physiology.stimulus_checks import require_above_zero
from brainmodel.probing.statistics.path_curvature import curvature
from brainmodel.wiring.outside import ByAddress

STEPS, WARM = 16, 6


class PathStraightening(Phenomenon):
    """The curvature of rates beside that of the frames.

    Args:
        movies: how many.
        speed: pixels per step.
    """

    title = "Temporal straightening"
    index = "curvature of frames - curvature of rates, degrees"
    published = "macaque V1: above 0 for natural movies (Hénaff et al. 2021)"
    axis = "0: frames, 1: rates (curvature, degrees)"
    samples = "movies"

    def __init__(self, movies: int = 24, speed: float = 0.7):
        require_whole("movies", movies, 1)
        require_above_zero("speed", speed, inf, "pixels per step")
        self.movies, self.speed = movies, speed

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [0.0, 1.0]

    def frames(self, size: int) -> Frames:
        """Movies of photographs along smooth curves, a path of its own for each."""
        random = np.random.default_rng(0)
        scenes = []
        for movie in range(self.movies):
            file = photograph_file(HELD_OUT[movie % len(HELD_OUT)])
            picture = soften(load_photograph(file, 1, 4 * size), 1.0)[0]
            turn = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.1, STEPS + WARM))
            path = np.cumsum(self.speed * np.stack([np.cos(turn), np.sin(turn)], 1), axis=0)
            scenes.append(_along(picture, path, random.uniform(0.3, 0.7, 2), size))
        return torch.stack(scenes, dim=1)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`."""
        frames = self.frames(eye_size(brain))
        rates: dict[str, list[torch.Tensor]] = {}
        for activities in show(brain, frames, gains):
            for name, own in activities.items():
                rates.setdefault(name, []).append(own.rate.flatten(2).cpu().double())
        seen = _curvature(frames.flatten(2).double())
        found = {}
        for name, own in rates.items():
            bent = _curvature(torch.cat(own))
            found[name] = Showing(seen - bent, torch.stack([seen.mean(), bent.nanmean()]))
        return found


def _along(picture: torch.Tensor, path: np.ndarray, start: np.ndarray, size: int) -> torch.Tensor:
    """[time, size, size] windows of a picture along a path in pixels, bilinear in between."""
    height, width = picture.shape
    middle = torch.from_numpy(start * [height, width] + path).float()
    offset = torch.arange(size) - (size - 1) / 2
    y = 2 * (middle[:, 0, None] + offset) / (height - 1) - 1
    x = 2 * (middle[:, 1, None] + offset) / (width - 1) - 1
    grid = torch.stack([x[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], 3)
    whole = picture[None, None].expand(len(path), -1, -1, -1)
    return torch.nn.functional.grid_sample(
        whole, grid, padding_mode="reflection", align_corners=True
    )[:, 0]


def _curvature(course: torch.Tensor) -> torch.Tensor:
    """[movie] of a course [time, movie, unit]; not a number where it stands still."""
    trajectories = course[WARM:].transpose(0, 1).numpy()
    moves = (np.linalg.norm(np.diff(trajectories, axis=1), axis=2) > 0).all(1)
    found = np.full(len(trajectories), np.nan)
    if moves.any():
        found[moves] = curvature(trajectories[moves])
    return torch.from_numpy(found).float()
