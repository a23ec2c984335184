"""One pathway back: learning signals of areas become derivatives by the signals they were sent.

The equations stand at the head of `adjacent`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area
from areas.comparison import errors_back
from areas.keys import of_predictor, of_units
from areas.record import Record, fade, flat
from brainmodel.learning.learning_signal import unit_signals
from brainmodel.learning.rule import Gradients
from brainmodel.pathways.presynaptic_inhibition import PresynapticInhibition
from brainmodel.scopes.pathway_feedback import PathwayFeedback, answered
from brainmodel.scopes.scope import ActivityDerivatives, learning_signal
from brainmodel.scopes.waiting import zero_derivatives
from brainmodel.wiring.perturbed_inputs import put_back
from brainmodel.wiring.wiring import Wiring


class Crossing(NamedTuple):
    """What comes back over all pathways."""

    received: dict[str, ActivityDerivatives]
    """By area, the share of other areas' losses in the derivatives by what it did, at the step at
    which it did it."""
    messages: dict[str, Tensor]
    """By pathway that learns, derivatives by what arrived over it, [time, batch, ...]."""
    gates: dict[str, Tensor]
    """By pathway that is gated, derivatives by the potentials of its gates, likewise."""


def cross(
    brain: Wiring,
    feedback: PathwayFeedback,
    records: dict[str, Record],
    derivatives: dict[str, ActivityDerivatives],
    gains: dict[str, Tensor],
    orders: dict[str, Tensor],
) -> Crossing:
    """Derivatives by what areas sent to others, from those by what these others did.

    Args:
        brain: the brain.
        feedback: the weights to go back through.
        records: of some steps, by area.
        derivatives: of the loss by what each area did at these steps.
        gains: of what arrived over pathways at these steps, by name; 1 of all others.
        orders: whose messages streams heard over pathways, by name; their own of all others.
    """
    messages: dict[str, Tensor] = {}
    gates: dict[str, Tensor] = {}
    learning = set(brain.learning)
    received = {name: zero_derivatives(record) for name, record in records.items()}
    for target, record in records.items():
        bars = by_sources(brain, feedback, target, record, derivatives[target])
        for source, bar in bars.items():
            names = brain.arrivals(target)[source]
            sizes = [brain.route(name).shape[0] for name in names]
            came = record.sources[source].split(sizes, dim=2)
            for name, part, message in zip(names, bar.split(sizes, dim=2), came, strict=True):
                pathway, gate = brain.pathways[name], brain.gate(name)
                if gate is not None:
                    closer = records[gate.by]
                    part, gates[name], rate_bar = _closed(gate, message, closer, part)
                    received[gate.by].rate[:-1] += fade(rate_bar, closer.keep)[1:]
                part = part * gains[name] if name in gains else part
                part = put_back(part, orders[name]) if name in orders else part
                if name in learning:
                    messages[name] = part
                if pathway.source in brain.areas:
                    there = getattr(received[pathway.source], pathway.carries)
                    sent = records[pathway.source].signal(pathway.carries)
                    sent_bar = back_along(brain, name, part, record.keep, sent)
                    there[: len(sent_bar)] += sent_bar
    return Crossing(received, messages, gates)


def _closed(
    gate: PresynapticInhibition, message: Tensor, closer: Record, bar: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by what arrived at a gate, by its potential, and by rates before each step."""
    rate = closer.before("rate")
    found = gate.back(flat(message), flat(rate), flat(bar))
    return found.arrived.view_as(bar), found.potential.view_as(bar), found.rate.view_as(rate)


def by_sources(
    brain: Wiring,
    feedback: PathwayFeedback,
    name: str,
    record: Record,
    derivatives: ActivityDerivatives,
) -> dict[str, Tensor]:
    """Derivatives by what an area received from other areas, each step by itself.

    Args:
        brain: the brain.
        feedback: the weights to go back through.
        name: of the area.
        record: of some steps.
        derivatives: by what the area did at these steps.

    Returns:
        by source ("drive", or a message), [time, batch, ...]; not complete for the last step.
    """
    area, sources = brain.area(name), answered(brain, name)
    if not sources:
        return {}
    rate_bar = unit_signals(area, record, learning_signal(area, record, derivatives))[0]
    currents_bar = by_currents(area, record, rate_bar, brain.rule(name).cuts)

    def back(key: str, bar: Tensor) -> Tensor:
        made = feedback.back(brain, name, key, flat(bar))
        return made.view(*bar.shape[:2], *made.shape[1:])

    def through(source: str) -> Tensor:
        return back(of_units(source), currents_bar[:, :, area.reached(source)])

    by_felt = through("error") if "error" in area.synapses else torch.zeros_like(derivatives.error)
    bars = {source: through(source) for source in sources if source in area.synapses}
    if "drive" in sources:
        judged = errors_back(area.comparison, record, derivatives.error + by_felt).drive
        bars["drive"] = bars.get("drive", 0.0) + derivatives.drive + judged
    if area.predictor is not None:
        by_felt = torch.zeros_like(by_felt) if brain.rule(name).cuts else by_felt
        judged = errors_back(area.comparison, record, derivatives.error + by_felt).prediction
        potential_bar = area.predictor.slope(record.potential, derivatives.prediction + judged)
        for hint in area.hints.keys() & sources:
            bars[hint] = bars.get(hint, 0.0) + back(of_predictor(hint), potential_bar)
    return bars


def by_currents(area: Area, record: Record, rate_bar: Tensor, given: bool) -> Tensor:
    """( dh(t)/dI(t) )^T times derivatives by the rates, for each step by itself.

    Args:
        area: the area.
        record: what happened over some steps.
        rate_bar: derivatives by the rates, [time, batch, *units].
        given: whether statistics of all units, of cells that have them, are taken as given.

    Returns:
        derivatives by the currents, [time, batch, current * unit, ...].
    """
    once = flat(record.currents)[None]
    befores = [flat(record.before(name))[None] for name in area.cell.carried]
    zeros = [torch.zeros_like(before[0]) for before in befores]
    reverse = area.dynamics.reverse(once, befores, flat(rate_bar)[None], zeros)
    reverse.step(0)
    found = reverse.currents_bar[0]
    found = found if given else area.cell.back_through_constants(once[0], found)
    return found.view_as(record.currents)


def back_along(
    brain: Wiring, pathway: str, bar: Tensor, keep: Tensor | None, signal: Tensor
) -> Tensor:
    """Derivative by the signal at the start of a pathway, from that by the message at its end.

    It is 0 for messages that a reset kept from arriving.

    Args:
        brain: the brain.
        pathway: its name.
        bar: derivative by the message, [time, batch, ...].
        keep: 0 where a stream was reset, [time, batch], or None.
        signal: what was sent, [time, batch, ...]; adapters that bend it are differentiated there.

    Returns:
        of the signals that arrived, [time - delay, batch, ...].
    """
    delay, bar = brain.pathways[pathway].steps, arrived(brain, pathway, bar, keep)
    sent = signal[: max(0, len(signal) - delay)]
    with torch.enable_grad():
        leaf = flat(sent).detach().requires_grad_()
        (sent_bar,) = torch.autograd.grad(brain.route(pathway)(leaf), leaf, flat(bar[delay:]))
    return sent_bar.view(sent.shape)


def learnt_on_the_way(
    brain: Wiring, pathway: str, bar: Tensor, keep: Tensor | None, signal: Tensor, steps: int
) -> Gradients:
    """Gradients of what a pathway learns, by the brain's parameter names.

    Args:
        brain: the brain.
        pathway: its name.
        bar, keep, signal: as of `back_along`.
        steps: how many of the first steps, at which something was sent, are to be learnt from.
    """
    delay, bar = brain.pathways[pathway].steps, arrived(brain, pathway, bar, keep)
    named = dict(brain.route(pathway).named_parameters(prefix=f"routes.{pathway}"))
    own = {name: parameter for name, parameter in named.items() if parameter.requires_grad}
    sent = signal[: max(0, min(steps, len(signal) - delay))]
    if len(sent) == 0:
        return {}
    with torch.enable_grad():
        made = brain.route(pathway)(flat(sent).detach())
        later = flat(bar[delay : delay + len(sent)])
        found = torch.autograd.grad(made, list(own.values()), later, allow_unused=True)
    return {n: g for n, g in zip(own, found, strict=True) if g is not None}


def learnt_by_gate(
    brain: Wiring, pathway: str, bar: Tensor, records: dict[str, Record]
) -> Gradients:
    """Gradients of what the gate of a pathway learns, by the brain's parameter names.

    Args:
        brain: the brain.
        pathway: its name.
        bar: derivative by the potentials of its gates at the first steps, [time, batch, ...].
        records: of these steps, and later ones, by area.
    """
    gate = brain.gate(pathway)
    assert gate is not None
    rates = records[gate.by].before("rate")[: len(bar)]
    found = gate.gradients(flat(rates), flat(bar))
    return {f"gates.{pathway}.{name}": gradient for name, gradient in found.items()}


def arrived(brain: Wiring, pathway: str, bar: Tensor, keep: Tensor | None) -> Tensor:
    """Derivative by the message of a pathway, 0 for those that a reset kept from arriving."""
    if keep is None:
        return bar
    alive = torch.ones_like(keep)
    for lag in range(min(brain.pathways[pathway].steps, len(keep))):
        alive[lag:] *= keep[: len(keep) - lag]
    return fade(bar, alive)
