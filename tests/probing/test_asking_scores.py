"""What is asked of a score table: the best, its lag, what is beside it, what seeds share."""

from dataclasses import fields, replace

import numpy as np
import pytest

from brainmodel.probing.scores import Score, ScoreTable
from brainmodel.probing.scores.across_scores import with_false_discovery_rates, with_seeds

ONE = Score(
    model="trained",
    instance="a.ckpt",
    stage=10,
    signal="rate",
    model_area="V1",
    metric="cka",
    brain_area="VISp",
    lag=0.0,
    score=0.5,
    low=0.4,
    high=0.6,
    p=0.01,
    ceiling_low=0.7,
    ceiling_high=None,
    ncsnr=None,
    ceiling_ncsnr=None,
    samples=20,
    groups=20,
    neurons=5,
    silent=0,
    constant=0,
    missing=0,
    parts=1,
    units=7,
    folds=0,
    seed=0,
    higher_is_better=True,
)


def seeds(values: dict[tuple[str, float], float], **changes: object) -> ScoreTable:
    """Scores by instance and lag."""
    made = [
        replace(ONE, instance=instance, lag=lag, score=value, **changes)  # type: ignore[arg-type]
        for (instance, lag), value in values.items()
    ]
    return ScoreTable(tuple(with_seeds(made)))


VALUES = {("a", 0.0): 0.9, ("b", 0.0): 0.1, ("a", 0.1): 0.6, ("b", 0.1): 0.6}


def test_the_best_lag_is_that_of_the_mean_over_seeds_not_of_the_best_seed() -> None:
    table = seeds(VALUES)
    assert (table.best().lag, table.best_lag) == (0.0, 0.1)
    (both,) = table.at_best_lag().values()
    assert [score.instance for score in both] == ["a", "b"] and both.lags == [0.1]
    spread = table.of(lag=0.0).scores[0].seeds_spread
    assert spread == pytest.approx(np.std([0.9, 0.1], ddof=1))


def test_of_distances_the_least_is_the_best() -> None:
    table = seeds(VALUES, higher_is_better=False)
    assert (table.best().score, table.best_lag) == (0.1, 0.0)


def test_signals_have_labels_of_their_own_and_are_at_their_own_best_lag() -> None:
    rates, errors = seeds(VALUES), seeds({("a", 0.0): 0.8, ("a", 0.1): 0.2}, signal="error")
    table = ScoreTable(rates.scores + errors.scores)
    assert table.labels == ["V1", "V1 error"]
    assert {label: group.lags for label, group in table.at_best_lag().items()} == {
        "V1": [0.1],
        "V1 error": [0.0],
    }
    assert replace(ONE, model="baseline", signal="frames").label == "V1"


def test_earlier_stages_are_left_out_of_the_latest_and_others_stay() -> None:
    early, untrained = replace(ONE, stage=5), replace(ONE, model="untrained", stage=0)
    baseline = replace(ONE, model="baseline", stage=None)
    table = ScoreTable((early, ONE, untrained, baseline))
    assert table.last_stage == 10
    assert table.latest.scores == (ONE, untrained, baseline)
    assert table.of(stage=5).scores == (early,) and len(table.of(model="trained")) == 2
    assert table.of() == table and not table.of(metric="rsa")


def test_groups_come_in_order_of_appearance_and_hold_everything() -> None:
    other = replace(ONE, metric="rsa")
    table = ScoreTable((other, ONE, other))
    groups = table.grouped(lambda score: score.metric)
    assert list(groups) == table.metrics == ["rsa", "cka"]
    assert [len(group) for group in groups.values()] == [2, 1]


def test_q_is_over_the_scores_of_a_metric_and_none_where_p_is() -> None:
    p = {"cka": [0.01, 0.04, None], "rsa": [0.03]}
    scores = [replace(ONE, metric=name, p=value) for name, ps in p.items() for value in ps]
    q = [score.q for score in with_false_discovery_rates(scores)]
    assert q[:2] == pytest.approx([0.02, 0.04]) and q[2:] == [None, pytest.approx(0.03)]
    others = [replace(ONE, model=model, p=0.001) for model in ("untrained", "baseline")]
    mixed = with_false_discovery_rates([*others, *scores])
    assert [score.q for score in mixed] == [None, None, *q]  # they are no part of the question


def test_half_an_interval_is_none_and_rows_have_every_column_in_order() -> None:
    assert ONE.interval == (0.4, 0.6) and ONE.ceiling is None
    assert replace(ONE, low=None).interval is None
    (row,) = ScoreTable((ONE,)).rows()
    assert [*row, "detail"] == [field.name for field in fields(Score)]
    assert (row["model"], row["score"], row["seeds_spread"]) == ("trained", 0.5, None)
