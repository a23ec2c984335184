"""The module of every data set: windows of its streams for training, validation and test."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypedDict

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.data.checks import require_whole
from brainmodel.data.held import LAST, HeldStream, require_whole_frames
from brainmodel.data.loaders import ContinuingLoader, FreshLoader, Windows
from brainmodel.data.streams import Part, Share
from brainmodel.data.window import Label, Window
from brainmodel.environments import Environment
from brainmodel.memory import require_memory


class StreamOptions(TypedDict, total=False):
    """The options of `StreamModule`, which every data set takes as well."""

    window: int
    batch_size: int
    episode: int
    seed: int
    num_workers: int
    windows_per_epoch: int
    validation_windows: int
    hold: int


LEAST = {"episode": 2, "seed": 0, "num_workers": 0}
"""What options must be at the least, where it is not 1."""


class StreamModule(pl.LightningDataModule, ABC):
    """Windows of continuing streams, for Lightning. Subclasses build the streams.

    Args:
        shapes: shape of one step of one sample, by input name; known without touching any data.
        label_names: of the labels of windows; None if not known without touching any data.
        frames_per_second: steps per second; where frames are held, frames of `hold` steps each.
        window: steps per window (K).
        batch_size: streams per PROCESS (B); process r serves streams r * B to (r + 1) * B.
        episode: steps until a stream shows something new.
        seed: the same seed gives the same streams; the global generators are never used.
        num_workers: processes that prepare windows; 0 prepares them in the main process.
        windows_per_epoch: length of a Lightning epoch; the streams go on across epochs.
        validation_windows: windows of held-out streams per validation and per test.
        hold: steps for which each frame is shown; from 2 on, windows and episodes are of whole
            frames, and the label "last" is true at the last step of each.

    Raises:
        ValueError: if a number is out of range, or not a multiple of `hold`.
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
        hold: int = 1,
    ) -> None:
        super().__init__()
        self.window, self.batch_size, self.episode, self.hold = window, batch_size, episode, hold
        self.seed, self.num_workers = seed, num_workers
        self.windows_per_epoch, self.validation_windows = windows_per_epoch, validation_windows
        self.shapes, self.frames_per_second = shapes, frames_per_second
        self._require_numbers()
        self.label_names = None if label_names is None else self.with_last(label_names)

    def _require_numbers(self) -> None:
        """Refuse numbers out of range, with a ValueError."""
        for field in StreamOptions.__annotations__:
            require_whole(field, getattr(self, field), LEAST.get(field, 1))
        require_whole("num_workers", self.num_workers, 0, 256)
        require_whole_frames(self.hold, window=self.window, episode=self.episode)
        frame = sum(math.prod(shape) for shape in self.shapes.values())
        require_memory(
            *max(
                ("window", self.window), ("batch_size", self.batch_size), key=lambda pair: pair[1]
            ),
            self.window * self.batch_size * frame,
            "take fewer, or smaller frames",
        )
        many = 10 * self.batch_size * self.episode
        require_memory("episode", self.episode, many, "take fewer steps")

    @property
    def label_kinds(self) -> dict[str, Label]:
        """What its labels are, by name, as far as it is known without touching any data."""
        return {}

    @property
    def environments(self) -> dict[str, Environment]:
        """What the areas of a brain act on, by name; nothing, of most data."""
        return {}

    @property
    def chance(self) -> dict[str, float]:
        """By label, what one scores who never looks at the inputs, as far as it is known.

        Of classes the share of steps at which the best constant answer is right; of quantities the
        explained variance, which is 0. Shown beside what a brain scores.
        """
        return {}

    @property
    def paired(self) -> bool:
        """Whether streams 2k and 2k + 1 are two views of one scene."""
        return False

    @abstractmethod
    def stream(self, share: Share) -> Windows:
        """Build the streams of `share`: training material, or held-out for the other parts."""

    def share(self, part: Part, rank: int = 0) -> Share:
        """The streams of `part` that process `rank` serves."""
        first = rank * self.batch_size
        return Share(self.seed, part, first, self.batch_size, self.window, self.episode)

    @property
    def facts(self) -> list[str]:
        """What a user should know of the data, in sentences; the log of a run begins with them."""
        return []

    def splits(self, window: Window, last: Window | None) -> dict[str, Tensor]:
        """What happens at the steps of a window, [time, batch] bool by name, for tables of errors.

        None where the data do not know.

        Args:
            window: of streams.
            last: the window before it; None where all streams begin.
        """
        del window, last
        return {}

    def foreseen(self, window: Window, last: Window | None) -> dict[str, dict[str, Tensor]]:
        """Inputs [time, batch, ...] as one who knows what moves would foresee them; see `splits`.

        Args:
            window: what comes.
            last: the window before it; None at the beginning.

        Returns:
            by kind of knowledge and input; none where the data do not know what moves.
        """
        del window, last
        return {}

    def with_last(self, label_names: Sequence[str]) -> list[str]:
        """Names of labels, with that of the last step of a frame where frames are held."""
        return [*label_names, *[LAST] * (self.hold > 1)]

    def windows(self, part: Part) -> Windows:
        """The windows of a part for this process, frames held as long as they are to be."""
        share = self.share(part, self._rank())
        if self.hold == 1:
            return self.stream(share)
        frames = share._replace(steps=share.steps // self.hold, episode=share.episode // self.hold)
        return HeldStream(self.stream(frames), self.hold)

    def first_windows(self, count: int) -> FreshLoader:
        """The first windows of the training streams, anew in each pass."""
        return FreshLoader(self.windows(Part.TRAINING), count, 0)

    def held_out_windows(
        self, count: int
    ) -> list[tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]]:
        """The first windows of the test streams: inputs, reset and labels, as `Window` has them.

        For whoever shows them to a brain and knows nothing of data sets, such as `probe`.
        """
        windows = self.windows(Part.TEST)
        return [tuple(windows.window(index)) for index in range(count)]  # type: ignore[misc]

    def train_dataloader(self) -> ContinuingLoader:
        """Training windows without end; remembers where it is in checkpoints."""
        return ContinuingLoader(
            self.windows(Part.TRAINING), self.windows_per_epoch, self.num_workers
        )

    def val_dataloader(self) -> FreshLoader:
        """The same held-out windows at every validation."""
        return self._held_out(Part.VALIDATION)

    def test_dataloader(self) -> FreshLoader:
        """Other windows of the held-out material, the same at every test."""
        return self._held_out(Part.TEST)

    def _held_out(self, part: Part) -> FreshLoader:
        return FreshLoader(self.windows(part), self.validation_windows, self.num_workers)

    def _rank(self) -> int:
        return 0 if self.trainer is None else self.trainer.global_rank
