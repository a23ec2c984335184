"""Selectivity for the unexpected over learning stages, compartment by compartment.

Gillon et al. (2024), J. Neurosci. 44:e1009232023, Fig. 2 and 4: indices of somata and of distal
apical dendrites change in opposite ways over sessions. In a model the rates are the somatic events
and the errors or the feedback that reach an area the apical ones; stages are checkpoints.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics.bootstrap import NUDGE, interval
from brainmodel.probing.statistics.permutation import p_value
from brainmodel.probing.statistics.unexpected import Selectivity, selectivity


class Events(NamedTuple):
    """Responses of the same neurons to events of two kinds, each [neuron, event]."""

    expected: Floats
    unexpected: Floats


class Stage(NamedTuple):
    """One compartment at one stage of learning."""

    compartment: str
    stage: str
    selectivity: Selectivity
    mean: float  # of the indices, over neurons that vary
    low: float  # 95 % interval, bootstrap over events
    high: float
    lower: float  # percent of neurons that are selective for the expected
    higher: float  # percent of neurons that are selective for the unexpected
    draws: Floats  # [draw] of the mean, the same for all stages of the same events


class Change(NamedTuple):
    """Mean change of samples: of brains, or of stimuli."""

    value: float
    p: float  # two-sided
    samples: int  # compared


def over_stages(
    stages: Mapping[str, Mapping[str, Events]], shuffles: int = 1000, seed: int = 0
) -> list[Stage]:
    """Selectivity of each compartment at each stage, with its shuffle null.

    Args:
        stages: by name, in order of learning: by compartment, such as "somatic" and "apical".
        shuffles: of the labels of events, and draws of events for the interval.
        seed: of both.

    Raises:
        ValueError: if a stage lacks a compartment, or has too few events.
    """
    compartments = list(dict.fromkeys(c for events in stages.values() for c in events))
    for stage, events in stages.items():
        if lacking := [c for c in compartments if c not in events]:
            raise ValueError(f"stage {stage!r} has no {lacking[0]!r} events: give every stage all.")
    return [
        _stage(compartment, stage, events[compartment], shuffles, seed)
        for compartment in compartments
        for stage, events in stages.items()
    ]


def _stage(compartment: str, stage: str, events: Events, shuffles: int, seed: int) -> Stage:
    found = selectivity(*events, shuffles=shuffles, seed=seed)
    indices = found.indices[np.isfinite(found.indices)]
    if len(indices) == 0:
        raise ValueError(f"{compartment}, stage {stage!r}: no neuron varies: record others.")
    mean, draws = float(indices.mean()), drawn_indices(events, shuffles, seed)
    return Stage(compartment, stage, found, mean, *interval(mean, draws), *found.share(), draws)


def drawn_indices(events: Events, draws: int, seed: int) -> Floats:
    """[draw] mean index over neurons, of bootstrap draws of events, the same in all neurons.

    To first order (see `bootstrap.NUDGE`): of few events a draw may hold one alone, which has no
    spread. Neurons are no samples: the units of a map are few kernels of one brain, and the neurons
    of one animal see the same events.
    """
    random, counts = np.random.default_rng(seed), [kind.shape[1] for kind in events]
    once = [np.ones((1, count)) for count in counts]
    found = np.full(draws, value := float(_mean_indices(events, *once)[0]))
    for kind, count in enumerate(counts):
        weights = list(once)
        weights[kind] = 1 + NUDGE * np.eye(count)
        slope = (_mean_indices(events, *weights) - value) / NUDGE
        drawn = random.multinomial(count, np.full(count, 1 / count), size=draws)
        found += (drawn - 1) @ slope
    return found


def _mean_indices(events: Events, expected: Floats, unexpected: Floats) -> Floats:
    """[draw] mean index over neurons under weights [draw, event] of either kind."""
    moments = []
    for values, weights in zip(events, (expected, unexpected), strict=True):
        there, filled = np.isfinite(values), np.nan_to_num(values)
        total, count = weights @ there.T, there.sum(1)  # [draw, neuron], [neuron]
        mean = weights @ filled.T / total
        spread = weights @ (filled**2).T / total - mean**2
        moments.append((mean, spread * count / (count - 1)))
    (low, one), (high, other) = moments
    scale = np.sqrt(((one + other) / 2).clip(0))
    index = np.divide(high - low, scale, out=np.full_like(scale, np.nan), where=scale > 1e-12)
    return np.nanmean(index, axis=1)


def change_within(before: Floats, after: Floats, draws: int = 10_000, seed: int = 0) -> Change:
    """Mean change of the same samples; p by flipping the signs of their changes.

    Args:
        before, after: [sample] of brains, or of stimuli, never of units; NaN is left out.
        draws: of signs.
        seed: of the draws.

    Raises:
        ValueError: if they are not of the same samples, or fewer than two are left.
    """
    if before.shape != after.shape:
        raise ValueError(
            f"{before.size} samples before and {after.size} after: change_within needs the same."
        )
    change = (after - before)[np.isfinite(after - before)]
    if len(change) < 2:
        raise ValueError(f"{len(change)} samples with a value: a change needs 2 or more.")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, len(change)))
    value = float(change.mean())
    p = p_value(abs(value), np.abs(signs @ change / len(change)) + 1e-12)
    return Change(value, p, len(change))
