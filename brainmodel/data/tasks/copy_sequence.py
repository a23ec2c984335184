"""Copy: say again what was shown, in order, after a delay.

    before | symbol 1 ... symbol n | delay | recall of 1 ... n, while the cue is on

Each symbol is uniform and independent of the others, the delay uniform over whole steps. Every step
of the recall counts. At each of them nothing but the cue is shown, so all n symbols, and which one
is next, have to be held: the memory that is asked for grows by log2(symbols) bits with each one.
Hochreiter & Schmidhuber (1997), Neural Computation 9:1735, and Arjovsky, Shah & Bengio (2016),
"Unitary evolution recurrent neural networks", of which this is the form without a blank
to be said in between.

Chance is 1 / symbols.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch

from brainmodel.data.checks import require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions, require_range
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream
from brainmodel.data.window import Label


class SymbolSequence(NamedTuple):
    """A sequence to be copied; times in steps."""

    symbols: int
    length: int  # symbols of a sequence
    delay: tuple[int, int]  # shortest and longest
    before: int
    shown: int  # each symbol, shown and recalled

    @property
    def fixed(self) -> int:
        """Steps of a trial without those of the delay."""
        return self.before + 2 * self.length * self.shown


class CopyStream(TrialStream):
    """Trials of copying."""

    def __init__(
        self,
        share: Share,
        order: TrialOrder,
        sequence: SymbolSequence,
        spikes: PoissonSpikes | None,
    ) -> None:
        super().__init__(share, order, spikes)
        self.sequence = sequence
        self.draws = 1 + sequence.length

    def trials(self, drawn: Uniform) -> Script:
        """Delay, and the symbols [trial, batch, length]."""
        shortest, longest = self.sequence.delay
        delay = shortest + whole(drawn[0], longest - shortest + 1)
        symbols = np.moveaxis(whole(drawn[1:], self.sequence.symbols), 0, 2)
        return {
            "steps": self.sequence.fixed + delay,
            "condition": symbols[..., 0],
            "delay": delay,
            "symbols": symbols,
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Rates "stimulus", of one unit for each symbol and of the cue; labels."""
        sequence, step = self.sequence, steps.step
        lasts = sequence.length * sequence.shown
        since = step - sequence.before
        late = since - lasts - steps.of(script["delay"])
        shown, recall = (step >= 0) & (since >= 0) & (since < lasts), (step >= 0) & (late >= 0)
        which = np.where(recall, late, since).clip(0, lasts - 1) // sequence.shown
        symbol = np.take_along_axis(steps.of(script["symbols"]), which[..., None], axis=2)[..., 0]
        rate = np.empty((*step.shape, sequence.symbols + 1), dtype=np.float32)
        rate[..., :-1] = np.where(shown, symbol, -1)[..., None] == np.arange(sequence.symbols)
        rate[..., -1] = recall
        labels = {"answer": torch.from_numpy(symbol), "response": torch.from_numpy(recall)}
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class CopySequence(TaskModule):
    """Sequences of symbols that are to be said again after a delay that varies.

    Inputs of a window: stimulus [time, batch, symbols + 1], the rate, 0 or 1, of a unit for each
    symbol, and of the cue, which is on during the recall.
    Labels: answer [time, batch], the symbol that is to be said now; and those of `TaskModule`.
    Condition: the first symbol.

    Args:
        symbols: how many there are.
        length: symbols of a sequence.
        delay: steps from the last symbol to the recall, the least and the most.
        before: steps before the first symbol.
        shown: steps that each symbol is shown, and that it is to be said.
        spikes: makes spikes of the input, if given.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        symbols: int = 4,
        length: int = 3,
        delay: tuple[int, int] = (2, 8),
        before: int = 1,
        shown: int = 1,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("symbols", symbols, 2, 1000)
        require_whole("length", length, 1, 1000)
        require_range("delay", delay, 0, LONGEST_TRIAL)
        require_whole("before", before, 1, LONGEST_TRIAL)
        require_whole("shown", shown, 1, LONGEST_TRIAL // length)
        self.sequence = SymbolSequence(symbols, length, (delay[0], delay[1]), before, shown)
        super().__init__(
            channels={"stimulus": [*(f"symbol {k}" for k in range(symbols)), "cue"]},
            labels={"answer": Label((0, symbols - 1))},
            conditions=symbols,
            trial=(self.sequence.fixed + delay[0], self.sequence.fixed + delay[1]),
            spikes=spikes,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 1 / self.sequence.symbols}

    def stream(self, share: Share) -> CopyStream:
        """Trials of a part."""
        return CopyStream(share, self.order, self.sequence, self.spikes)
