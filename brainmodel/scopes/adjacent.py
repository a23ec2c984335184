"""Scope adjacent: a learning signal crosses one pathway per step, and no more than a few in all.

What a step of area b says of what came in at it, one hop back over a pathway from a, delay d:

    q(t)       = ( dh_b(t)/dI_b(t) )^T L_b(t)                      what is said of b's currents
    e_bar(t)   = dloss/de_b(t) + B_e q(t)                          of its error
    p_bar(t)   = phi'(t) [ dloss/du_hat_b(t) - e_bar(t) ]          of its predictor's potential
    drive      : dloss/du_b(t) + e_bar(t) + B_u q(t)
    message m  : B_m q(t) + C_m p_bar(t)

with L_b(t) the learning signal of b's rates, and B, C the feedback along the synapses W, P: their
transpose or other weights (`areas.feedback`). It is the derivative of b's step at t alone: credit
by way of b's own past is left out, for it would have to be known before it happens. Where b's rule
hides the way of its rates through its own error, e_bar in p_bar is without B_e q.

The signal that a sent was of step t - d, so this is said of that step: it joins a's learning signal
L_a(t - d). b knows L_b(t) at t + 1, when its next prediction has been judged. The way back takes
max(1, d) steps. So a learns from a step when everything has come that can come: `lag` steps later,

    lag = 1 + max over chains of up to `hops` pathways of sum ( d + max(1, d) )

and until then keeps the record of that step. Credit and eligibility are thus of the same step,
nothing is approximated in time, and the length of windows does not matter. With hops = 2, what came
to a is sent on: it crosses the next pathway in the steps after.

Our own, between Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, whose areas hear the ones
above, and truncated backpropagation. Time per step as of scope local and one more product of each
pathway's weights per hop; memory `lag` steps more.
"""

from typing import Any

import torch

from areas import Feedback, SymmetricFeedback
from areas.record import Record
from brainmodel.learning.rule import Gradients, Memory
from brainmodel.scopes.crossing import cross
from brainmodel.scopes.pathway_feedback import PathwayFeedback
from brainmodel.scopes.scope import Passage, Scope, Signals, taught
from brainmodel.scopes.waiting import keep, together, under_way
from brainmodel.wiring.wiring import Wiring


class Adjacent(Scope):
    """A learning signal reaches the areas that sent a signal to its own, step by step.

    Args:
        feedback: through which weights it returns: each group of synapses has a copy of its own;
            the transposed ones unless given.
        hops: how many pathways it crosses at most, one after the other.

    Raises:
        ValueError: if `hops` is below 1.
    """

    def __init__(self, feedback: Feedback | None = None, hops: int = 1):
        super().__init__()
        if hops < 1:
            raise ValueError(f"hops: need 1 or more pathways, got {hops}; use scope Local for none")
        self.feedback = PathwayFeedback(feedback or SymmetricFeedback())
        self.hops, self.lag = hops, 0

    def build(self, brain: Wiring) -> None:
        """See `Scope.build`."""
        self.feedback.build(brain)
        longest = dict.fromkeys(brain.areas, 0)
        inner = [p for p in brain.pathways.values() if p.source in brain.areas]
        for _ in range(self.hops):
            farther = dict(longest)
            for pathway in inner:
                steps = pathway.steps + max(1, pathway.steps) + longest[pathway.target]
                farther[pathway.source] = max(farther[pathway.source], steps)
            longest = farther
        self.lag = 1 + max(longest.values()) if inner else 0

    def remember(self, brain: Wiring, passage: Passage) -> tuple[dict[str, Memory], Any]:
        """See `Scope.remember`; rules remember what was learnt from, the rest waits."""
        if self.lag == 0:
            return super().remember(brain, passage)
        records, levels = under_way(passage)
        steps = len(next(iter(records.values())).currents)
        ripe = max(0, steps - self.lag)
        memories = dict(passage.start.memories)
        if ripe:
            for name, record in records.items():
                early = record.stretch(0, ripe)
                memories[name] = brain.rule(name).remember(brain.area(name), early, memories[name])
        return memories, keep(records, levels, ripe)

    def gradients(self, brain: Wiring, passage: Passage, signals: dict[str, Signals]) -> Gradients:
        """See `Scope.gradients`."""
        records, levels = under_way(passage)
        waiting = passage.start.waiting
        if waiting is not None:
            signals = {n: together(waiting.signals[n], said) for n, said in signals.items()}
        ripe = max(0, len(next(iter(records.values())).currents) - self.lag)
        if passage.waiting is not None:
            for name, kept in passage.waiting.signals.items():
                for mine, value in zip(kept, signals[name], strict=True):
                    mine.copy_(value[ripe:])
        found: Gradients = {}
        if ripe == 0:
            return found
        with torch.no_grad():
            total = self.gather(brain, records, signals)
        for name, record in records.items():
            said = Signals(*(bar[:ripe] for bar in total[name]))
            level = levels[name][:ripe] if name in levels else None
            memory = passage.start.memories[name]
            found |= taught(brain, name, record.stretch(0, ripe), said, level, memory)
        self.feedback.learn(brain, found)
        return found

    def synapses_of(self, area: str) -> Any:
        """See `Scope.synapses_of`."""
        return self.feedback.parameters_of(area)

    def gather(
        self, brain: Wiring, records: dict[str, Record], signals: dict[str, Signals]
    ) -> dict[str, Signals]:
        """What each area is told: by its own loss, and over up to `hops` pathways by others'.

        Complete for all but the last `lag` steps.
        """
        total = sent = signals
        for _ in range(self.hops if self.lag else 0):
            sent = cross(brain, self.feedback, records, sent)
            total = {
                name: Signals(*(a + b for a, b in zip(said, sent[name], strict=True)))
                for name, said in total.items()
            }
        return total
