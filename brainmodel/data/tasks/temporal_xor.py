"""Temporal XOR: is the number of ones among bits that came one after the other odd?

    before | bit 1 | gap | bit 2 | gap | ... | response
    answer = bit 1 XOR bit 2 XOR ...,       each bit a fair coin, each gap uniform over whole steps

With two bits the simplest question of which no sum of what was remembered of each is the answer: a
linear read-out of a linear memory stays at chance, which is 1/2 (Minsky & Papert (1969),
"Perceptrons", on parity). A small control: whoever fails it has no nonlinear memory at all.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions, require_range
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label


class Parity(NamedTuple):
    """The parity of a few bits; times in steps."""

    bits: int
    gap: tuple[int, int]  # shortest and longest
    before: int
    shown: int  # each bit
    response: int

    def length(self, gap: int) -> int:
        """Steps of a trial whose gaps are all so long."""
        return self.before + self.bits * (self.shown + gap) + self.response


class ParityStream(TrialStream):
    """Trials of temporal XOR."""

    def __init__(
        self, share: Share, order: TrialOrder, parity: Parity, spikes: PoissonSpikes | None
    ) -> None:
        super().__init__(share, order, spikes)
        self.parity = parity
        self.draws = 2 * parity.bits

    def trials(self, drawn: Uniform) -> Script:
        """Bits, when each comes, and how many steps there are."""
        parity, bits = self.parity, self.parity.bits
        shortest, longest = parity.gap
        bit = (drawn[:bits] < 0.5).astype(np.int64)
        gap = shortest + whole(drawn[bits:], longest - shortest + 1)
        begin = parity.before + np.cumsum(parity.shown + gap, axis=0) - parity.shown - gap
        script = {"steps": parity.length(0) + gap.sum(axis=0), "answer": bit.sum(axis=0) % 2}
        script["condition"] = (bit << np.arange(bits)[:, None, None]).sum(axis=0)
        for k in range(bits):
            script |= {f"bit_{k}": bit[k], f"begin_{k}": begin[k]}
        return script

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus": of the unit for 0, of that for 1, and of the cue; labels."""
        parity, step = self.parity, steps.step
        rate = np.zeros((*step.shape, 3), dtype=np.float32)
        for k in range(parity.bits):
            there = during(step, steps.of(script[f"begin_{k}"]), parity.shown)
            rate[..., 0] += there & (steps.of(script[f"bit_{k}"]) == 0)
            rate[..., 1] += there & (steps.of(script[f"bit_{k}"]) == 1)
        response = step >= steps.of(script["steps"]) - parity.response
        rate[..., 2] = response
        labels = {
            "answer": torch.from_numpy(steps.of(script["answer"]).copy()),
            "response": torch.from_numpy(response),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class TemporalXOR(TaskModule):
    """Parity of bits that come one after the other, with gaps that vary.

    Inputs of a window: stimulus [time, batch, 3], the rates, 0 or 1, of a unit for the bit 0, of
    one for the bit 1, and of the cue, which is on while an answer counts.
    Labels: answer [time, batch], 1 if an odd number of bits are 1, else 0; and those of
    `TaskModule`. Condition: the bits, the first one the lowest of a binary number.

    Args:
        bits: how many.
        gap: steps from the end of each bit to what follows, the least and the most.
        before: steps before the first bit.
        shown: steps that each bit is shown.
        response: steps at the end in which an answer counts.
        spikes: makes spikes of the input, if given.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        bits: int = 2,
        gap: tuple[int, int] = (3, 8),
        before: int = 1,
        shown: int = 2,
        response: int = 2,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("bits", bits, 2, 16)
        require_range("gap", gap, 0, LONGEST_TRIAL // bits)
        require_whole("before", before, 1, LONGEST_TRIAL)
        require_whole("shown", shown, 1, LONGEST_TRIAL // bits)
        require_whole("response", response, 1, LONGEST_TRIAL)
        self.parity = Parity(bits, (gap[0], gap[1]), before, shown, response)
        super().__init__(
            channels={"stimulus": ["bit 0", "bit 1", "cue"]},
            labels={"answer": Label((0, 1))},
            conditions=2**bits,
            trial=(self.parity.length(gap[0]), self.parity.length(gap[1])),
            spikes=spikes,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.5}

    def stream(self, share: Share) -> ParityStream:
        """Trials of a part."""
        return ParityStream(share, self.order, self.parity, self.spikes)
