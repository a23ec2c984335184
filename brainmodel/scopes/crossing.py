"""One pathway back: what learning signals of areas say of the signals that other areas sent them.

The equations stand at the head of `adjacent`.
"""

import torch
from torch import Tensor

from areas import Area
from areas.keys import of_predictor, of_units
from areas.record import Record, fade, flat
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.scopes.pathway_feedback import PathwayFeedback, from_areas
from brainmodel.scopes.scope import Signals
from brainmodel.scopes.waiting import silence
from brainmodel.wiring.wiring import Wiring


def cross(
    brain: Wiring,
    feedback: PathwayFeedback,
    records: dict[str, Record],
    signals: dict[str, Signals],
) -> dict[str, Signals]:
    """What signals of all areas say, one pathway back: of the step at which each thing was sent."""
    told = {name: silence(record) for name, record in records.items()}
    for target, record in records.items():
        bars = of_sources(brain, feedback, target, record, signals[target])
        for source, bar in bars.items():
            names = brain.arrivals(target)[source]
            sizes = [brain.route(name).shape[0] for name in names]
            for name, part in zip(names, bar.split(sizes, dim=2), strict=True):
                pathway = brain.pathways[name]
                if pathway.source in brain.areas:
                    there = getattr(told[pathway.source], pathway.signal)
                    sent = returned(brain, name, part, record.keep, there.shape[2:])
                    there[: len(there) - pathway.steps] += sent[pathway.steps :]
    return told


def of_sources(
    brain: Wiring, feedback: PathwayFeedback, name: str, record: Record, said: Signals
) -> dict[str, Tensor]:
    """What a signal of an area says of what came in from areas, each step by itself.

    Returns:
        derivatives by source ("drive", or a message), [time, batch, ...]; those of the last step
        are not complete.
    """
    area, sources = brain.area(name), from_areas(brain, name)
    if not sources:
        return {}
    signal = LearningSignal(said.rate, said.prediction - said.error)
    currents_bar = instant(area, record, unit_signals(area, record, signal)[0])

    def back(key: str, bar: Tensor) -> Tensor:
        made = feedback.back(brain, name, key, flat(bar))
        return made.view(*bar.shape[:2], *made.shape[1:])

    def through(source: str) -> Tensor:
        return back(of_units(source), currents_bar[:, :, area.reached(source)])

    felt = through("error") if "error" in area.synapses else torch.zeros_like(said.error)
    bars = {source: through(source) for source in sources if source in area.synapses}
    if "drive" in sources:
        bars["drive"] = bars.get("drive", 0.0) + said.drive + said.error + felt
    if area.predictor is not None:
        hidden = torch.zeros_like(felt) if brain.rule(name).cuts else felt
        prediction_bar = said.prediction - said.error - hidden
        potential_bar = area.predictor.slope(record.potential, prediction_bar)
        for message in bars.keys() - {"drive"}:
            bars[message] = bars[message] + back(of_predictor(message), potential_bar)
    return bars


def instant(area: Area, record: Record, rate_bar: Tensor) -> Tensor:
    """( dh(t)/dI(t) )^T times a learning signal, for each step by itself.

    Args:
        area: the area.
        record: what happened over some steps.
        rate_bar: of the rates, [time, batch, *units].

    Returns:
        derivative by the currents, [time, batch, current * unit, ...].
    """
    once = flat(record.currents)[None]
    befores = [flat(record.before(name))[None] for name in area.cell.carried]
    zeros = [torch.zeros_like(before[0]) for before in befores]
    reverse = area.dynamics.reverse(once, befores, flat(rate_bar)[None], zeros)
    reverse.step(0)
    return reverse.currents_bar.view_as(record.currents)


def returned(
    brain: Wiring, pathway: str, bar: Tensor, keep: Tensor | None, shape: torch.Size
) -> Tensor:
    """What is said of a message [time, batch, ...], of the signal [time, batch, *shape] it was.

    Nothing is said of what a reset kept from arriving. It still stands at the step of arrival.
    """
    delay = brain.pathways[pathway].steps
    if keep is not None:
        alive = torch.ones_like(keep)
        for lag in range(min(delay, len(keep))):
            alive[lag:] *= keep[: len(keep) - lag]
        bar = fade(bar, alive)
    with torch.enable_grad():  # a route is linear: where it is differentiated does not matter
        signal = bar.new_zeros(bar.shape[0] * bar.shape[1], *shape).requires_grad_()
        (sent,) = torch.autograd.grad(brain.route(pathway)(signal), signal, flat(bar))
    return sent.view(*bar.shape[:2], *shape)
