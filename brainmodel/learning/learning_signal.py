"""The learning signal of an area: the derivatives of its loss by what it did, and by each rate."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.record import Record, fade, flat
from areas.shapes import PerDriveSteps, PerStreamSteps, PerUnit, PerUnitSteps

Level = PerStreamSteps | Float[Tensor, "time batch unit"]
"""M(t), neuromodulation times plasticity: alike in all units, or unit by unit (of maps, channel by
channel)."""


class LearningSignal(NamedTuple):
    """Derivatives of the loss by what an area did over a window, and how much they count."""

    rate: PerUnitSteps
    """By the rate itself, not by way of the area's own prediction."""
    prediction: PerDriveSteps
    """By the prediction, with the part that comes by way of the error."""
    level: Level | None = None
    """M(t), by which the learning signal is to be multiplied; None for 1. `rate` and `prediction`
    are without it: `unit_signals` multiplies them; what a rule adds to the learning signal by
    itself goes through `modulated`."""


class UnitSignals(NamedTuple):
    """The learning signal of each unit, and the derivative by the predictor's potential."""

    rate_bar: PerUnitSteps
    """L(t), contiguous."""
    before: PerUnit
    """The part of the first prediction in the learning signal of the rate BEFORE the window,
    contiguous; only a rule with a memory can use it."""
    potential_bar: PerDriveSteps
    """By the potential of the predictor."""


def modulated(signal: PerUnitSteps, level: Level | None) -> PerUnitSteps:
    """A signal times the level of each unit; the signal itself if there is no level."""
    if level is None:
        return signal
    return signal * level.view(*level.shape, *[1] * (signal.dim() - level.dim()))


def times(level: Level | None, factor: Level) -> Level:
    """A level times another; either may differ from unit to unit."""
    if level is None:
        return factor
    wide = max(level.dim(), factor.dim())
    one, other = (each.view(*each.shape, *[1] * (wide - each.dim())) for each in (level, factor))
    return one * other


def mean_level(level: Level | None) -> PerStreamSteps | None:
    """The mean of a level over units: the level of what belongs to no unit."""
    return level.mean(2) if level is not None and level.dim() > 2 else level


def unit_signals(area: Area, record: Record, signal: LearningSignal) -> UnitSignals:
    """The learning signal L(t) of each unit: the derivative of the loss by its rate h(t).

    The loss depends on a rate directly, and by way of the prediction that is made from it one step
    later:

        L(t) = dloss/dh(t) + B dloss/dpotential(t+1)

    with B = P^T, or what the predictor's feedback has in its place (see `areas.feedback`). Each
    part is multiplied by the level of the step whose loss it comes from:

        L(t) = M(t) dloss/dh(t) + M(t+1) B dloss/dpotential(t+1)

    unit by unit. The predictor's own signal is multiplied by the mean of M(t) over units.

    Args:
        area: the area.
        record: what happened over the window.
        signal: derivatives of the loss by what the area did.
    """
    rate_bar = modulated(signal.rate, signal.level).clone(memory_format=torch.contiguous_format)
    if area.predictor is None:
        return UnitSignals(rate_bar, torch.zeros_like(rate_bar[0]), signal.prediction)
    potential_bar = area.predictor.slope(record.potential, signal.prediction)
    back = area.predictor.back(flat(potential_bar)).view_as(rate_bar)
    back = modulated(fade(back, record.keep), signal.level)
    rate_bar[:-1] += back[1:]
    modulated_potential = modulated(potential_bar, mean_level(signal.level))
    return UnitSignals(rate_bar, back[0].contiguous(), modulated_potential)
