"""The module of all data sets that are made of video files."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from brainmodel.data.checks import (
    LARGEST,
    require_channels,
    require_number,
    require_whole,
    require_writable,
)
from brainmodel.data.eye_movements import EyeMovements, sides
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Part, Share
from brainmodel.data.video_files import Film, load_films, usual_cache
from brainmodel.data.video_streams import Playing, VideoStream, cut, split_films
from brainmodel.errors import require_seconds


class VideoOptions(StreamOptions, total=False):
    """The options of `VideoModule`, which every data set of video files takes as well."""

    size: int | list[int]
    channels: int
    stride: int
    frames_per_second: float | None
    margin: int
    movements: EyeMovements | None
    flip: bool
    letterbox: bool
    held_out: float
    gap: float
    cut_below: float | None
    cache: Path | None


class VideoModule(StreamModule):
    """Streams of video files, decoded when the first stream is built. Subclasses name the files.

    Films of fewer steps than a window are left out, unless all are.

    Inputs of a window: eye [time, batch, channels, height, width] float32 in [0, 1].
    Labels: video [time, batch], the number of the file; motion [time, batch, 3], of the eye.

    Args:
        skip_corrupt: leave out files that cannot be decoded instead of refusing them.
        size: of what is shown, in pixels: one number, or a height and a width.
        channels: 1 for gray, 3 for RGB.
        stride: show every n-th frame.
        frames_per_second: play at this rate, at most that of the slowest film; null plays
            each film frame by frame.
        margin: pixels by which a film is kept higher and wider than `size`.
        movements: how an eye wanders over the films, `margin` permitting; all rates 0 make
            it rest on a random square; null shows the centre.
        flip: mirror half of the training clips left to right.
        letterbox: show whole frames, with gray above and below wide ones (beside high ones).
            Otherwise the shorter side fills the view, and an eye that rests on the centre never
            sees what lies beyond it; `facts` say so.
        held_out: fraction of films, or of each film if they are few, for validation and test.
        gap: seconds left out between training and held-out frames of the same film.
        cut_below: a frame whose correlation with the one before is lower than this begins
            something new (a cut); null never cuts.
        cache: folder for decoded videos; null is brainmodel/videos in the user's cache.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        *,
        skip_corrupt: bool,
        size: int | list[int] = 32,
        channels: int = 1,
        stride: int = 1,
        frames_per_second: float | None = None,
        margin: int = 0,
        movements: EyeMovements | None = None,
        flip: bool = False,
        letterbox: bool = False,
        held_out: float = 0.2,
        gap: float = 1.0,
        cut_below: float | None = 0.3,
        cache: Path | None = None,
        **options: Unpack[StreamOptions],
    ) -> None:
        eye = _pixels(size)
        require_channels(channels)
        require_whole("stride", stride, 1)
        require_whole("margin", margin, 0, LARGEST)
        require_number("held_out", held_out, 0.01, 0.9, "a fraction of the frames")
        require_seconds("gap", gap, 0, 300)
        if frames_per_second is not None:
            require_number("frames_per_second", frames_per_second, 0.01, 1e4, "frames per second")
        if cut_below is not None:
            require_number("cut_below", cut_below, -1, 1, "a correlation")
        _check_margin(max(eye), margin, movements)
        super().__init__(
            shapes={"eye": [channels, *eye]},
            label_names=["motion", "video"],
            frames_per_second=(frames_per_second or 25.0) / stride,
            **options,
        )
        self.skip_corrupt = skip_corrupt
        self.playing = Playing(eye, stride, frames_per_second, movements, flip)
        self.channels, self.margin, self.letterbox = channels, margin, letterbox
        self.held_out, self.gap, self.cut_below = held_out, gap, cut_below
        self.cache = usual_cache() if cache is None else Path(cache)
        require_writable("cache", self.cache)
        self._films: list[Film] | None = None
        self.left_out: dict[Path, str] = {}

    @abstractmethod
    def files(self) -> list[Path]:
        """The video files; FileNotFoundError in one sentence if there are none."""

    def films(self) -> list[Film]:
        """The decoded videos, from the cache where possible; `left_out` names the others."""
        if self._films is None:
            self._films = self._load()
        return self._films

    def _load(self) -> list[Film]:
        high, wide = (side + self.margin for side in sides(self.playing.size))
        found = load_films(
            self.files(), (high, wide), self.channels, self.cache, self.skip_corrupt, self.letterbox
        )
        self._require_rate(found.films)
        short = {film.source: self._steps(film) for film in found.films}
        short = {source: steps for source, steps in short.items() if steps < self.window}
        if len(short) == len(found.films):
            short = {}  # then they follow each other within a window
        self.left_out = found.left_out | {
            source: f"has {steps} steps, a window {self.window}" for source, steps in short.items()
        }
        return [film for film in found.films if film.source not in short]

    def _require_rate(self, films: Sequence[Film]) -> None:
        rate = self.playing.frames_per_second
        for film in films:
            if rate is not None and film.frames_per_second < rate:
                raise ValueError(
                    f"frames_per_second is {rate:g}: give at most {film.frames_per_second:g}, "
                    f"the rate of {film.name}."
                )

    def _steps(self, film: Film) -> int:
        return 1 + int((film.frames - 1) / self.playing.pace(film))

    @property
    def facts(self) -> list[str]:
        """What is shown of the videos, and which are left out; sentences for the log."""
        films = self.films()
        unused = {film.source: "is too short to be divided" for film in self._undivided(films)}
        left_out = self.left_out | unused
        said = [
            f"{len(films) - len(unused)} of {len(films) + len(self.left_out)} videos are shown."
        ]
        if left_out:
            named = ", ".join(f"{file.name} ({why})" for file, why in left_out.items())
            said.append(f"{len(left_out)} are left out: {named}.")
        if all(self._steps(film) < self.window for film in films):
            said.append(
                f"All are shorter than a window of {self.window} steps: they follow others."
            )
        high, across = sides(self.playing.size)
        wide = [film for film in films if film.width * high != film.height * across]
        if wide and self.playing.movements is None:
            cropped = f"{wide[0].name} is seen {wide[0].height} pixels high, {wide[0].width} wide"
            said.append(
                f"{len(wide)} have another form and are cropped to their centre ({cropped}): "
                "letterbox: true shows them whole."
            )
        return said

    def _undivided(self, films: Sequence[Film]) -> list[Film]:
        """Films of which no side has a scene."""
        used = {s.film for side in split_films(films, self.held_out, self.gap) for s in side}
        return [film for number, film in enumerate(films) if number not in used]

    def labels(self, films: Sequence[Film]) -> dict[str, NDArray[np.int64]]:
        """Whole numbers [film] by name, for linear probes."""
        return {"video": np.arange(len(films))}

    def prepare_data(self) -> None:
        """Decode on one process, so that the others find the videos in the cache."""
        self.films()

    def stream(self, share: Share) -> VideoStream:
        """Play the scenes of a part; held-out ones are never mirrored."""
        films = self.films()
        sides = split_films(films, self.held_out, self.gap)
        if share.part is Part.TRAINING:
            scenes, playing = sides.training, self.playing
        else:
            scenes, playing = sides.held_out, self.playing._replace(flip=False)
        scenes = cut(films, scenes, self.cut_below)
        if not scenes:
            raise ValueError(
                f"cut_below is {self.cut_below}: give a lower one, no frame resembles the next."
            )
        return VideoStream(share, films, scenes, playing, self.labels(films))


def _pixels(size: int | list[int]) -> tuple[int, int]:
    """Height and width of an eye, each a whole number of pixels."""
    given = [size, size] if isinstance(size, int) else list(size)
    if len(given) != 2:
        raise ValueError(f"size is {size!r}: give one number, or a height and a width.")
    for side in given:
        require_whole("size", side, 4, LARGEST)
    return given[0], given[1]


def _check_margin(size: int, margin: int, movements: EyeMovements | None) -> None:
    """Refuse a zoom that would look beyond the film."""
    if movements is None:
        return
    needed = math.ceil((size - 1) * (math.exp(movements.largest_zoom) - 1))
    if margin < needed:
        raise ValueError(f"margin is {margin}: give at least {needed}, or set zoom to 0.")
