"""Pattern generation: go through a course of outputs that one moment's cue names.

    cue: one of P units | y_k(t) = a_k sum_f A_kf sin( 2 pi f t / T + phi_kf ),    f = 1 ... F

Each pattern is F sines of 1 to F cycles per pattern with amplitudes uniform in [.5, 2] and phases
uniform, scaled by a_k to a variance of 1: after Bellec et al. (2020), Nature Comm. 11:3625,
who had one pattern and a clock; here there is no clock, and the patterns are several. Patterns are
drawn from the seed alone and are the same in all parts: held-out trials show whether they were
learnt.

Every step after the cue counts. Chance is an explained variance of 0, of the best constant; who
knows the time but not the cue explains the variance of the mean over patterns, about 1 / P.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.checks import require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions, require_range
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label


class Patterns(NamedTuple):
    """Patterns to be gone through; times in steps."""

    courses: NDArray[np.float32]  # [pattern, step, output]
    before: tuple[int, int]  # shortest and longest
    cue: int


def draw_patterns(
    patterns: int, outputs: int, length: int, sines: int, seed: int
) -> NDArray[np.float32]:
    """Patterns [pattern, step, output], each output of mean 0 and variance 1 over its steps."""
    random = np.random.default_rng([seed, 2])
    size = random.uniform(0.5, 2.0, (patterns, 1, outputs, sines))
    phase = random.uniform(0, 2 * np.pi, (patterns, 1, outputs, sines))
    time = np.arange(length)[:, None, None] / length
    waves = size * np.sin(2 * np.pi * time * np.arange(1, sines + 1) + phase)
    course = waves.sum(axis=3)
    return (course / course.std(axis=1, keepdims=True)).astype(np.float32)


class PatternStream(TrialStream):
    """Trials of pattern generation."""

    draws = 2

    def __init__(
        self, share: Share, order: TrialOrder, patterns: Patterns, spikes: PoissonSpikes | None
    ) -> None:
        super().__init__(share, order, spikes)
        self.patterns = patterns

    def trials(self, drawn: Uniform) -> Script:
        """Which pattern, and when its cue comes."""
        least, most = self.patterns.before
        before = least + whole(drawn[1], most - least + 1)
        count, length, _ = self.patterns.courses.shape
        return {
            "steps": before + self.patterns.cue + length,
            "condition": whole(drawn[0], count),
            "before": before,
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus" of one unit for each pattern; labels "answer" and "response"."""
        patterns, step, number = self.patterns, steps.step, steps.of(script["condition"])
        count, length, _ = patterns.courses.shape
        cued = during(step, steps.of(script["before"]), patterns.cue)
        rate = (np.where(cued, number, -1)[..., None] == np.arange(count)).astype(np.float32)
        since = step - steps.of(script["before"]) - patterns.cue
        on = (step >= 0) & (since >= 0)
        course = np.where(on[..., None], patterns.courses[number, since.clip(0, length - 1)], 0)
        labels = {"answer": torch.from_numpy(course), "response": torch.from_numpy(on)}
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class PatternGeneration(TaskModule):
    """Courses of outputs, each named by its cue.

    Inputs of a window: stimulus [time, batch, patterns], the rate, 0 or 1, of a unit for each.
    Labels [time, batch, ...]: answer [outputs], what the outputs should be now; and those of
    `TaskModule`. Condition: which pattern.

    Args:
        patterns: how many.
        outputs: of each.
        length: steps of a pattern.
        sines: of which an output is the sum.
        before: steps before the cue, the least and the most.
        cue: steps that the cue is on.
        spikes: makes spikes of the input, if given.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        patterns: int = 2,
        outputs: int = 1,
        length: int = 40,
        sines: int = 3,
        before: tuple[int, int] = (1, 5),
        cue: int = 3,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("patterns", patterns, 1, 1000)
        require_whole("outputs", outputs, 1, 1000)
        require_whole("sines", sines, 1, 1000)
        require_whole("length", length, 2 * sines + 1, LONGEST_TRIAL)
        require_range("before", before, 1, LONGEST_TRIAL)
        require_whole("cue", cue, 1, LONGEST_TRIAL)
        super().__init__(
            channels={"stimulus": [f"cue {k}" for k in range(patterns)]},
            labels={"answer": Label(shape=(outputs,))},
            conditions=patterns,
            trial=(before[0] + cue + length, before[1] + cue + length),
            spikes=spikes,
            **options,
        )
        courses = draw_patterns(patterns, outputs, length, sines, self.seed)
        self.patterns = Patterns(courses, (before[0], before[1]), cue)

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.0}

    def stream(self, share: Share) -> PatternStream:
        """Trials of a part."""
        return PatternStream(share, self.order, self.patterns, self.spikes)
