"""Add: a sum of two tosses of a coin, made some time ago, at every step.

    y(t) = .5 + .5 x(t - first) - .25 x(t - second)          x(t) a fair coin, tossed anew each time
    class(t) = 1 with probability y(t), else 0

Marschall, Cho & Savin (2020), JMLR 21(135), after Pitis (2016). What is known shows in
the cross-entropy of the class, in nats: .6616 of who knows nothing, .5192 of who knows the first
toss, .4545 of who knows both (see `floors`). Of y itself the first toss explains 4/5 of the
variance, both explain all of it.

A trial is a stretch of tosses; only within it does what was tossed before count, and answers count
from the step on at which both tosses lie in it. Chance for the class is 5/8, the mean of y.
"""

from math import log
from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import CounterDraws, Uniform
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream
from brainmodel.data.window import Label

TOSS, CLASS = 10, 11  # what is drawn


class Tosses(NamedTuple):
    """Tosses of a coin; times in tosses."""

    first: int
    second: int  # later than the first
    length: int  # of a trial
    slowness: int  # steps of each toss


class AddStream(TrialStream):
    """Tosses without end, in stretches."""

    draws = 1

    def __init__(self, share: Share, order: TrialOrder, tosses: Tosses) -> None:
        super().__init__(share, order)
        self.tosses = tosses
        self._coin, self._class = CounterDraws(share, TOSS), CounterDraws(share, CLASS)

    def trials(self, drawn: Uniform) -> Script:
        """All are alike."""
        same = np.ones(drawn.shape[1:], dtype=np.int64)
        return {"steps": same * self.tosses.length * self.tosses.slowness, "condition": 0 * same}

    def render(self, steps: Steps, script: Script) -> Rendering:
        """The coin as "stimulus", x and 1 - x; labels "answer", "class" and "response"."""
        del script
        first, second, length, slowness = self.tosses
        toss = steps.step // slowness
        known = (steps.step >= 0) & (toss >= second)
        number = np.maximum(steps.trial, 0) * length + toss  # of all tosses of the stream
        now, one, other = (
            self._coin.uniform(steps.stream, np.maximum(number - lag, 0), 1)[0] < 0.5
            for lag in (0, first, second)
        )
        on = steps.step >= 0
        rate = np.stack([now & on, ~now & on], axis=2).astype(np.float32)
        total = 0.5 + 0.5 * one - 0.25 * other
        drawn = self._class.uniform(steps.stream, steps.moment, 1)[0]
        labels = {
            "answer": torch.from_numpy(total[..., None].astype(np.float32)),
            "class": torch.from_numpy((drawn < total).astype(np.int64)),
            "response": torch.from_numpy(known),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class Add(TaskModule):
    """The sum of two tosses of a coin, made some time ago.

    Inputs of a window: stimulus [time, batch, 2], x and 1 - x, each 0 or 1.
    Labels [time, batch, ...]: answer [1], y; class, 1 with probability y, else 0; and those of
    `TaskModule`. There is one condition.

    Args:
        first: how many tosses ago the one was made that adds a half.
        second: how many tosses ago, further back, the one was made that takes away a quarter.
        length: tosses of a trial.
        slowness: steps of each toss.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        first: int = 5,
        second: int = 9,
        length: int = 100,
        slowness: int = 1,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("first", first, 1, LONGEST_TRIAL)
        require_whole("second", second, first + 1, LONGEST_TRIAL)
        require_whole("length", length, second + 1, LONGEST_TRIAL)
        require_whole("slowness", slowness, 1, LONGEST_TRIAL // length)
        self.tosses = Tosses(first, second, length, slowness)
        super().__init__(
            channels={"stimulus": ["x", "1 - x"]},
            labels={"answer": Label(shape=(1,)), "class": Label((0, 1))},
            conditions=1,
            trial=(length * slowness, length * slowness),
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.0, "class": 5 / 8}

    @property
    def floors(self) -> dict[str, float]:
        """Cross-entropies of the class, in nats, by what is known."""
        means = {
            "nothing": [5 / 8],
            "the first toss": [3 / 8, 7 / 8],
            "both tosses": [1 / 4, 1 / 2, 3 / 4, 1.0],
        }
        return {known: sum(map(_entropy, own)) / len(own) for known, own in means.items()}

    def stream(self, share: Share) -> AddStream:
        """Tosses of a part."""
        return AddStream(share, self.order, self.tosses)


def _entropy(likely: float) -> float:
    """Of a coin, in nats."""
    return -sum(p * log(p) for p in (likely, 1 - likely) if p > 0)
