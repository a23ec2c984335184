"""The module of every data set: windows of its streams for training, validation and test."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypedDict

import pytorch_lightning as pl
from torch import Tensor

from brainmodel.data.checks import require_whole
from brainmodel.data.loaders import ContinuingLoader, FreshLoader, Windows
from brainmodel.data.streams import Part, Share
from brainmodel.data.window import Label, Window
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


class StreamModule(pl.LightningDataModule, ABC):
    """Windows of continuing streams, for Lightning. Subclasses build the streams.

    Args:
        shapes: shape of one step of one sample, by input name; known without touching any data.
        label_names: of the labels of windows; None if not known without touching any data.
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
        require_whole("num_workers", num_workers, 0, 256)
        frame = sum(math.prod(shape) for shape in shapes.values())
        require_memory(
            *max(("window", window), ("batch_size", batch_size), key=lambda pair: pair[1]),
            window * batch_size * frame,
            "take fewer, or smaller frames",
        )
        require_memory("episode", episode, 10 * batch_size * episode, "take fewer steps")
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

    @property
    def label_kinds(self) -> dict[str, Label]:
        """What its labels are, by name, as far as it is known without touching any data."""
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

    def first_windows(self, count: int) -> FreshLoader:
        """The first windows of the training streams, anew in each pass."""
        return FreshLoader(self.stream(self.share(Part.TRAINING, self._rank())), count, 0)

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
