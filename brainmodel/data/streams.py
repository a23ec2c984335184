"""Streams: endless, seeded, random-access sequences, cut into windows.

A stream is a chain of episodes of equal length (one photograph looked at, one clip, one pair of
digits). An episode has a SCRIPT, a few numbers per step (where the eye looks, which frame of
which video), drawn from a generator seeded by (seed, part, stream number, episode number) alone.
A window RENDERS K steps of the scripts of B streams. So window i is the same whichever process,
worker or resumed run asks for it, and window i + 1 goes on where window i ended.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypedDict

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.data.checks import require_whole
from brainmodel.data.loaders import ContinuingLoader, FreshLoader
from brainmodel.data.window import Window

Script = dict[str, NDArray]
"""One episode, or part of one: arrays [step, ...] by name. An array "begin" [step] bool, if
present, marks further steps at which something unrelated to the step before begins."""

_GOLDEN = (5**0.5 - 1) / 2  # spreads the beginnings of episodes evenly over any number of streams


class Part(IntEnum):
    """What the streams are for; validation and test show the same held-out material."""

    TRAINING = 0
    VALIDATION = 1
    TEST = 2


class Share(NamedTuple):
    """Which streams one process serves, and in what portions."""

    seed: int
    part: Part
    first: int  # number of the first stream: rank * batch
    batch: int  # streams
    steps: int  # per window
    episode: int  # steps per episode


class Rendering(NamedTuple):
    """What a piece of script looks like: inputs and labels [time, batch, ...] by name."""

    inputs: dict[str, Tensor]
    labels: dict[str, Tensor]


class Stream(ABC):
    """B endless streams. Subclasses say what an episode's script is and how it is rendered.

    Attributes:
        siblings: how many streams, one after the other, share each script (see `view`).
    """

    siblings: int = 1

    def __init__(self, share: Share) -> None:
        self.share = share
        self._current: dict[int, tuple[int, Script]] = {}  # family: (episode, its script)

    @abstractmethod
    def script(self, random: np.random.Generator) -> Script:
        """Draw one episode: arrays [share.episode, ...], from `random` and nothing else."""

    @abstractmethod
    def render(self, script: Script) -> Rendering:
        """Show arrays [time, batch, ...] of scripts."""

    def view(self, script: Script, sibling: int) -> Script:
        """The script as the sibling of that number, from 0, sees it; by default the same for all.

        Args:
            script: of a whole episode; left as it is.
            sibling: its number.
        """
        del sibling
        return script

    def window(self, index: int) -> Window:
        """Window `index` (0, 1, ...): steps index * K to (index + 1) * K of every stream."""
        numbers = range(self.share.first, self.share.first + self.share.batch)
        pieces = [self._steps(number, index * self.share.steps) for number in numbers]
        script = {name: np.stack([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
        reset = torch.from_numpy(script.pop("begin"))
        rendering = self.render(script)
        return Window(rendering.inputs, reset, rendering.labels)

    def _steps(self, number: int, start: int) -> Script:
        """Script of the K steps of one stream from step `start` on."""
        family, sibling = divmod(number, self.siblings)
        stagger = int(self.share.episode * ((family * _GOLDEN) % 1))
        time = np.arange(start, start + self.share.steps)
        episodes, steps = np.divmod(time + stagger, self.share.episode)
        pieces = []
        for episode in range(episodes[0], episodes[-1] + 1):
            script, here = self._episode(family, episode), steps[episodes == episode]
            script = self.view(script, sibling)
            pieces.append({name: values[here] for name, values in script.items()})
        joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        begin = joined.get("begin", np.zeros(len(time), dtype=bool))
        return joined | {"begin": begin | (steps == 0) | (time == 0)}

    def _episode(self, family: int, episode: int) -> Script:
        """The whole script of one episode; the last one of each family is kept at hand."""
        held = self._current.get(family)
        if held is None or held[0] != episode:
            key = [self.share.seed, int(self.share.part), family, episode]
            held = (episode, self.script(np.random.default_rng(key)))
            self._current[family] = held
        return held[1]


class StreamOptions(TypedDict, total=False):
    """The options of `StreamModule`, which every data set takes as well."""

    window: int
    batch_size: int
    episode: int
    seed: int
    num_workers: int
    windows_per_epoch: int
    validation_windows: int


class StreamModule(pl.LightningDataModule, ABC):
    """Windows of continuing streams, for Lightning. Subclasses say how a stream is built.

    Attributes:
        shapes: shape of one step of one sample, by input name; known without touching any data.
        label_names: of the labels that windows bring; None if not known without touching data.
        frames_per_second: for showing the frames as a video.

    Args:
        shapes: shape of one step of one sample, by input name.
        label_names: of the labels that windows bring.
        frames_per_second: steps per second.
        window: steps per window (K).
        batch_size: streams per PROCESS (B); process r serves streams r * B to (r + 1) * B.
        episode: steps until a stream shows something new.
        seed: the same seed gives the same streams; the global generators are never used.
        num_workers: processes that prepare windows; 0 prepares them in the main process.
        windows_per_epoch: length of a Lightning epoch; the streams go on across epochs.
        validation_windows: windows of held-out streams per validation and per test.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        *,
        shapes: dict[str, list[int]],
        label_names: Sequence[str] | None = None,
        frames_per_second: float = 30.0,
        window: int = 20,
        batch_size: int = 32,
        episode: int = 120,
        seed: int = 0,
        num_workers: int = 0,
        windows_per_epoch: int = 100,
        validation_windows: int = 10,
    ) -> None:
        super().__init__()
        for field, value, least in (
            ("window", window, 1),
            ("batch_size", batch_size, 1),
            ("episode", episode, 2),
            ("seed", seed, 0),
            ("num_workers", num_workers, 0),
            ("windows_per_epoch", windows_per_epoch, 1),
            ("validation_windows", validation_windows, 1),
        ):
            require_whole(field, value, least)
        self.shapes = shapes
        self.label_names = label_names
        self.frames_per_second = frames_per_second
        self.window = window
        self.batch_size = batch_size
        self.episode = episode
        self.seed = seed
        self.num_workers = num_workers
        self.windows_per_epoch = windows_per_epoch
        self.validation_windows = validation_windows

    @abstractmethod
    def stream(self, share: Share) -> Stream:
        """Build the streams of `share`: training material, or held-out for the other parts."""

    def share(self, part: Part, rank: int = 0) -> Share:
        """What process `rank` serves of `part`."""
        first = rank * self.batch_size
        return Share(self.seed, part, first, self.batch_size, self.window, self.episode)

    def train_dataloader(self) -> ContinuingLoader:
        """Training windows without end; remembers where it is in checkpoints."""
        stream = self.stream(self.share(Part.TRAINING, self._rank()))
        return ContinuingLoader(stream, self.windows_per_epoch, self.num_workers)

    def val_dataloader(self) -> FreshLoader:
        """The same held-out windows at every validation."""
        return self._held_out(Part.VALIDATION)

    def test_dataloader(self) -> FreshLoader:
        """Other windows of the held-out material, the same at every test."""
        return self._held_out(Part.TEST)

    def _held_out(self, part: Part) -> FreshLoader:
        stream = self.stream(self.share(part, self._rank()))
        return FreshLoader(stream, self.validation_windows, self.num_workers)

    def _rank(self) -> int:
        return 0 if self.trainer is None else self.trainer.global_rank
