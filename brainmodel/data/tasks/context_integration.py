"""Context-dependent integration: of two noisy signals, the context says which to integrate.

    u_k(t) = d_k + noise z(t),    k = 1 motion, 2 colour;     z normal with variance 1
    before | signals | response:   answer = 1 if d_context > 0, else 0

Mante, Sussillo, Shenoy & Newsome (2013), Nature 503:78. The context is one of two units that is on
throughout the trial. The strengths d_k are drawn independently and uniformly from those given, of
either sign. As the two are independent, whoever integrates the wrong one is at chance.

Chance is 1/2. The best possible, of who adds up the relevant signal over its n steps, is the mean
over strengths d of Phi(d sqrt(n) / noise): see `best`.
"""

from math import erf, sqrt
from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label


class TwoSignals(NamedTuple):
    """Two signals; times in steps."""

    strengths: tuple[float, ...]
    noise: float  # standard deviation in a step
    before: int
    shown: int
    response: int

    @property
    def length(self) -> int:
        """Steps of a trial."""
        return self.before + self.shown + self.response


class ContextStream(TrialStream):
    """Trials of context-dependent integration."""

    draws = 5

    def __init__(self, share: Share, order: TrialOrder, signals: TwoSignals) -> None:
        super().__init__(share, order)
        self.signals = signals

    def trials(self, drawn: Uniform) -> Script:
        """The context, and both strengths with their signs, [trial, batch, 2]."""
        strengths = np.array(self.signals.strengths)
        count = len(strengths)
        context = whole(drawn[0], 2)
        signed = np.concatenate([-strengths[::-1], strengths])  # in order
        which = np.stack([whole(drawn[1], 2 * count), whole(drawn[2], 2 * count)], axis=2)
        evidence = signed[which]
        relevant = np.take_along_axis(evidence, context[..., None], axis=2)[..., 0]
        return {
            "steps": np.full(context.shape, self.signals.length),
            "condition": (context * 2 * count + which[..., 0]) * 2 * count + which[..., 1],
            "context": context,
            "evidence": evidence,
            "answer": (relevant > 0).astype(np.int64),
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus": motion, colour, and the two contexts; labels."""
        signals, step = self.signals, steps.step
        on = during(step, signals.before, signals.shown)
        noise = self.noise.normal(steps.stream, steps.moment, 2)
        evidence, context = steps.of(script["evidence"]), steps.of(script["context"])
        rate = np.zeros((*step.shape, 4), dtype=np.float32)
        for k in range(2):
            rate[..., k] = on * (evidence[..., k] + signals.noise * noise[k])
            rate[..., 2 + k] = (step >= 0) & (context == k)
        labels = {
            "answer": torch.from_numpy(steps.of(script["answer"]).copy()),
            "response": torch.from_numpy(step >= signals.before + signals.shown),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class ContextIntegration(TaskModule):
    """Which way does the signal point that the context names?

    Inputs of a window: stimulus [time, batch, 4], motion and colour with their noise, of either
    sign, and the units of the two contexts, 0 or 1.
    Labels: answer [time, batch], 1 if the relevant strength is positive, else 0; and those of
    `TaskModule`. Condition: (context, motion, colour), each strength counted from the most negative
    on, as a number to the base of how many there are.

    Args:
        strengths: of the signals, each positive; they come with both signs.
        noise: standard deviation of each signal in a step.
        before: steps before the signals.
        shown: steps of the signals.
        response: steps after them in which an answer counts.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        strengths: tuple[float, ...] = (0.05, 0.15, 0.45),
        noise: float = 0.5,
        before: int = 2,
        shown: int = 20,
        response: int = 3,
        **options: Unpack[TaskOptions],
    ) -> None:
        if not strengths:
            raise ValueError("strengths is []: give one or more positive numbers.")
        for strength in strengths:
            require_number("strengths", strength, 1e-6, 100, "positive numbers")
        require_number("noise", noise, 0, 100, "a standard deviation")
        require_whole("before", before, 1, LONGEST_TRIAL)
        require_whole("shown", shown, 1, LONGEST_TRIAL)
        require_whole("response", response, 1, LONGEST_TRIAL)
        self.signals = TwoSignals(tuple(sorted(strengths)), noise, before, shown, response)
        super().__init__(
            channels={"stimulus": ["motion", "colour", "context motion", "context colour"]},
            labels={"answer": Label((0, 1))},
            conditions=8 * len(strengths) ** 2,
            trial=(self.signals.length, self.signals.length),
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.5}

    @property
    def best(self) -> float:
        """The accuracy of who adds up the relevant signal over all of its steps."""
        strengths, noise, _, shown, _ = self.signals
        if noise == 0:
            return 1.0
        sure = [0.5 + 0.5 * erf(d * sqrt(shown / 2) / noise) for d in strengths]
        return sum(sure) / len(sure)

    def stream(self, share: Share) -> ContextStream:
        """Trials of a part."""
        return ContextStream(share, self.order, self.signals)
