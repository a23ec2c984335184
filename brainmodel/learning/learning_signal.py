"""The learning signal of an area: what its loss says of it, and of each of its units."""

from typing import NamedTuple

import torch
from torch import Tensor

from areas import Area
from areas.record import Record, fade, flat


class LearningSignal(NamedTuple):
    """What the loss says of an area: its derivatives by what the area did."""

    rate: Tensor  # [time, batch, *units], directly, not by way of the area's own prediction
    prediction: Tensor  # [time, batch, *drive], with the share that comes through the error
    level: Tensor | None = None
    """M(t), which is to multiply the learning signal: neuromodulation times plasticity, [time,
    batch], or [time, batch, unit] (channel, on maps); None for 1. Not yet in `rate` and
    `prediction`: `unit_signals` puts it in; what a rule adds to the learning signal goes through
    `modulated`."""


def modulated(signal: Tensor, level: Tensor | None) -> Tensor:
    """A signal [time, batch, unit, ...] times the level of each unit; itself if there is none."""
    if level is None:
        return signal
    return signal * level.view(*level.shape, *[1] * (signal.dim() - level.dim()))


def mean_level(level: Tensor | None) -> Tensor | None:
    """The level [time, batch] of what belongs to no unit: the mean over units."""
    return level.mean(2) if level is not None and level.dim() > 2 else level


def unit_signals(
    area: Area, record: Record, signal: LearningSignal
) -> tuple[Tensor, Tensor, Tensor]:
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
    rate_bar = modulated(signal.rate, signal.level).clone(memory_format=torch.contiguous_format)
    if area.predictor is None:
        return rate_bar, torch.zeros_like(rate_bar[0]), signal.prediction
    potential_bar = area.predictor.slope(record.potential, signal.prediction)
    back = area.predictor.back(flat(potential_bar)).view_as(rate_bar)
    back = modulated(fade(back, record.keep), signal.level)
    rate_bar[:-1] += back[1:]
    return rate_bar, back[0].contiguous(), modulated(potential_bar, mean_level(signal.level))
