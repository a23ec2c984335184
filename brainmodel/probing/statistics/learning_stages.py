"""Selectivity for the unexpected over learning stages, compartment by compartment.

Gillon et al. (2024), J. Neurosci. 44:e1009232023, Fig. 2 and 4: indices of somata and of distal
apical dendrites change in opposite ways over sessions. In a model the rates are the somatic events
and the errors or the feedback that reach an area the apical ones; stages are checkpoints.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
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
    low: float  # 95 % interval, bootstrap over neurons
    high: float
    lower: float  # percent of neurons that are selective for the expected
    higher: float  # percent of neurons that are selective for the unexpected


class Change(NamedTuple):
    """Difference of a mean between two sets of neurons or two stages."""

    value: float
    p: float  # two-sided
    neurons: int  # compared; in the smaller set where there are two


def over_stages(
    stages: Mapping[str, Mapping[str, Events]], shuffles: int = 1000, seed: int = 0
) -> list[Stage]:
    """Selectivity of each compartment at each stage, with its shuffle null.

    Args:
        stages: by name, in order of learning: by compartment, such as "somatic" and "apical".
        shuffles: of the labels of events, and draws of neurons for the interval.
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
    drawn = np.random.default_rng(seed).integers(len(indices), size=(shuffles, len(indices)))
    low, high = np.quantile(indices[drawn].mean(1), [0.025, 0.975])
    mean = float(indices.mean())
    return Stage(compartment, stage, found, mean, float(low), float(high), *found.share())


def change_within(before: Floats, after: Floats, draws: int = 10_000, seed: int = 0) -> Change:
    """Mean change of the same neurons; p by flipping the signs of their changes.

    Args:
        before, after: [neuron] indices (or changes of them, for a change of a change); NaN is left
            out.
        draws: of signs.
        seed: of the draws.

    Raises:
        ValueError: if they are not of the same neurons, or fewer than two are left.
    """
    if before.shape != after.shape:
        raise ValueError(
            f"{before.size} neurons before and {after.size} after: change_within needs the same "
            "neurons; change_between takes others."
        )
    change = (after - before)[np.isfinite(after - before)]
    _require_two(len(change))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, len(change)))
    value = float(change.mean())
    p = p_value(abs(value), np.abs(signs @ change / len(change)) + 1e-12)
    return Change(value, p, len(change))


def change_between(first: Floats, second: Floats, draws: int = 10_000, seed: int = 0) -> Change:
    """Mean of `second` less that of `first`; p by dealing neurons to the two anew.

    For stages whose neurons are not the same, and for compartments: given the changes of somata and
    of dendrites, it tests whether they differ.
    """
    first, second = (side[np.isfinite(side)] for side in (first, second))
    _require_two(min(len(first), len(second)))
    both = np.concatenate([first, second])
    value = float(second.mean() - first.mean())
    dealt = np.random.default_rng(seed).permuted(np.tile(both, (draws, 1)), axis=1)
    null = dealt[:, len(first) :].mean(1) - dealt[:, : len(first)].mean(1)
    p = p_value(abs(value), np.abs(null) + 1e-12)
    return Change(value, p, min(len(first), len(second)))


def _require_two(neurons: int) -> None:
    if neurons < 2:
        raise ValueError(f"{neurons} neurons with an index: a change needs 2 or more.")
