"""Scope adjacent: a learning signal crosses one pathway per step, and no more than a few in all.

Area b computes, from its learning signal L_b(t), derivatives by what came in at its step t:

    q(t)       = ( dh_b(t)/dI_b(t) )^T L_b(t)                      by b's currents
    e_bar(t)   = dloss/de_b(t) + B_e q(t)                          by b's error
    p_bar(t)   = phi'(t) [ dloss/du_hat_b(t) - e_bar(t) ]          by the potential of b's predictor
    drive      : dloss/du_b(t) + e_bar(t) + B_u q(t)
    message m  : B_m q(t) + C_m p_bar(t)

B and C are the feedback along the synapses W and P: their transpose or other weights
(`areas.feedback`). These are derivatives of b's step at t alone: credit by way of b's own past is
left out, for it would have to be known before it happens. Where b's rule ignores that b's rates
act on its own error (e-prop and its kin), e_bar in p_bar is without B_e q.

The signal that arrived over a pathway of delay d was sent by some area a at step t - d. So the
derivative by it belongs to that step, and is added to a's learning signal L_a(t - d). Now b knows
L_b(t) at t + 1, when its next prediction can be compared with the drive, and the learning signal
needs max(1, d) steps for its return. Area a therefore learns from a step when all learning signals
about it have arrived, which is `lag` steps later,

    lag = 1 + max over chains of up to `hops` pathways of sum ( d + max(1, d) )

and keeps the record of the step until then. Credit and eligibility are thus of the same step,
nothing is approximated in time, and the length of windows does not matter. With hops = 2, what
arrived at a is passed on: it crosses the next pathway in the steps after.

Where a pathway is gated before its synapses (`brainmodel.pathways.PresynapticInhibition`), the area
that gates it receives the derivative by the rates it left at the step before, as over a pathway of
delay 1; what gates learn, they learn at the step at which they acted.

What adapters on the way learn, they learn from the derivatives by the messages that they make, when
the area that sent the signal learns from the step at which it sent it.

Our own, between Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, whose areas receive
learning signals from the areas above, and truncated backpropagation. Time per step as of scope
local and one more product with each pathway's weights per hop; memory `lag` steps more.
"""

from typing import Any

import torch
from torch import Tensor

from areas import Feedback, SymmetricFeedback
from areas.record import Record
from brainmodel.learning.rule import Gradients, Memory
from brainmodel.pathways.pathway import COMPARED
from brainmodel.scopes.crossing import Crossing, cross, learnt_by_gate, learnt_on_the_way
from brainmodel.scopes.environment_crossing import cross_environments
from brainmodel.scopes.pathway_feedback import PathwayFeedback
from brainmodel.scopes.scope import ActivityDerivatives, Passage, Scope, rule_gradients
from brainmodel.scopes.waiting import (
    gains_under_way,
    inputs_under_way,
    join_derivatives,
    keep,
    orders_under_way,
    under_way,
)
from brainmodel.wiring.outside import gain_of
from brainmodel.wiring.perturbed_inputs import order_of
from brainmodel.wiring.wiring import Wiring


class Adjacent(Scope):
    """A learning signal travels to the areas that sent a signal to its own, step by step.

    Args:
        feedback: the weights through which it returns: each group of synapses has a copy of its
            own; the transposed ones unless given.
        hops: how many pathways it crosses at most, one after the other.

    Raises:
        ValueError: if `hops` is below 1.
    """

    teaches_pathways = True
    keeps_apart = True

    def __init__(self, feedback: Feedback | None = None, hops: int = 1):
        super().__init__()
        if hops < 1:
            raise ValueError(f"hops: need 1 or more pathways, got {hops}; use scope Local for none")
        self.feedback = PathwayFeedback(feedback or SymmetricFeedback())
        self.hops, self.lag = hops, 0

    def build(self, brain: Wiring) -> None:
        """See `Scope.build`.

        Raises:
            ValueError: for a pathway back along which no learning signal knows its way.
        """
        for name, pathway in brain.pathways.items():
            inner = pathway.source in brain.areas and pathway.target in brain.areas
            if inner and pathway.carries not in ("rate", *COMPARED):
                raise ValueError(
                    f"pathways.{name}.signal: under scope Adjacent learning signals return to "
                    f"rates, predictions and errors alone, and this carries the {pathway.carries} "
                    f"of {pathway.source}; use scope Local or Global"
                )
        self.feedback.build(brain)
        longest = dict.fromkeys([*brain.areas, *brain.inputs], 0)
        ways = brain.pathways.items()
        inner = [
            p
            for n, p in ways
            if (p.source in brain.areas or n in brain.learning or p.gate)
            and p.target in brain.areas
        ]
        for _ in range(self.hops):
            farther = dict(longest)
            for pathway in inner:
                steps = pathway.steps + max(1, pathway.steps) + longest[pathway.target]
                farther[pathway.source] = max(farther[pathway.source], steps)
                if pathway.gate is not None:
                    back = 2 + longest[pathway.target]
                    farther[pathway.gate.by] = max(farther[pathway.gate.by], back)
            longest = farther
        self.lag = 1 + max(longest.values()) if inner else 0

    def remember(self, brain: Wiring, passage: Passage) -> tuple[dict[str, Memory], Any]:
        """See `Scope.remember`; rules remember the steps that were learnt from, the others wait."""
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
        gains = gains_under_way(passage, brain.pathways)
        orders = orders_under_way(passage, brain.pathways)
        later = {gain_of(name): gain for name, gain in gains.items()}
        later |= {order_of(name): order for name, order in orders.items()}
        later |= inputs_under_way(passage, _sources(brain))
        return memories, keep(records, levels, later, ripe)

    def gradients(
        self, brain: Wiring, passage: Passage, derivatives: dict[str, ActivityDerivatives]
    ) -> Gradients:
        """See `Scope.gradients`."""
        derivatives, on_the_way = cross_environments(brain, passage, derivatives)
        records, levels = under_way(passage)
        if passage.start.waiting is not None:
            waited = passage.start.waiting.signals
            derivatives = {n: join_derivatives(waited[n], now) for n, now in derivatives.items()}
        ripe = max(0, len(next(iter(records.values())).currents) - self.lag)
        if passage.waiting is not None:
            _fill(passage.waiting.signals, derivatives, ripe)
        found = on_the_way
        if ripe == 0:
            return found
        with torch.no_grad():
            gains = gains_under_way(passage, brain.pathways)
            orders = orders_under_way(passage, brain.pathways)
            total, messages, gates = self.gather(brain, records, derivatives, gains, orders)
        for name, bar in messages.items():
            pathway = brain.pathways[name]
            if pathway.source in brain.areas:
                sent = records[pathway.source].signal(pathway.carries)
            else:
                sent = inputs_under_way(passage, [pathway.source])[pathway.source]
            reset = records[pathway.target].keep
            found |= learnt_on_the_way(brain, name, bar, reset, sent, ripe)
        for name, bar in gates.items():
            found |= learnt_by_gate(brain, name, bar[:ripe], records)
        for name, record in records.items():
            own = ActivityDerivatives(*(bar[:ripe] for bar in total[name]))
            level = levels[name][:ripe] if name in levels else None
            memory = passage.start.memories[name]
            found |= rule_gradients(brain, name, record.stretch(0, ripe), own, level, memory)
        self.feedback.learn(brain, found)
        return found

    def synapses_of(self, area: str) -> Any:
        """See `Scope.synapses_of`."""
        return self.feedback.parameters_of(area)

    def gather(
        self,
        brain: Wiring,
        records: dict[str, Record],
        derivatives: dict[str, ActivityDerivatives],
        gains: dict[str, Tensor],
        orders: dict[str, Tensor] | None = None,
    ) -> Crossing:
        """For each area, the derivatives of its own loss and those that arrive from other areas.

        Complete for all but the last `lag` steps. For each pathway that learns, what is said of its
        messages; for each that is gated, what is said of the potentials of its gates.

        Args:
            brain: the brain.
            records: of some steps, by area.
            derivatives: of each area's own loss at these steps.
            gains: of what arrived over pathways at these steps, by name; 1 of all others.
            orders: whose messages streams heard over pathways, by name; their own of all others.
        """
        total = sent = derivatives
        messages: dict[str, Tensor] = {}
        gates: dict[str, Tensor] = {}
        for _ in range(self.hops if self.lag else 0):
            sent, heard, closed = cross(brain, self.feedback, records, sent, gains, orders or {})
            total = {
                name: ActivityDerivatives(*(a + b for a, b in zip(own, sent[name], strict=True)))
                for name, own in total.items()
            }
            messages, gates = _added(messages, heard), _added(gates, closed)
        return Crossing(total, messages, gates)


def _added(first: dict[str, Tensor], then: dict[str, Tensor]) -> dict[str, Tensor]:
    """The sum of two, of which the first may have less."""
    return {name: first[name] + bar if name in first else bar for name, bar in then.items()}


def _sources(brain: Wiring) -> list[str]:
    """Inputs from which a pathway leads that learns."""
    ways = [brain.pathways[name] for name in brain.learning]
    return sorted({way.source for way in ways if way.source in brain.inputs})


def _fill(
    kept: dict[str, ActivityDerivatives], known: dict[str, ActivityDerivatives], first: int
) -> None:
    """Write into what is kept for the next window, in place, what is known from step `first` on."""
    for name, own in kept.items():
        for mine, value in zip(own, known[name], strict=True):
            mine.copy_(value[first:])
