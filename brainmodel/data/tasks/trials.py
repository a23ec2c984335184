"""Streams of trials: one after the other without end, of lengths that vary, all streams at once.

A trial is a few random numbers that depend on (seed, part, stream number, number of the trial) and
on nothing else (`CounterDraws`); what is told and asked at each of its steps follows from them.
Noise and spikes depend on the step of the trial besides. Trials follow each other within a stream
as they are drawn, so that a stream goes on from window to window whatever the windows are; or,
aligned, every window is one trial of every stream, from its first step on, and after the trial
there is nothing until the window ends.

Where trials begin is a sum of lengths. It is carried from window to window; to begin at a later one
the lengths before it are drawn again, and nothing is shown.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.streams import GOLDEN, Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import CounterDraws, Uniform
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.window import Window

Integers = NDArray[np.int64]
TRIAL, NOISE, SPIKES = 0, 1, 2
"""What is drawn: what a trial is; noise of its inputs; which neurons fire."""
BETWEEN = 2**48  # the moments of steps between trials begin here
BLOCK = 64  # trials whose lengths are drawn at once on the way to a later window


class TrialOrder(NamedTuple):
    """How trials follow each other, the same for all parts of the data."""

    shortest: int  # steps of a trial
    longest: int
    aligned: bool  # each window is one trial
    reset: bool  # the brain begins anew with each trial


class Steps(NamedTuple):
    """Which steps of which trials a window shows."""

    time: Integers  # [time, 1] steps since the streams began
    stream: Integers  # [batch] numbers of the streams
    trial: Integers  # [time, batch] number of the trial; -1 between trials
    step: Integers  # [time, batch] steps since the trial began; -1 between trials
    row: Integers  # [time, batch] which of the trials that were drawn; any between trials
    moment: (
        Integers  # [time, batch] a number that no other step of the stream has, for what is drawn
    )

    def of(self, values: NDArray) -> NDArray:
        """What the trials' values [trial, batch, ...] are at each step, [time, batch, ...]."""
        if len(values) == 1:
            return np.broadcast_to(values[0], self.step.shape + values.shape[2:])
        return values[self.row, np.arange(len(self.stream))]


class _Place(NamedTuple):
    """Where the streams are at some step."""

    start: int  # the step
    first: Integers  # [batch] number of the trial that goes on, or begins next
    begin: Integers  # [batch] step at which that one begins


class TrialStream(ABC):
    """B endless streams of trials. Subclasses say what a trial is, and how it looks and sounds.

    Args:
        share: which streams, and the sizes of windows.
        order: how trials follow each other.
        spikes: makes spikes of the inputs, if given.

    Attributes:
        draws: how many uniform random numbers make a trial.
    """

    draws: int

    def __init__(
        self, share: Share, order: TrialOrder, spikes: PoissonSpikes | None = None
    ) -> None:
        self.share, self.order, self.spikes = share, order, spikes
        self.numbers = share.first + np.arange(share.batch)
        self._of_trials, self.noise = CounterDraws(share, TRIAL), CounterDraws(share, NOISE)
        self._of_spikes = CounterDraws(share, SPIKES)
        late = (order.longest * (self.numbers * GOLDEN % 1)).astype(np.int64)  # not all at once
        self._origin = _Place(0, np.zeros(share.batch, dtype=np.int64), late)
        self._place = self._origin

    @abstractmethod
    def trials(self, drawn: Uniform) -> Script:
        """What trials are, from random numbers alone.

        Args:
            drawn: [draws, trial, batch].

        Returns:
            arrays [trial, batch, ...] by name, of whole numbers "steps", how long a trial is, and
            "condition", which one it is.
        """

    @abstractmethod
    def render(self, steps: Steps, script: Script) -> Rendering:
        """Inputs, as rates, and labels "response" (whether an answer counts) and of the task.

        Args:
            steps: of the window.
            script: what `trials` found, [trial, batch, ...]; see `Steps.of`, which has no meaning
                between trials.
        """

    def window(self, index: int) -> Window:
        """Window `index` (0, 1, ...): steps index * K to (index + 1) * K of every stream."""
        steps, script = self._aligned(index) if self.order.aligned else self._flowing(index)
        rendering = self.render(steps, script)
        inputs = rendering.inputs
        if self.spikes is not None:
            inputs = {
                name: self.spikes(rate, self._of_spikes, steps.stream, steps.moment)
                for name, rate in inputs.items()
            }
        begun = steps.step == 0 if self.order.reset else np.zeros(steps.step.shape, dtype=bool)
        labels = {
            "trial": torch.from_numpy(steps.trial),
            "condition": torch.from_numpy(
                np.where(steps.step < 0, -1, steps.of(script["condition"]))
            ),
        }
        reset = torch.from_numpy(begun | (steps.time == 0))
        return Window(inputs, reset, labels | rendering.labels)

    def _aligned(self, index: int) -> tuple[Steps, Script]:
        """One trial of each stream, from its first step on."""
        script = self._draw(np.full(self.share.batch, index), 1)
        within = np.arange(self.share.steps)[:, None]
        on = within < script["steps"]
        time, row = index * self.share.steps + within, np.zeros(on.shape, dtype=np.int64)
        trial, step = np.where(on, index, -1), np.where(on, within, -1)
        return self._steps(time, trial, step, row), script

    def _flowing(self, index: int) -> tuple[Steps, Script]:
        """The steps of a window wherever trials begin."""
        start, size = index * self.share.steps, self.share.steps
        place = self._at(start)
        script = self._draw(place.first, 1 + -(-(size - 1) // self.order.shortest))
        ends = place.begin + np.cumsum(script["steps"], axis=0)
        begins = np.concatenate([place.begin[None], ends[:-1]])
        self._place = _onward(start + size, place, ends)
        within = (begins >= start) & (begins < start + size)
        new = np.zeros((size, self.share.batch), dtype=np.int64)
        new[(begins - start)[within], np.nonzero(within)[1]] = 1
        which = np.cumsum(new, axis=0) - (place.begin >= start)  # -1 before the first trial
        time, row = np.arange(start, start + size)[:, None], np.maximum(which, 0)
        step = np.where(which < 0, -1, time - begins[row, np.arange(self.share.batch)])
        trial = np.where(which < 0, -1, place.first + row)
        return self._steps(time, trial, step, row), script

    def _steps(self, time: Integers, trial: Integers, step: Integers, row: Integers) -> Steps:
        """With moments, which are the same for a trial wherever in the stream it lies."""
        moment = np.where(step < 0, BETWEEN + time, trial * self.order.longest + step)
        return Steps(time, self.numbers, trial, step, row, moment)

    def _at(self, start: int) -> _Place:
        """Where the streams are at a step; it is looked for from the last place on, if later."""
        place = self._place if self._place.start <= start else self._origin
        while place.start < start:
            ends = place.begin + np.cumsum(self._draw(place.first, BLOCK)["steps"], axis=0)
            place = _onward(min(start, int(ends[-1].min())), place, ends)
        return place

    def _draw(self, first: Integers, count: int) -> Script:
        """What `count` trials of each stream are, from number `first` [batch] on."""
        number = first + np.arange(count)[:, None]
        return self.trials(self._of_trials.uniform(self.numbers, number, self.draws))


def during(step: Integers, start: Integers | int, steps: Integers | int) -> NDArray[np.bool_]:
    """Whether something that begins at a step of the trial, and lasts so many, is there.

    Args:
        step: since the trial began, -1 between trials, [...].
        start: 0 or later, [...].
        steps: [...].
    """
    return (step >= start) & (step < start + steps)


def _onward(start: int, place: _Place, ends: Integers) -> _Place:
    """The place at a later step, from the ends [trial, batch] of the trials from `place` on."""
    over = (ends <= start).sum(axis=0)
    last = np.take_along_axis(ends, np.maximum(over - 1, 0)[None], axis=0)[0]
    return _Place(start, place.first + over, np.where(over > 0, last, place.begin))
