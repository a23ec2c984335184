"""Laws that every metric in configs/probing keeps, each with a control that shows it can fail."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from brainmodel.probing.metrics import Metric, Responses
from brainmodel.probing.scores import split_half_ceiling

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "probing").glob("*.yaml"))
SAMPLES, UNITS, NEURONS = 150, 30, 26
GROUPS = np.repeat(np.arange(10), 15)  # movies and their steps


def build(config: dict[str, Any]) -> Any:
    """What a config names, with its arguments."""
    module, _, name = config["class_path"].rpartition(".")
    arguments = config.get("init_args", {})
    parts = {k: build(v) for k, v in arguments.items() if isinstance(v, dict)}
    return getattr(import_module(module), name)(**(arguments | parts))


@pytest.fixture(params=CONFIGS, ids=lambda path: path.stem)
def metric(request: pytest.FixtureRequest) -> Metric[Any, Any]:
    """Each, told what was shown, should it ask."""
    return build(yaml.safe_load(request.param.read_text())).given(drawn(SAMPLES, 3, seed=77))


def repeated(mean: np.ndarray, noise: float = 0.0, repeats: int = 4) -> Responses:
    random = np.random.default_rng(9)
    spread = noise * random.standard_normal((len(mean), repeats, mean.shape[1]))
    return Responses(mean[:, None] + spread, GROUPS[: len(mean)])


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def moving(units: int, seed: int = 0) -> np.ndarray:
    """Units that follow four hidden ones, which turn at two speeds from step to step."""
    random, speeds = np.random.default_rng(seed), np.array([0.3, 1.1])
    phase = random.uniform(0, 2 * np.pi, (10, 1, 2)) + speeds * np.arange(15)[:, None]
    hidden = np.concatenate([np.cos(phase), np.sin(phase)], axis=2).reshape(SAMPLES, 4)
    return hidden @ drawn(4, units, seed=seed) + 0.1 * drawn(SAMPLES, units, seed=seed + 1)


def badness(metric: Metric[Any, Any], value: float) -> float:
    """How far from the best score: 1, or 0 for distances."""
    return 1 - value if metric.higher_is_better else value


def test_the_config_builds_a_metric(metric: Metric[Any, Any]) -> None:
    assert isinstance(metric, Metric)


def test_a_thing_is_most_like_itself_and_noise_is_not(metric: Metric[Any, Any]) -> None:
    features = drawn(SAMPLES, 6) @ drawn(6, NEURONS, seed=3) + 0.05 * drawn(
        SAMPLES, NEURONS, seed=4
    )
    itself = badness(metric, metric(features, repeated(features, noise=1e-3)).value)
    other = badness(metric, metric(drawn(SAMPLES, NEURONS, seed=5), repeated(features, 1e-3)).value)
    assert itself < 0.15
    assert other > 0.45


def test_unrelated_sides_score_as_permuted_ones_do(metric: Metric[Any, Any]) -> None:
    comparison = metric(drawn(SAMPLES, UNITS), repeated(drawn(SAMPLES, NEURONS, seed=1), 0.5))
    orders = np.stack([np.random.default_rng(k).permutation(SAMPLES) for k in range(20)])
    null = comparison.permuted(orders)
    assert abs(comparison.value - null.mean()) < 4 * null.std()
    features = moving(UNITS)
    found = metric(features, repeated(features @ drawn(UNITS, NEURONS, seed=2), 0.5)).value
    sign = 1 if metric.higher_is_better else -1
    assert sign * (found - null.mean()) > 4 * null.std()  # the control


@pytest.mark.parametrize("factor", [1e-3, 1e4])
def test_the_scale_of_either_side_does_not_matter(metric: Metric[Any, Any], factor: float) -> None:
    features, responses = drawn(SAMPLES, UNITS), repeated(drawn(SAMPLES, NEURONS, seed=1), 0.5)
    responses = Responses(responses.repeats + features[:, None, :NEURONS], responses.groups)
    plain = metric(features, responses).value
    scaled = metric(factor * features, Responses(responses.repeats * 7, responses.groups)).value
    assert scaled == pytest.approx(plain, abs=1e-6)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("factor", [1e-14, 1e9])
def test_the_unit_of_the_responses_does_not_matter(metric: Metric[Any, Any], factor: float) -> None:
    """Tesla are 1e-14, counts of photons 1e9."""
    features, held = drawn(SAMPLES, UNITS), repeated(drawn(SAMPLES, NEURONS, seed=1), 0.5)
    plain = Responses(held.repeats + features[:, None, :NEURONS], held.groups)
    other = Responses(factor * plain.repeats, plain.groups)
    one, two = metric(features, plain), metric(features, other)
    assert two.value == pytest.approx(one.value, abs=1e-6)
    weights = np.random.default_rng(0).integers(0, 3, (3, 10)).astype(float)[:, GROUPS]
    assert two.reweighted(weights) == pytest.approx(one.reweighted(weights), abs=1e-5)
    if metric.has_ceiling:
        ceilings = [split_half_ceiling(metric, side, draws=3) for side in (plain, other)]
        assert ceilings[1] == pytest.approx(ceilings[0], abs=1e-6)
        assert abs(ceilings[0].high - ceilings[0].low) > 0.01  # the control


def test_units_that_vary_by_rounding_alone_are_refused(metric: Metric[Any, Any]) -> None:
    flat = np.full((SAMPLES, UNITS), 0.1) + np.where(drawn(SAMPLES, UNITS) > 0, 1.4e-17, 0)
    responses = repeated(drawn(SAMPLES, NEURONS, seed=1), 0.5)
    with pytest.raises(ValueError, match=r"varies|undefined or all alike|give no kernel|axes"):
        metric(flat, responses)


def test_the_order_of_units_does_not_matter_and_that_of_samples_does(
    metric: Metric[Any, Any],
) -> None:
    features = drawn(SAMPLES, UNITS)
    responses = repeated(features[:, :NEURONS] + drawn(SAMPLES, NEURONS, seed=1), 0.5)
    order = np.random.default_rng(3).permutation
    plain = metric(features, responses).value
    assert metric(features[:, order(UNITS)], responses).value == pytest.approx(plain, abs=1e-6)
    assert metric(features[order(SAMPLES)], responses).value != pytest.approx(plain, abs=1e-2)


def test_resampling_that_changes_nothing_gives_the_score(metric: Metric[Any, Any]) -> None:
    features = drawn(SAMPLES, UNITS)
    comparison = metric(features, repeated(features[:, :NEURONS] ** 3, 0.5))
    same = np.arange(SAMPLES)[None]
    assert comparison.reweighted(np.ones((1, SAMPLES)))[0] == pytest.approx(comparison.value)
    assert comparison.permuted(same)[0] == pytest.approx(comparison.value)
    assert comparison.permuted(same[:, ::-1])[0] != pytest.approx(comparison.value, abs=1e-3)


def test_different_numbers_of_stimuli_are_refused_in_a_sentence(metric: Metric[Any, Any]) -> None:
    with pytest.raises(ValueError, match=r"149 samples and responses 150: give both"):
        metric(drawn(SAMPLES - 1, UNITS), repeated(drawn(SAMPLES, NEURONS)))
