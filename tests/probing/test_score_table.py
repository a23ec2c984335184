"""The score table: planted areas and lags are found, what cannot be scored is counted."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainmodel.probing.metrics import CKA, RSA, Procrustes, RidgeEncoding
from brainmodel.probing.recordings import Recording
from brainmodel.probing.report.table_files import write_atomically, write_csv, write_json
from brainmodel.probing.scores import PerStep, PerStimulus, Score, ScoreTable, Scoring, score_model
from tests.probing.brains import known

STIMULI, STEPS, UNITS = 30, 8, 20
EDGES = [step / 10 for step in range(STEPS + 1)]
METRICS = {"rsa": RSA("euclidean"), "cka": CKA(), "ridge": RidgeEncoding(), "angle": Procrustes()}
SCORING = Scoring(EDGES, (0.0, 0.2), PerStep(), bootstraps=100, permutations=19, halvings=5, seed=1)


def planted() -> tuple[dict[str, np.ndarray], Recording]:
    """V1 follows model area `low` by .2 s, LM follows `high` at once."""
    random = np.random.default_rng(0)
    rates = {name: random.standard_normal((STIMULI, STEPS, UNITS)) for name in ("low", "high")}
    delayed = np.zeros((STIMULI, STEPS, 6))
    delayed[:, 2:] = rates["low"][:, :-2] @ random.standard_normal((UNITS, 6))
    true = np.concatenate([delayed, rates["high"] @ random.standard_normal((UNITS, 6))], axis=2)
    noisy = true[:, None] + 3 * random.standard_normal((STIMULI, 4, STEPS, 12))
    return rates, Recording(
        noisy.transpose(3, 0, 1, 2),
        np.array(["V1"] * 6 + ["LM"] * 6),
        np.array([f"movie {k}" for k in range(STIMULI)]),
        np.array(EDGES),
        "spikes/s",
        "test mouse",
    )


@pytest.fixture(scope="module")
def scores() -> ScoreTable:
    rates, recording = planted()
    return score_model(rates, recording, METRICS, SCORING)


def known_draws(score: Score) -> np.ndarray:
    assert score.detail is not None and score.detail.draws is not None
    return score.detail.draws


def pick(scores: ScoreTable, metric: str, model: str, brain: str, lag: float) -> Score:
    (score,) = scores.of(metric=metric, label=model, brain_area=brain, lag=lag)
    return score


def test_there_is_one_score_for_everything(scores: ScoreTable) -> None:
    places = {(s.metric, s.model_area, s.brain_area, s.lag) for s in scores}
    assert len(scores) == len(places) == len(METRICS) * 2 * 2 * 2


@pytest.mark.parametrize("metric", METRICS)
def test_planted_areas_and_lags_are_found(scores: ScoreTable, metric: str) -> None:
    mine = scores.of(metric=metric)
    places = {("low", "V1", 0.2), ("high", "LM", 0.0)}
    found = [(row.model_area, row.brain_area, row.lag) in places for row in mine]
    better = 1 if METRICS[metric].higher_is_better else -1
    values = better * np.array([row.score for row in mine])
    p = np.array([row.p for row in mine])
    assert values[found].min() > values[np.invert(found)].max() + 0.2
    assert (p[found] <= 0.01).all()
    assert p[np.invert(found)].mean() > 0.2
    for row in mine:
        assert known(row.low) < row.score < known(row.high)
        assert known(row.p) <= known(row.q) <= 1
        assert better * known(row.ceiling_low) < better * known(row.ceiling_high)


def test_the_sides_are_the_same_when_asked_alone() -> None:
    rates, recording = planted()
    scores = score_model(rates, recording, {"cka": CKA()}, replace(SCORING, permutations=0))
    aligned = PerStep().responses(recording.of(areas="LM"))
    expected = CKA()(rates["high"].reshape(-1, UNITS), aligned).value
    assert pick(scores, "cka", "high", "LM", 0.0).score == pytest.approx(expected)


def test_silent_constant_and_missing_neurons_are_counted() -> None:
    rates, recording = planted()
    values = recording.responses.copy()
    values[0], values[1], values[2, 5], values[3, :, 0] = 0, 3, np.nan, np.nan
    scores = score_model(rates, replace(recording, responses=values), {"cka": CKA()}, SCORING)
    row = pick(scores, "cka", "low", "V1", 0.2)
    assert (row.neurons, row.silent, row.constant, row.missing) == (3, 1, 1, 1)
    assert np.isfinite(row.score)
    assert pick(scores, "cka", "high", "LM", 0.0).neurons == 6
    values[:6] = 0
    with pytest.raises(ValueError, match=r"test mouse: V1: no neuron can be scored \(6 silent, 0"):
        score_model(rates, replace(recording, responses=values), {"cka": CKA()}, SCORING)


def test_a_neuron_that_varies_by_rounding_alone_is_constant() -> None:
    """The mean of three times .1 is not that of four times .1, to the last bit."""
    rates, recording = planted()
    values = recording.of(areas="V1").responses.copy()
    values[0] = 0.1
    values[:, ::2, 3] = np.nan
    held = replace(recording.of(areas="V1"), responses=values)
    means = Scoring(EDGES, sampling=PerStimulus(), bootstraps=0, halvings=0)
    found = score_model(rates, held, {"ridge": RidgeEncoding()}, means)
    without = score_model(rates, held.keep(np.arange(1, 6)), {"ridge": RidgeEncoding()}, means)
    assert found.scores[0].constant == 1 and found.scores[0].neurons == 5
    assert found.scores[0].score == without.scores[0].score


def test_intervals_end_where_scores_do() -> None:
    """Half of the draws lie above a score, and none is beyond 1."""
    rates, recording = planted()
    few = recording.of(areas="LM").show(np.arange(4))
    chosen = {"high": rates["high"][:4]}
    metrics = {"cka": CKA(), "angle": Procrustes(folds=2)}
    for score in score_model(chosen, few, metrics, replace(SCORING, permutations=0, lags=(0.0,))):
        low, high = METRICS[score.metric].bounds
        assert low <= known(score.low) <= score.score <= known(score.high) <= high
    stills = replace(SCORING, sampling=PerStimulus(), permutations=0, halvings=0, lags=(0.0,))
    (score,) = score_model(chosen, few, {"cka": CKA()}, stills)
    draws = known_draws(score)
    assert score.high == 1 < score.score + np.quantile(draws - draws.mean(), 0.975)  # the control


def test_a_model_area_that_cannot_be_compared_is_named() -> None:
    rates, recording = planted()
    still = {"low": rates["low"], "high": np.zeros_like(rates["high"])}
    for metric in (RidgeEncoding(), Procrustes()):
        with pytest.raises(ValueError, match="trained model, high: none of the 20 model units va"):
            score_model(still, recording, {"it": metric}, SCORING)


def test_where_no_neuron_can_be_scored_it_is_said_what_to_leave_out() -> None:
    rates, recording = planted()
    for place, advice in (
        ((0, 0, slice(None), slice(-2, None)), "leave_out.missing_bins: true leaves out 2 of"),
        ((slice(0, 3), 4), "leave_out.missing_stimuli: true leaves out 1 of"),
    ):
        values = recording.responses[:6].copy()
        values[place] = np.nan
        part = replace(recording.of(areas="V1"), responses=values).keep(
            np.arange(1 + 2 * (place[0] != 0))
        )
        with pytest.raises(ValueError, match=rf"no neuron can be scored \(0 silent.*: {advice}"):
            score_model(rates, part, {"cka": CKA()}, SCORING)


def test_same_seed_same_table_and_another_seed_another() -> None:
    rates, recording = planted()
    first, again, other = (
        score_model(rates, recording, {"cka": CKA()}, replace(SCORING, seed=seed))
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.scores[0].low != other.scores[0].low


def test_what_does_not_fit_is_refused_before_scoring() -> None:
    rates, recording = planted()
    with pytest.raises(ValueError, match=r"model area 'low' has rates of shape \(29, 8, 20\): g"):
        score_model({"low": rates["low"][1:]}, recording, METRICS, SCORING)
    broken = rates["low"].copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"model area 'low' has rates that are not finite"):
        score_model({"low": broken}, recording, METRICS, SCORING)
    single = replace(recording, responses=recording.responses[:, :, :1])
    with pytest.raises(ValueError, match=r"only 0 stimuli have 2 repeats or more"):
        score_model(rates, single, METRICS, SCORING)
    assert score_model(rates, single, {"cka": CKA()}, replace(SCORING, halvings=0))
    frames = np.zeros((STIMULI, 4, 4))
    with pytest.raises(ValueError, match=r"are the same frame in folds"):
        score_model(rates, recording, METRICS, SCORING, frames=frames)
    with pytest.raises(ValueError, match=r"permutations is -1: give 0 or more"):
        Scoring(EDGES, permutations=-1)


def test_tables_are_written_whole_or_not_at_all(scores: ScoreTable, tmp_path: Path) -> None:
    rows = scores.rows()
    write_csv(rows, tmp_path / "out" / "scores.csv")
    write_json(rows, tmp_path / "out" / "scores.json", {"checkpoint": "last.ckpt"})
    with (tmp_path / "out" / "scores.csv").open() as opened:
        read = list(csv.DictReader(opened))
    assert [float(row["score"]) for row in read] == [row["score"] for row in rows]
    held = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert held["rows"] == rows
    assert held["config"] == {"checkpoint": "last.ckpt"}
    assert held["versions"]["numpy"] == np.__version__
    with pytest.raises(ValueError, match="Out of range float"):
        write_json([{"score": float("nan")}], tmp_path / "out" / "scores.json")
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == held
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "scores.csv",
        "scores.json",
    ]


def test_no_text_in_a_table_is_a_formula(tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1+1", "-x", "@SUM(A1)", "V1", "-0.5", ""]
    write_csv([{"area": name, "score": -0.5} for name in names], tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()[1:]
    shown = ["'=HYPERLINK(1)", "'+1+1", "'-x", "'@SUM(A1)", "V1", "-0.5", ""]
    assert lines == [f"{name},-0.5" for name in shown]


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "page.html", "old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "page.html", "new")
    assert (tmp_path / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
