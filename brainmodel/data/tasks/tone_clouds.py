"""Tone clouds: was there more of the low octave, or of the high one? And then the other way round.

    before | cloud: a new tone every step | response:   answer = 1 (right) if the target is high
    P(tone in the target octave) = (1 + 2 r) / 3,    in each of the two others (1 - r) / 3

Tones of 30 ms begin every 10 ms; there are 18 frequencies from 5 to 40 kHz, evenly spaced in their
logarithm, 6 in each octave. r is the strength of a trial; within an octave all are as likely. So
Znamenskiy & Zador (2013), Nature 497:482, and Xiong, Znamenskiy & Zador (2015), Nature 521:348, who
found that the synapses from auditory cortex onto striatum change by their tuning, one way in rats
that learnt low left, high right, the other way in rats that learnt the opposite. Ghosh & Zador
(2021), eNeuro 8, then reversed what the tones mean (timing and probabilities cited from memory).

The inputs are such neurons of auditory cortex, one for each frequency, so the weights of an area
upon them are read by tuning as they stand.

Chance is 1/2. The best possible, of who counts the tones of the two octaves, is exact: see `best`.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.streams import Part, Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import CounterDraws, Uniform, whole
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Integers, Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label

TONES = 12  # what is drawn
OCTAVES, EACH = 3, 6  # frequencies in each octave
LASTS = 3  # steps of 10 ms
KILOHERTZ = 5 * 8 ** (np.arange(OCTAVES * EACH) / (OCTAVES * EACH - 1))


class Clouds(NamedTuple):
    """Clouds of tones, and what they mean; times in steps of 10 ms."""

    strengths: tuple[float, ...]
    shown: int
    before: int
    response: int
    high_right: bool
    reversal: int | None  # trials

    @property
    def length(self) -> int:
        """Steps of a trial."""
        return self.before + self.shown + self.response


class CloudStream(TrialStream):
    """Trials of tone clouds."""

    draws = 2

    def __init__(self, share: Share, order: TrialOrder, clouds: Clouds) -> None:
        super().__init__(share, order)
        self.clouds, self._tones = clouds, CounterDraws(share, TONES)

    def trials(self, drawn: Uniform) -> Script:
        """The target, 1 if it is high, and the strength."""
        strengths = self.clouds.strengths
        high, which = whole(drawn[0], 2), whole(drawn[1], len(strengths))
        return {
            "steps": np.full(high.shape, self.clouds.length),
            "condition": 2 * which + high,
            "high": high,
            "strength": np.array(strengths)[which],
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """How many tones of each frequency there are as "stimulus", and the go; labels."""
        clouds, step = self.clouds, steps.step
        high, strength = steps.of(script["high"]), steps.of(script["strength"])
        on = during(step, clouds.before, clouds.shown)
        rate = np.zeros((*step.shape, OCTAVES * EACH + 1), dtype=np.float32)
        for since in range(LASTS):
            sounds = on & (step - since >= clouds.before)
            tone = self._frequency(steps, since, high, strength)
            rate[..., :-1] += sounds[..., None] * (tone[..., None] == np.arange(OCTAVES * EACH))
        response = step >= clouds.before + clouds.shown
        rate[..., -1] = response
        swapped = (not clouds.high_right) ^ self._reversed(steps.trial)
        labels = {
            "answer": torch.from_numpy(high ^ swapped),
            "response": torch.from_numpy(response),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)

    def _frequency(self, steps: Steps, since: int, high: Integers, strength: Uniform) -> Integers:
        """Which tone began so many steps ago, [time, batch]; any between trials."""
        first, second = self._tones.uniform(steps.stream, np.maximum(steps.moment - since, 0), 2)
        middle, target = (1 - strength) / 3, high * (OCTAVES - 1)
        kind = np.where(first < middle, 1, np.where(first < 2 * middle, 2 - target, target))
        return kind * EACH + whole(second, EACH)

    def _reversed(self, trial: Integers) -> Integers:
        """1 where the tones mean the opposite, [time, batch]; held-out trials are of the last."""
        if self.clouds.reversal is None:
            return np.zeros_like(trial)
        if self.share.part != Part.TRAINING:
            return np.ones_like(trial)
        return (trial >= self.clouds.reversal).astype(np.int64)


class ToneClouds(TaskModule):
    """Go right if there was more of the high octave, left if there was more of the low one.

    Steps have 10 ms.
    Inputs of a window: stimulus [time, batch, 19], how many tones of each frequency sound, from low
    to high, and the go, 0 or 1.
    Labels: answer [time, batch], 1 for right, else 0; and those of `TaskModule`. Condition: twice
    the number of the strength, from the weakest on, and one more if the target is high.

    Args:
        strengths: r of trials, above 0 and up to 1.
        shown: steps of the cloud.
        before: steps before it.
        response: steps after it in which an answer counts.
        high_right: false: high tones mean left.
        reversal: after how many trials of each stream in training the tones mean the opposite from
            then on; held-out trials then are of the opposite throughout. Never unless given.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        strengths: tuple[float, ...] = (0.2, 0.5, 1.0),
        shown: int = 30,
        before: int = 2,
        response: int = 5,
        high_right: bool = True,
        reversal: int | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        if not strengths:
            raise ValueError("strengths is []: give one or more, above 0 and up to 1.")
        for strength in strengths:
            require_number("strengths", strength, 1e-6, 1, "shares")
        require_whole("shown", shown, 1, LONGEST_TRIAL)
        require_whole("before", before, 1, LONGEST_TRIAL)
        require_whole("response", response, 1, LONGEST_TRIAL)
        if reversal is not None:
            require_whole("reversal", reversal, 1)
        ordered = tuple(sorted(strengths))
        self.clouds = Clouds(ordered, shown, before, response, high_right, reversal)
        super().__init__(
            channels={"stimulus": [*(f"{khz:.1f} kHz" for khz in KILOHERTZ), "go"]},
            labels={"answer": Label((0, 1))},
            conditions=2 * len(strengths),
            trial=(self.clouds.length, self.clouds.length),
            frames_per_second=100.0,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.5}

    @property
    def best(self) -> float:
        """The accuracy of who counts the tones of the two octaves, and guesses where they tie."""
        found = []
        for r in self.clouds.strengths:
            chances = np.ones(1)  # of the difference of the counts, from all other to all target
            for _ in range(self.clouds.shown):
                chances = np.convolve(chances, [(1 - r) / 3, (1 - r) / 3, (1 + 2 * r) / 3])
            middle = self.clouds.shown
            found.append(chances[middle + 1 :].sum() + chances[middle] / 2)
        return float(np.mean(found))

    def stream(self, share: Share) -> CloudStream:
        """Trials of a part."""
        return CloudStream(share, self.order, self.clouds)
