"""Bootstrap draws by matrix products are those of the drawn samples, however often asked."""

from typing import Any

import numpy as np
import pytest

from brainmodel.probing.metrics import CKA, RSA, Metric, Responses, SpearmanRSA
from brainmodel.probing.statistics import stimulus_weights

SAMPLES = 25


def sides(metric: Metric[Any, Any]) -> tuple[Any, list[Any]]:
    """A model's side, and two brain areas' that are compared with it."""
    random = np.random.default_rng(0)
    features = random.standard_normal((SAMPLES, 8))
    brains = [
        features @ random.standard_normal((8, 6)) + random.standard_normal((SAMPLES, 6))
        for _ in range(2)
    ]
    groups = np.arange(SAMPLES)
    return metric.model_side(features, groups), [
        metric.brain_side(Responses(brain[:, None], groups)) for brain in brains
    ]


@pytest.mark.parametrize("metric", [RSA(), SpearmanRSA(), CKA()], ids=["rsa", "spearman", "cka"])
def test_draws_do_not_depend_on_what_was_asked_before(metric: Metric[Any, Any]) -> None:
    first, second = (stimulus_weights(np.arange(SAMPLES), 7, seed) for seed in (0, 1))
    model, brains = sides(metric)
    for brain in brains:
        for weights in (first, second, first):
            fresh_model, fresh_brains = sides(metric)
            fresh = fresh_brains[0 if brain is brains[0] else 1]
            found = metric.compare(model, brain).reweighted(weights)
            expected = metric.compare(fresh_model, fresh).reweighted(weights.copy())
            np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.ptp(metric.compare(model, brains[0]).reweighted(first)) > 0.01


def test_a_draw_of_pairs_is_the_correlation_of_the_drawn_pairs() -> None:
    model, brains = sides(RSA())
    (weights,) = stimulus_weights(np.arange(SAMPLES), 1, 3)
    drawn = np.repeat(np.arange(SAMPLES), weights.astype(int))
    one, other = np.triu_indices(SAMPLES, 1)
    apart = drawn[one] != drawn[other]  # pairs of a stimulus with itself are left out
    a, b = (s.square.values[drawn[one], drawn[other]][apart] for s in (model, brains[0]))
    found = RSA().compare(model, brains[0]).reweighted(weights[None])[0]
    assert found == pytest.approx(np.corrcoef(a, b)[0, 1])
