"""The pieces that the backward pass of a rule is made of."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from areas import Area
from brainmodel.learning.record import Record, Signal, fade, flat
from brainmodel.learning.rule import Gradients


def heard(signal: Tensor, level: Tensor | None) -> Tensor:
    """A signal [time, batch, unit, ...] times the level of each unit; itself if there is none."""
    if level is None:
        return signal
    return signal * level.view(*level.shape, *[1] * (signal.dim() - level.dim()))


def overall(level: Tensor | None) -> Tensor | None:
    """The level [time, batch] of what belongs to no unit: the mean over units."""
    return level.mean(2) if level is not None and level.dim() > 2 else level


def synaptic(area: Area, record: Record, currents_bar: Tensor) -> Gradients:
    """Gradients of an area's synapses and bias.

    Args:
        area: the area.
        record: what happened over a window (or a stretch of it).
        currents_bar: derivative of the loss by the currents, [time, batch, current * unit, ...].
    """
    found = {"bias": flat(currents_bar).transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.synapses.items():
        target = flat(currents_bar[:, :, area.reached(name)])
        found[f"synapses.{name}.weight"] = synapses.gradient(flat(record.source(name)), target)
    return found


def predictive(area: Area, record: Record, potential_bar: Tensor) -> Gradients:
    """Gradients of an area's predictor, from the derivative by its potential [time, batch, ...]."""
    if area.predictor is None:
        return {}
    found = {"predictor.bias": flat(potential_bar).transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.predictor.synapses.items():
        gradient = synapses.gradient(flat(record.source(name)), flat(potential_bar))
        found[f"predictor.synapses.{name}.weight"] = gradient
    learnt = area.predictor.feedback.gradients(found["predictor.synapses.rate.weight"])
    return found | {f"predictor.feedback.{name}": gradient for name, gradient in learnt.items()}


def spread(area: Area, record: Record, signal: Signal) -> tuple[Tensor, Tensor, Tensor]:
    """The learning signal L(t) of each unit: what the loss says of its rate.

    A rate is judged by what is asked of it directly and by the prediction it takes part in, one
    step later: L(t) = dloss/dh(t) + B dloss/dpotential(t+1), with B = P^T or what the predictor's
    feedback has in its place (see `areas.feedback`). What is said at step t has the factor M(t) of
    that step: L(t) = M(t) dloss/dh(t) + M(t+1) B dloss/dpotential(t+1), unit by unit. The
    predictor, whose targets are no units of the area, hears the mean of M(t) over units.

    Returns:
        rate_bar [time, batch, *units]; the share of the rate BEFORE the window, [batch, *units],
        which only a rule with a memory can use; potential_bar [time, batch, *drive], the
        derivative by the potential of the predictor.
    """
    rate_bar = heard(signal.rate, signal.level).clone(memory_format=torch.contiguous_format)
    if area.predictor is None:
        return rate_bar, torch.zeros_like(rate_bar[0]), signal.prediction
    potential_bar = area.predictor.slope(record.potential, signal.prediction)
    back = area.predictor.back(flat(potential_bar)).view_as(rate_bar)
    back = heard(fade(back, record.keep), signal.level)
    rate_bar[:-1] += back[1:]
    return rate_bar, back[0].contiguous(), heard(potential_bar, overall(signal.level))


def recede(
    area: Area,
    record: Record,
    rate_bar: Tensor,
    carried_bar: list[Tensor],
    between: Callable[[int], None] | None = None,
) -> Tensor:
    """Reverse scan through the units' own states, from the last step to the first.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates, [time, batch, *units].
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step.
        between: called with t when `carried_bar` is that before step t, which it may change; the
            scan is quicker without.

    Returns:
        derivative by the currents, [time, batch, current * unit, ...].
    """
    befores = [record.before(name) for name in area.cell.carried]
    reverse = area.dynamics.reverse(record.currents, befores, rate_bar, carried_bar)
    breaks = interrupt(record)
    for first, stop in reversed(stretches(breaks)):
        if between is None:
            reverse.run(first, stop)
        else:
            for t in reversed(range(first, stop)):
                reverse.step(t)
                between(t)
        if record.keep is not None and breaks[first]:
            for bar in carried_bar:
                bar.mul_(record.keep[first].view(-1, *[1] * (bar.dim() - 1)))
    return reverse.currents_bar


def interrupt(record: Record) -> list[bool]:
    """For each step whether any stream was reset before it."""
    if record.keep is None:
        return [False] * record.currents.shape[0]
    return (record.keep == 0).any(dim=1).tolist()


def stretches(breaks: list[bool]) -> list[tuple[int, int]]:
    """(first step, step after the last) of the stretches of steps between which nothing broke."""
    firsts = [t for t, broken in enumerate(breaks) if broken or t == 0]
    return list(pairwise([*firsts, len(breaks)]))


def still(area: Area, record: Record) -> list[Tensor]:
    """Zero derivatives by the carried fields, [batch, *units] each."""
    return [torch.zeros_like(record.fields[name][0]) for name in area.cell.carried]
