"""Streams of real video, and the split into training and held-out frames."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from brainmodel.data.eye_movements import (
    EyeMovements,
    EyeSize,
    gaze,
    motion_of,
    sides,
    view_grid,
    walls,
)
from brainmodel.data.streams import Rendering, Script, Share, Stream
from brainmodel.data.video_files import Film


class Scene(NamedTuple):
    """A stretch of one film without a cut, that belongs to one part."""

    film: int
    first: int  # frame
    frames: int


class Sides(NamedTuple):
    """Scenes to train on and scenes held out."""

    training: list[Scene]
    held_out: list[Scene]


def split_films(films: Sequence[Film], held_out: float, gap: float) -> Sides:
    """Divide films so that no frame is in both parts.

    With four films or more, whole films are held out, at least two, chosen by a hash of their
    names (the same ones for every seed). With fewer, the end of each film is held out, and the
    `gap` seconds before it are left out of both; films that are too short for that are left out,
    if others are not.

    Args:
        films: all of them.
        held_out: fraction of the films, or of each film, to hold out.
        gap: seconds.

    Raises:
        ValueError: if every film is too short to be divided.
    """
    whole = [Scene(index, 0, film.frames) for index, film in enumerate(films)]
    count = max(2, round(held_out * len(films)))
    if len(films) - count >= 2:
        chosen = sorted(whole, key=lambda scene: _mixed(films[scene.film].name))[:count]
        return Sides([scene for scene in whole if scene not in chosen], sorted(chosen))
    sides = Sides([], [])
    for scene in whole:
        film = films[scene.film]
        end = round(film.frames * held_out)
        begin = film.frames - end - round(gap * film.frames_per_second)
        if begin >= 2 and end >= 2:
            sides.training.append(Scene(scene.film, 0, begin))
            sides.held_out.append(Scene(scene.film, film.frames - end, end))
    if not sides.training:
        longest = max(films, key=lambda film: film.frames)
        raise ValueError(
            f"held_out is {held_out} and gap is {gap}: give smaller ones, {longest.name} is too "
            f"short with {longest.frames} frames."
        )
    return sides


def cut(films: Sequence[Film], scenes: Sequence[Scene], below: float | None) -> list[Scene]:
    """Cut scenes where a frame's correlation with the one before is lower than `below`.

    Pieces of a single frame are left out. None cuts nowhere.
    """
    if below is None:
        return list(scenes)
    pieces = []
    for film, first, frames in scenes:
        unlike = np.flatnonzero(films[film].resemblance()[first + 1 : first + frames] < below) + 1
        edges = [0, *unlike.tolist(), frames]
        for begin, end in zip(edges, edges[1:], strict=False):
            if end - begin >= 2:
                pieces.append(Scene(film, first + begin, end - begin))
    return pieces


def _mixed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


class Playing(NamedTuple):
    """How films are shown."""

    size: EyeSize  # shown
    stride: int
    frames_per_second: float | None  # None: as filmed
    movements: EyeMovements | None  # None: the eye rests on the centre
    flip: bool  # mirror half of the clips left to right

    def pace(self, film: Film) -> float:
        """Frames of `film` per step."""
        rate = self.frames_per_second
        return self.stride * (1.0 if rate is None else film.frames_per_second / rate)


class VideoStream(Stream):
    """Clips of films, from random beginnings; a short scene is followed by another one."""

    def __init__(
        self,
        share: Share,
        films: Sequence[Film],
        scenes: Sequence[Scene],
        playing: Playing,
        labels: dict[str, NDArray[np.int64]],
    ) -> None:
        """Play `scenes` of `films`; `labels` are whole numbers [film] by name."""
        super().__init__(share)
        self.films = films
        self.scenes = scenes
        self.playing = playing
        self.labels = labels
        self._chances = np.array([scene.frames for scene in scenes], dtype=np.float64)
        self._chances /= self._chances.sum()

    def script(self, random: np.random.Generator) -> Script:
        """Per step: film, frame, gaze, its motion, whether mirrored; and "begin"."""
        clips: list[Script] = []
        left = self.share.episode
        while left > 0:
            clips.append(self._clip(left, random))
            left -= len(clips[-1]["frame"])
        return {name: np.concatenate([clip[name] for clip in clips]) for name in clips[0]}

    def _clip(self, longest: int, random: np.random.Generator) -> Script:
        """Up to `longest` steps of one scene."""
        scene = self.scenes[random.choice(len(self.scenes), p=self._chances)]
        film = self.films[scene.film]
        pace = self.playing.pace(film)
        steps = min(longest, 1 + int((scene.frames - 1) / pace))
        spare = scene.frames - 1 - int((steps - 1) * pace)
        start = scene.first + random.integers(spare + 1)
        path = self._gaze(film, steps, film.frames_per_second / pace, random)
        motion = motion_of(path).astype(np.float32)
        mirrored = self.playing.flip and random.random() < 0.5
        motion[:, 0] *= -1 if mirrored else 1
        return {
            "film": np.full(steps, scene.film),
            "frame": start + (np.arange(steps) * pace).astype(np.int64),
            "gaze": path,
            "motion": motion,
            "mirrored": np.full(steps, mirrored),
            "begin": np.arange(steps) == 0,
        }

    def _gaze(
        self, film: Film, steps: int, rate: float, random: np.random.Generator
    ) -> NDArray[np.float64]:
        """Path [step, 3] over the film, at `rate` steps per second."""
        (height, width), movements = sides(self.playing.size), self.playing.movements
        if movements is None:  # whole pixels: nothing is interpolated
            corner = np.array([(film.width - width) // 2, (film.height - height) // 2])
            middle = corner + (np.array([width, height]) - 1) / 2
            return np.tile([*middle, 0.0], (steps, 1))
        within = walls(movements, (height, width), (film.width - 1, film.height - 1))
        return gaze(movements, steps, rate, within, random).path

    def render(self, script: Script) -> Rendering:
        """Frames "eye"; the labels of the films, and "motion" of the eye."""
        films, size = script["film"], self.playing.size
        eye = torch.empty(*films.shape, self.films[0].channels, *sides(size))
        for index in np.unique(films).tolist():
            film, here = self.films[index], films == index
            frames = torch.from_numpy(film.read(script["frame"][here])).permute(0, 3, 1, 2)
            path = torch.from_numpy(script["gaze"][here])
            eye[torch.from_numpy(here)] = F.grid_sample(
                frames.float().div_(255),
                view_grid(path, size, film.height, film.width),
                padding_mode="border",
                align_corners=True,
            )
        eye.clamp_(0, 1)  # rounding of the interpolation weights
        mirrored = torch.from_numpy(script["mirrored"])
        eye[mirrored] = eye[mirrored].flip(-1)
        labels = {name: torch.from_numpy(values[films]) for name, values in self.labels.items()}
        return Rendering({"eye": eye}, labels | {"motion": torch.from_numpy(script["motion"])})
