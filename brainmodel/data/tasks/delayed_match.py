"""Delayed match to sample: was what is shown now the same as what was shown before the delay?

    before | sample | delay, perhaps with distractors | test | response
    loss and accuracy count in `response` only, while the cue is on and nothing else is shown

The delay is uniform over whole steps. The sample is uniform over the stimuli; with probability 1/2
the test is the sample, else uniform over the others. Distractors are uniform over all stimuli but
the sample, each at a uniform time within its own part of the delay. So neither the test alone nor
the length of the delay tells the answer: it takes a memory of the sample that distractors do not
overwrite (Miller, Erickson & Desimone (1996), J. Neurosci. 16:5154).

Chance is 1/2. A test that is a distractor is not the sample, so whoever remembers the last
distractor only, and says so, is right in 1/2 + 1 / (2 (stimuli - 1)) of the trials, 2/3 with four
stimuli: see `last_seen`.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import (
    LONGEST_TRIAL,
    TaskModule,
    TaskOptions,
    require_range,
)
from brainmodel.data.tasks.trials import Integers, Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label


class Match(NamedTuple):
    """Delayed match to sample; times in steps."""

    stimuli: int
    delay: tuple[int, int]  # shortest and longest
    distractors: int
    before: int
    shown: int  # sample, distractors and test alike
    response: int
    non_match: bool

    @property
    def fixed(self) -> int:
        """Steps of a trial without those of the delay."""
        return self.before + 2 * self.shown + self.response


class MatchStream(TrialStream):
    """Trials of delayed match to sample."""

    def __init__(
        self, share: Share, order: TrialOrder, match: Match, spikes: PoissonSpikes | None
    ) -> None:
        super().__init__(share, order, spikes)
        self.match = match
        self.draws = 4 + 2 * match.distractors

    def trials(self, drawn: Uniform) -> Script:
        """Delay, sample, test, and what distracts when."""
        match = self.match
        shortest, longest = match.delay
        delay = shortest + whole(drawn[0], longest - shortest + 1)
        sample = whole(drawn[1], match.stimuli)
        same = drawn[2] < 0.5
        test = np.where(same, sample, self._other(sample, drawn[3]))
        script = {
            "steps": match.fixed + delay,
            "condition": 2 * sample + same,
            "delay": delay,
            "sample": sample,
            "test": test,
        }
        part = delay // max(1, match.distractors)
        for k in range(match.distractors):
            script[f"distractor_{k}"] = self._other(sample, drawn[4 + 2 * k])
            within = whole(drawn[5 + 2 * k], part - match.shown)
            script[f"onset_{k}"] = match.before + match.shown + k * part + 1 + within
        return script

    def _other(self, sample: Integers, drawn: Uniform) -> Integers:
        """Any stimulus but the sample."""
        return (sample + 1 + whole(drawn, self.match.stimuli - 1)) % self.match.stimuli

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus", one for each stimulus and the cue; labels "answer" and "response"."""
        match, step = self.match, steps.step
        sample, test = steps.of(script["sample"]), steps.of(script["test"])
        test_on = match.before + match.shown + steps.of(script["delay"])
        seen = np.where(during(step, match.before, match.shown), sample, -1)
        for k in range(match.distractors):
            there = during(step, steps.of(script[f"onset_{k}"]), match.shown)
            seen = np.where(there, steps.of(script[f"distractor_{k}"]), seen)
        seen = np.where(during(step, test_on, match.shown), test, seen)
        rate = np.empty((*step.shape, match.stimuli + 1), dtype=np.float32)
        rate[..., :-1] = seen[..., None] == np.arange(match.stimuli)
        rate[..., -1] = step >= test_on
        answer = (sample == test) != match.non_match
        labels = {
            "answer": torch.from_numpy(answer.astype(np.int64)),
            "response": torch.from_numpy(step >= test_on + match.shown),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class DelayedMatch(TaskModule):
    """Delayed match to sample, with a delay that varies and distractors in it.

    Inputs of a window: stimulus [time, batch, stimuli + 1], the rate, 0 or 1, of a unit for each
    stimulus, and of the cue, which is on from the test to the end of the trial.
    Labels: answer [time, batch], 1 if the test is the sample, else 0; and those of `TaskModule`.
    Condition: twice the number of the sample, and one more if the test is the same.

    Args:
        stimuli: how many there are.
        delay: steps from the end of the sample to the test, the least and the most.
        distractors: how many are shown during each delay.
        before: steps before the sample.
        shown: steps that each stimulus is shown.
        response: steps after the test in which an answer counts.
        non_match: whether the answer is 1 where the test is NOT the sample.
        spikes: makes spikes of the input, if given.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range, the distractors do not fit into the delay, or there
            are distractors and only two stimuli.
    """

    def __init__(
        self,
        stimuli: int = 4,
        delay: tuple[int, int] = (5, 15),
        distractors: int = 0,
        before: int = 2,
        shown: int = 3,
        response: int = 3,
        non_match: bool = False,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("stimuli", stimuli, 2, 1000)
        require_range("delay", delay, 0, LONGEST_TRIAL)
        require_whole("distractors", distractors, 0, 100)
        require_whole("before", before, 1, LONGEST_TRIAL)
        require_whole("shown", shown, 1, LONGEST_TRIAL)
        require_whole("response", response, 1, LONGEST_TRIAL)
        if distractors and stimuli == 2:
            raise ValueError(
                "stimuli is 2: a distractor, the one that the sample is not, would tell the "
                "sample; give 3 or more, or distractors: 0."
            )
        if distractors and delay[0] // distractors <= shown:
            raise ValueError(
                f"delay is {list(delay)}: {distractors} distractors of {shown} steps, with one "
                f"before each, need a delay of {distractors * (shown + 1)} or more."
            )
        self.match = Match(
            stimuli, (delay[0], delay[1]), distractors, before, shown, response, non_match
        )
        super().__init__(
            channels={"stimulus": [*(f"stimulus {k}" for k in range(stimuli)), "cue"]},
            labels={"answer": Label((0, 1))},
            conditions=2 * stimuli,
            trial=(self.match.fixed + delay[0], self.match.fixed + delay[1]),
            spikes=spikes,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.5}

    @property
    def last_seen(self) -> float:
        """The accuracy of who remembers what was seen last before the test, and nothing else."""
        if not self.match.distractors:
            return 1.0
        return 0.5 + 0.5 / (self.match.stimuli - 1)

    def stream(self, share: Share) -> MatchStream:
        """Trials of a part."""
        return MatchStream(share, self.order, self.match, self.spikes)
