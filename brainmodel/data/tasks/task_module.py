"""The module of every task: streams of trials, what they ask, and what knowing nothing achieves."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from brainmodel.data.checks import require_whole
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.streams import Share
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.trials import TrialOrder, TrialStream
from brainmodel.data.window import Label

LONGEST_TRIAL = 100_000
"""Steps."""


class LoaderOptions(TypedDict, total=False):
    """The options of `StreamModule` that have nothing to do with trials."""

    batch_size: int
    seed: int
    num_workers: int
    windows_per_epoch: int
    validation_windows: int


class TaskOptions(LoaderOptions, total=False):
    """The options of `TaskModule`, which every task takes as well."""

    window: int | None
    aligned: bool
    reset: bool


class TaskModule(StreamModule, ABC):
    """Trials of a task, one after the other in each stream. Subclasses build the streams.

    Every task brings the labels [time, batch]

        trial: the number of the trial in its stream; -1 between trials
        condition: which of the task's conditions it is; -1 between trials
        response: true at the steps at which an answer counts (see `objectives.When`)

    and what is asked for at these.

    Args:
        channels: what the rates of each input are, by its name.
        labels: what the task's own labels are, by name.
        conditions: how many there are.
        trial: steps of the shortest and of the longest trial.
        spikes: makes spikes of all inputs, if given.
        frames_per_second: steps per second.
        window: steps per window (K); those of the longest trial unless given.
        aligned: whether each window is one trial of every stream, from its first step on; else
            trials follow each other without a gap, and each stream is somewhere else in its own.
        reset: whether the brain begins anew with each trial; else only with each stream.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range, or a window shorter than the trial it is to hold.
    """

    def __init__(
        self,
        *,
        channels: Mapping[str, Sequence[str]],
        labels: Mapping[str, Label],
        conditions: int,
        trial: tuple[int, int],
        spikes: PoissonSpikes | None = None,
        frames_per_second: float = 100.0,
        window: int | None = None,
        aligned: bool = False,
        reset: bool = True,
        **options: Unpack[LoaderOptions],
    ) -> None:
        shortest, longest = trial
        window = longest if window is None else window
        require_whole("window", window, 1)
        if aligned and window < longest:
            raise ValueError(
                f"window is {window}: the longest trial has {longest} steps, and an aligned window "
                f"holds a whole one; give {longest} or more, or aligned: false."
            )
        each = 1 if spikes is None else spikes.neurons
        self._kinds = dict(labels) | {
            "trial": Label(),
            "condition": Label((-1, conditions - 1)),
            "response": Label((0, 1)),
        }
        super().__init__(
            shapes={name: [len(rates) * each] for name, rates in channels.items()},
            label_names=list(self._kinds),
            frames_per_second=frames_per_second,
            window=window,
            episode=max(2, longest),
            **options,
        )
        self.channels = {name: list(rates) for name, rates in channels.items()}
        self.order = TrialOrder(shortest, longest, aligned, reset)
        self.spikes = spikes

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        return self._kinds

    @property
    @abstractmethod
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""

    @property
    def facts(self) -> list[str]:
        """What chance is; see `StreamModule.facts`."""
        told = ", ".join(f"{name} {score:.3f}" for name, score in self.chance.items())
        return [f"The score of the best answer that is always the same: {told}."]

    @abstractmethod
    def stream(self, share: Share) -> TrialStream:
        """Build the streams of `share`."""


def require_range(field: str, values: tuple[int, int], least: int, most: int) -> None:
    """Refuse anything but two whole numbers in order, such as the shortest and longest delay.

    Raises:
        ValueError: in one sentence with field, value and remedy.
    """
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
    if len(values) != 2 or not whole or not least <= values[0] <= values[1] <= most:
        raise ValueError(
            f"{field} is {list(values)}: give two whole numbers, the least and the most, from "
            f"{least} to {most}."
        )
