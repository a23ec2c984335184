"""Drift between stages: planted correlations, exchanged units, brains without counterparts."""

import numpy as np
import pytest

from brainmodel.probing.activity import Presentation, Source
from brainmodel.probing.analyses import Drift, Evidence
from brainmodel.probing.analyses.drift import geometry, likeness
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Stimuli, Unrecorded

NAMES = np.array([f"s{k}" for k in range(12)])
FILM = Stimuli(np.zeros((12, 1, 6, 6, 1), np.float32), np.array([0.0, 0.2]))
PRESENTATION = Presentation(20.0, 0.2)


def rates(seed: int) -> Floats:
    """Courses [stimulus, step, unit], the stimuli more and less alike."""
    random = np.random.default_rng(seed)
    return random.normal(size=(12, 4, 500)) * random.uniform(0.5, 2, size=(12, 1, 1))


def evidence(activity: dict[Source, dict[str, Floats]]) -> Evidence:
    alone = Unrecorded(NAMES, PRESENTATION.edges)
    return Evidence(alone, FILM, PRESENTATION, (1, 6, 6), activity)


@pytest.mark.parametrize("planted", [0.0, 0.4, 0.9])
def test_likeness_is_the_planted_correlation(planted: float) -> None:
    one, noise = rates(0), rates(0)[..., ::-1]
    other = planted * one + np.sqrt(1 - planted**2) * noise
    assert likeness(one, other) == pytest.approx(planted, abs=0.03)
    assert likeness(one, 3 * one + 5) == pytest.approx(1, abs=1e-12)
    common = np.random.default_rng(4).normal(size=(12, 4, 1))  # of all units alike: no pattern
    assert likeness(one, one + 5 * common) == pytest.approx(1, abs=1e-12)


def test_units_that_exchange_their_parts_drift_and_keep_the_geometry() -> None:
    one = rates(1)
    exchanged = one[..., np.random.default_rng(2).permutation(500)]
    assert abs(likeness(one, exchanged)) < 0.03
    assert geometry(one, exchanged) == pytest.approx(1, abs=1e-12)
    assert abs(geometry(one, rates(3))) < 0.6, "a control"


def test_stages_of_brains_are_compared_and_brains_with_each_other() -> None:
    activity = {}
    for seed in range(3):
        first, last = rates(seed), 0.6 * rates(seed) + 0.8 * rates(seed)[..., ::-1]
        for stage, values, error in ((0, first, 2.0), (50, last, 1.5 + 0.01 * seed)):
            model = "trained" if stage else "untrained"
            name = f"seed {seed}"
            activity[Source(model, f"{name}, {stage}", stage, "rate", name)] = {"V1": values}
            errors = {"V1": -error * np.ones((12, 4, 3))}
            activity[Source(model, f"{name}, {stage}", stage, "error", name)] = errors
    found = Drift()(evidence(activity))
    rows = {(row["stages"], row["of"]): row for row in found.tables["drift"]}
    own = rows["0 to 50", "the same brains"]
    assert own["pairs"] == 3 and own["likeness"] == pytest.approx(0.6, abs=0.03)
    assert own["change of score"] == pytest.approx(-0.49)
    others = rows["50 to 50", "other brains"]
    assert others["pairs"] == 3 and abs(others["likeness"]) < 0.05
    assert others["change of score"] is None
    assert set(found.figures) == {"drift"}


def test_what_has_no_drift_is_refused() -> None:
    few = Stimuli(FILM.frames[:2], FILM.edges)
    with pytest.raises(ValueError, match="2 stimuli have no geometry: give 3 or more"):
        Drift().check(Unrecorded(NAMES[:2], PRESENTATION.edges), few, PRESENTATION)
    once = {Source("trained", "a", 50, "rate", "seed 0"): {"V1": rates(0)}}
    with pytest.raises(ValueError, match="no brain is there at two stages"):
        Drift()(evidence(once))
