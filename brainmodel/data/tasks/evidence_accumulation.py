"""Evidence accumulation: on which side were there more cues, asked after a delay.

    cue 1 ... cue 7, each on the left or the right | delay | recall
    a cue: 50 ms without, then 100 ms of 10 neurons firing;  7 x 150 + 1,050 + 150 = 2,250 ms

Four groups of 10 Poisson neurons: cues on the left, cues on the right, the recall (all of these at
40 spikes/s while they are on, else silent), and background at 10 spikes/s throughout. In each trial
a side is drawn, and each cue is on it with probability .7, independently. The answer is the side
with more cues, an odd number of them. Only the recall counts.

The task of mice in Morcos & Harvey (2016), Nature Neuroscience 19:1672, in the numbers that Bellec
et al. (2020), Nature Communications 11:3625, gave to spiking networks.

Chance is 1/2. Whoever knows the last cue only is right in P(last = majority) of the trials, which
is .727 for 7 cues: see `one_cue`.
"""

from math import comb
from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream
from brainmodel.data.window import Label

WITHOUT, CUE, DELAY, RECALL = 50.0, 100.0, 1050.0, 150.0  # ms
BACKGROUND = 0.25  # of the rate of a cue


class Cues(NamedTuple):
    """Cues on two sides; times in steps."""

    cues: int
    likely: float  # that a cue is on the side of the trial
    without: int  # before each cue
    cue: int
    delay: int
    recall: int

    @property
    def length(self) -> int:
        """Steps of a trial."""
        return self.cues * (self.without + self.cue) + self.delay + self.recall


class EvidenceStream(TrialStream):
    """Trials of evidence accumulation."""

    def __init__(
        self, share: Share, order: TrialOrder, cues: Cues, spikes: PoissonSpikes | None
    ) -> None:
        super().__init__(share, order, spikes)
        self.cues = cues
        self.draws = 1 + cues.cues

    def trials(self, drawn: Uniform) -> Script:
        """On which side each cue is, [trial, batch, cue], 1 for the right; and how many are."""
        likely = np.where(drawn[0] < 0.5, self.cues.likely, 1 - self.cues.likely)
        right = np.moveaxis(drawn[1:] < likely, 0, 2)
        many = right.sum(axis=2)
        return {
            "steps": np.full(many.shape, self.cues.length),
            "condition": many,
            "right": right,
            "answer": (2 * many > self.cues.cues).astype(np.int64),
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus": left, right, recall, background, of that of a cue; labels."""
        cues, step = self.cues, steps.step
        number, within = np.divmod(step, cues.without + cues.cue)
        cued = (number >= 0) & (number < cues.cues) & (within >= cues.without)
        which = number.clip(0, cues.cues - 1)[..., None]
        right = np.take_along_axis(steps.of(script["right"]), which, axis=2)[..., 0]
        recall = step >= cues.length - cues.recall
        rate = np.empty((*step.shape, 4), dtype=np.float32)
        rate[..., 0], rate[..., 1], rate[..., 2] = cued & ~right, cued & right, recall
        rate[..., 3] = BACKGROUND
        labels = {
            "answer": torch.from_numpy(steps.of(script["answer"]).copy()),
            "response": torch.from_numpy(recall),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class EvidenceAccumulation(TaskModule):
    """On which side were there more cues?

    Inputs of a window: stimulus [time, batch, 4], the rates of the units for cues on the left, cues
    on the right, the recall and the background, 1 for 40 spikes/s; with `spikes`, spikes of 10
    neurons of each.
    Labels: answer [time, batch], 0 for the left, 1 for the right; and those of `TaskModule`.
    Condition: how many cues are on the right.

    Args:
        cues: how many, an odd number.
        likely: probability that a cue is on the side of the trial.
        delay: ms from the last cue to the recall.
        step: ms.
        spikes: makes spikes of the input, if given; of its own `step`, which must be the same.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range, or times are no whole numbers of steps.
    """

    def __init__(
        self,
        cues: int = 7,
        likely: float = 0.7,
        delay: float = DELAY,
        step: float = 1.0,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("cues", cues, 1, 1000)
        if cues % 2 == 0:
            raise ValueError(f"cues is {cues}: give an odd number, or both sides may have as many.")
        require_number("likely", likely, 0, 1, "a probability")
        require_number("delay", delay, 0, LONGEST_TRIAL, "milliseconds")
        require_number("step", step, 0.1, WITHOUT, "milliseconds")
        for name, time in (("delay", delay), ("step", WITHOUT)):
            if abs(time / step - round(time / step)) > 1e-9:
                raise ValueError(
                    f"{name} is {delay if name == 'delay' else step:g}: {time:g} ms are no whole "
                    f"number of steps of {step:g} ms; give another."
                )
        if spikes is not None and spikes.step != step:
            raise ValueError(
                f"spikes.step is {spikes.step:g}: a step of the task has {step:g} ms; give that."
            )
        self.cues = Cues(cues, likely, *(round(t / step) for t in (WITHOUT, CUE, delay, RECALL)))
        super().__init__(
            channels={"stimulus": ["left", "right", "recall", "background"]},
            labels={"answer": Label((0, 1))},
            conditions=cues + 1,
            trial=(self.cues.length, self.cues.length),
            spikes=spikes,
            frames_per_second=1000 / step,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.5}

    @property
    def one_cue(self) -> float:
        """How often the side of any one cue, such as the last, is the answer."""
        others = self.cues.cues - 1
        return sum(
            side * comb(others, k) * side**k * (1 - side) ** (others - k)
            for side in (self.cues.likely, 1 - self.cues.likely)
            for k in range(others // 2, others + 1)
        )

    def stream(self, share: Share) -> EvidenceStream:
        """Trials of a part."""
        return EvidenceStream(share, self.order, self.cues, self.spikes)
