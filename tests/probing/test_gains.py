"""Intervals cover, p over brains is uniform, ceilings are the scores of noiseless models."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, t

from benchmarks.probing_coverage import METRICS, coverage
from brainmodel.probing.metrics import CKA, RSA, Responses, WhitenedRSA
from brainmodel.probing.scores import Score, ScoreTable, split_half_ceiling
from brainmodel.probing.scores.gains import gains_of
from brainmodel.probing.statistics import over_brains


@pytest.mark.parametrize("name", ["ridge", "CKA"])
def test_intervals_of_scores_and_of_differences_cover(name: str) -> None:
    """Fits and folds held, 78 % of 95 were covered; 60 experiments tell .78 from .95."""
    score, difference = coverage(METRICS[name], 80, 60)
    assert score >= 0.88 and difference >= 0.88


def test_p_over_brains_is_uniform_where_nothing_was_learnt() -> None:
    """Brains that differ by their seeds alone, whatever stimuli were shown."""
    p = []
    for seed in range(300):
        random = np.random.default_rng(seed)
        values, shared = random.standard_normal(4), random.standard_normal(50)
        draws = values[:, None] + 0.3 * random.standard_normal((4, 50)) + 0.1 * shared
        p.append(over_brains(values, draws).p)
    assert kstest(np.array(p, float), "uniform").pvalue > 0.01
    moved = over_brains(np.array([0.9, 1.0, 1.1, 1.05]))  # the control
    assert moved.p is not None and moved.p < 0.01 and moved.low is not None and moved.low > 0


def test_intervals_over_brains_and_stimuli_cover_the_mean_of_both() -> None:
    covered = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        stimuli, brains = random.standard_normal(40), random.standard_normal(4)
        seen = 0.5 * brains[:, None] + stimuli + random.standard_normal((4, 40))
        weights = random.multinomial(40, np.full(40, 1 / 40), size=200) / 40
        found = over_brains(seen.mean(1), seen @ weights.T)
        assert found.low is not None and found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.92 <= covered / 300 <= 0.985


@pytest.mark.parametrize("metric", [CKA(), RSA("euclidean"), WhitenedRSA()])
@pytest.mark.parametrize("drift", [0.0, 3.0])
def test_ceilings_of_matrices_are_noiseless_scores_at_low_signal(
    metric: CKA | RSA | WhitenedRSA, drift: float
) -> None:
    """A drift from repeat to repeat is alike for all stimuli, and no noise."""
    random = np.random.default_rng(0)
    signal = 0.35 * random.standard_normal((250, 8)) @ random.standard_normal((8, 30)) / np.sqrt(8)
    noise = random.standard_normal((250, 6, 30)) + drift * random.standard_normal((6, 30))
    responses = Responses(signal[:, None] + noise, np.arange(250))
    ceiling = split_half_ceiling(metric, responses, draws=8)
    assert metric(signal, responses).value == pytest.approx(ceiling.high, abs=0.03)
    by_spearman_brown = np.sqrt(2 * ceiling.low / (1 + ceiling.low))
    assert metric(signal, responses).value > by_spearman_brown + 0.03 or not isinstance(metric, CKA)


def test_the_variance_over_brains_and_stimuli_counts_their_interaction_once() -> None:
    """Draws that only differ between brains are interaction: the variance over brains has it."""
    values = np.array([1.0, 2.0, 3.0, 6.0])
    unlike = np.random.default_rng(0).standard_normal((4, 100_000))
    between = float(values.var(ddof=1)) / 4
    found, alone = over_brains(values, values[:, None] + unlike), over_brains(values)
    assert found.low == pytest.approx(alone.low, abs=0.02)
    alike = over_brains(values, values[:, None] + np.sqrt(3) * unlike[:1])
    assert alike.low is not None and alike.high is not None
    reach = t.ppf(0.975, 3 * ((between + 3) / between) ** 2) * np.sqrt(between + 3)
    assert (alike.high - alike.low) / 2 == pytest.approx(reach, abs=0.02)


def score_of(brain: str, model: str, value: float) -> Score:
    """The score of area V1 of one brain, before or after training."""
    held: dict[str, Any] = dict.fromkeys(field.name for field in fields(Score)) | {
        "model": model,
        "instance": f"{model} {brain}",
        "stage": 9 if model == "trained" else 0,
        "brain": brain,
        "signal": "rate",
        "model_area": "V1",
        "metric": "cka",
        "brain_area": "VISp",
        "lag": 0.0,
        "score": value,
        "seeds_mean": value,
        "higher_is_better": True,
    }
    return Score(**held)


def test_each_brain_is_compared_with_itself_before_training() -> None:
    """Gains of .1, .2 and .3, of brains that begin far apart: their spread is that of the gains."""
    before = {"seed 0": 0.1, "seed 1": 0.5, "seed 2": 0.3}
    trained = {"seed 2": 0.6, "seed 0": 0.2, "seed 1": 0.7}
    scores = [score_of(brain, "trained", value) for brain, value in trained.items()]
    scores += [score_of(brain, "untrained", value) for brain, value in before.items()]
    (gain,) = gains_of(ScoreTable(tuple(scores)))
    assert gain.paired and gain.brains == 3 and gain.gain == pytest.approx(0.2)
    assert gain.p == pytest.approx(2 * t.sf(0.2 / (0.1 / np.sqrt(3)), 2))
    first = [s for s in scores if s.model == "trained" or s.brain == "seed 0"]
    (unpaired,) = gains_of(ScoreTable(tuple(first)))  # the control
    assert not unpaired.paired and unpaired.p != gain.p
