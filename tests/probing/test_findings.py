"""A probe finds what was planted, beside baselines and untrained brains, and says so honestly."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brainmodel.perturbation import Scale, perturbed
from brainmodel.probing import (
    Findings,
    Plan,
    Presentation,
    Recording,
    Scoring,
    Shown,
    Trained,
    write_report,
)
from brainmodel.probing import probe as run
from brainmodel.probing.activity import Pooled, record_model
from brainmodel.probing.analyses import Expectation
from brainmodel.probing.baselines import MotionEnergy, Pixels
from brainmodel.probing.metrics import CKA
from brainmodel.probing.recordings import read_frames
from brainmodel.probing.report.content import content_of
from brainmodel.probing.report.words import Verdict, verdict
from brainmodel.probing.scores import ScoreTable, gains_of, score_model
from brainmodel.probing.scores.across_scores import with_seeds
from tests.probing.brains import known, looking, pictures
from tests.probing.test_asking_scores import ONE

STIMULI, SUBJECTS = 40, ["ann", "bob"]
PLAN = Plan(
    Presentation(20.0, seconds=0.3),
    {"cka": CKA()},
    {"pixels": Pixels(4)},
    Scoring(lags=(0.0, 0.1), bootstraps=60, permutations=9, halvings=3, by_subject=True),
    analyses={"expectation": Expectation(["still 1*"], ["still 2*"], (0.05, 0.25), 50)},
)


def planted() -> Shown:
    """VISp is a rotation of the first brain's LM, .1 s late."""
    stimuli = pictures(STIMULI)
    rates = record_model(looking(), stimuli, PLAN.presentation)["rate"]["LM"]
    random = np.random.default_rng(0)
    late = np.concatenate([np.zeros((STIMULI, 2, 5)), rates[:, :-2]], axis=1)
    rotation = np.linalg.qr(random.standard_normal((5, 5)))[0]
    mean = np.tile((late @ rotation).transpose(2, 0, 1), (2, 1, 1))[:, :, None]  # both subjects
    noisy = mean + 0.1 * rates.std() * random.standard_normal((10, STIMULI, 4, 6))
    recording = Recording(
        noisy,
        np.array(["VISp"] * 10),
        np.array([f"still {k}" for k in range(STIMULI)]),
        PLAN.presentation.edges,
        "spikes/s",
        "test mouse",
        subjects=np.repeat(SUBJECTS, 5),
    )
    return Shown(recording, stimuli)


@pytest.fixture(scope="module")
def findings() -> Findings:
    trained = [Trained("first.ckpt", 100, looking()), Trained("second.ckpt", 100, looking(3))]
    return run(trained, [looking(1), looking(2)], planted(), PLAN)


def test_the_planted_area_and_lag_score_best_and_near_the_ceiling(findings: Findings) -> None:
    best = findings.scores.best()
    where = (best.model, best.instance, best.model_area, best.lag)
    assert where == ("trained", "first.ckpt", "LM", 0.1)
    assert known(best.ceiling_low) < best.score < known(best.ceiling_high) + 0.02
    assert best.parts == 2 and best.neurons == 10
    assert known(best.low) < best.score < known(best.high)
    others = [row.score for row in findings.scores if row.instance != "first.ckpt"]
    assert best.score > max(others) + 0.05


def test_baselines_and_untrained_brains_are_always_there(findings: Findings) -> None:
    kinds = {(row.model, row.instance, row.model_area) for row in findings.scores}
    areas = ("V1", "LM")
    named = {("trained", n, a) for n in ("first.ckpt", "second.ckpt") for a in areas}
    named |= {("untrained", f"seed {k}", a) for k in (0, 1) for a in areas}
    assert kinds == named | {("baseline", "pixels", "pixels")}
    with pytest.raises(ValueError, match="1 trained and 1 untrained brains: give 1 or more, and 2"):
        run([Trained("a", 1, looking())], [looking(1)], planted(), PLAN)
    with pytest.raises(ValueError, match="baselines is empty: give one or more"):
        replace(PLAN, baselines={})
    with pytest.raises(ValueError, match=r"baselines.motion: frames_per_second is 30, .* 20: give"):
        replace(PLAN, baselines={"motion": MotionEnergy(30.0)})


def test_what_is_read_out_of_an_area_is_what_is_compared(findings: Findings) -> None:
    trained = [Trained("first.ckpt", 100, looking()), Trained("second.ckpt", 100, looking(3))]
    plan = replace(PLAN, read_out=Pooled((1,), amplitudes=False), analyses=None)
    pooled = run(trained, [looking(1), looking(2)], planted(), plan)
    assert (
        pooled.seen.how
        == findings.seen.how + "; of each area: means over grids of 1 patches a side"
    )
    for area, alike in (("V1", False), ("LM", True)):  # LM is dense: it stays as it was
        mine, units = (
            [row.score for row in f.scores.of(model="trained", label=area)]
            for f in (pooled, findings)
        )
        assert np.allclose(mine, units, rtol=1e-6) == alike


def test_spread_is_over_what_differs_in_seed_alone(findings: Findings) -> None:
    pair = findings.scores.of(model="trained", label="LM", lag=0.1)
    scores = [row.score for row in pair]
    assert len(pair) == 2 and scores[0] != scores[1]
    for row in pair:
        assert row.seeds == 2
        assert row.seeds_mean == pytest.approx(np.mean(scores))
        assert row.seeds_spread == pytest.approx(np.std(scores, ddof=1))
    (alone,) = findings.scores.of(model="baseline", lag=0.1)
    assert (alone.seeds, alone.seeds_spread) == (1, None)


def test_an_area_that_no_stimulus_moves_is_left_out_of_all_brains_and_said() -> None:
    silent = looking(3)
    for parameter in silent.area("LM").parameters():
        parameter.data.zero_()
    trained = [Trained("first.ckpt", 100, looking()), Trained("second.ckpt", 100, silent)]
    plan = replace(PLAN, scoring=Scoring(lags=(0.0,), bootstraps=0, permutations=0), analyses={})
    found = run(trained, [looking(1), looking(2)], planted(), plan)
    said = "LM (rate): the stimuli do not move it in trained second.ckpt"
    assert found.still == (said,) and f"not scored: {said}" in content_of(found).facts
    areas = {(score.model, score.model_area) for score in found.scores}
    assert areas == {("trained", "V1"), ("untrained", "V1"), ("baseline", "pixels")}
    for parameter in silent.area("V1").parameters():
        parameter.data.zero_()
    only = replace(plan, signals=("rate",))
    with pytest.raises(ValueError, match=r"no model area can be scored: V1 \(rate\): the stim"):
        run([Trained("first.ckpt", 100, silent)], [looking(1), looking(2)], planted(), only)


def test_subjects_are_scored_one_by_one_and_averaged() -> None:
    recording, stimuli = planted()
    assert isinstance(recording, Recording)
    rates = record_model(looking(), stimuli, PLAN.presentation)["rate"]
    scoring = replace(PLAN.used_scoring, permutations=0, lags=(0.1,))
    (both,) = score_model({"LM": rates["LM"]}, recording, {"cka": CKA()}, scoring)
    alone = [
        score_model(
            {"LM": rates["LM"]}, recording.of(subjects=who), {"cka": CKA()}, scoring
        ).scores[0]
        for who in SUBJECTS
    ]
    assert both.score == pytest.approx(np.mean([row.score for row in alone]))
    assert both.ceiling_low == pytest.approx(np.mean([known(row.ceiling_low) for row in alone]))
    unlabelled = replace(recording, subjects=None)
    with pytest.raises(ValueError, match="test mouse: neurons have no subjects: label them"):
        score_model({"LM": rates["LM"]}, unlabelled, {"cka": CKA()}, scoring)


def test_effects_are_differences_of_means_in_the_window(findings: Findings) -> None:
    recording, _ = planted()
    assert isinstance(recording, Recording)
    names = np.char.startswith(recording.stimuli, "still 2")
    expected = np.char.startswith(recording.stimuli, "still 1")
    inside = recording.responses[..., 1:5]  # bins whose middle lies from .05 to .25 s
    effect = inside[:, names].mean((1, 2, 3)) - inside[:, expected].mean((1, 2, 3))
    table = findings.sections["expectation"].tables["expectation"]
    assert table[0]["model"] == "brain"
    assert table[0]["effect"] == pytest.approx(effect.mean(), abs=1e-12)
    kinds = {(row["instance"], row["area"], row["signal"]) for row in table}
    assert ("second.ckpt", "V1", "error") in kinds and len(kinds) == 1 + (2 + 2) * 2 * 2
    with pytest.raises(ValueError, match=r"expected 'A\*' fits no stimulus"):
        plan = replace(PLAN, analyses={"a": Expectation(["A*"], ["still 2*"])})
        run([Trained("a", 1, looking())], [looking(1), looking(2)], planted(), plan)


def test_the_verdict_says_what_was_beaten_and_what_was_not(findings: Findings) -> None:
    table = findings.scores
    table = ScoreTable(tuple(s for s in table if s.instance != "second.ckpt"))
    words = verdict(table, gains_of(table))
    assert words.plain.startswith("VISp, cka: best is LM with") and words.good
    assert "100 ms behind the model" in words.facts and "Learning gains +" in words.facts
    assert words.outcome == "Better than itself untrained and than every baseline."

    def with_baseline(value: float) -> Verdict:
        changed = [
            replace(score, score=value, seeds_mean=value) if score.model == "baseline" else score
            for score in table
        ]
        return verdict(ScoreTable(tuple(changed)), gains_of(ScoreTable(tuple(changed))))

    assert with_baseline(2.0).outcome == "Worse than pixels."
    close = with_baseline(table.best().score - 1e-3)
    assert not close.good and "Over pixels it gains +.001 (-." in close.facts


def test_without_intervals_nothing_is_said_of_intervals_and_no_html_in_a_terminal() -> None:
    """Scores of .071, .070 and .069, without an interval, are not told apart."""
    row = replace(ONE, model_area="V1 & <b>", score=0.071, low=None, high=None, p=None)
    others = [
        replace(row, model="untrained", stage=0, score=0.070),
        replace(row, model="baseline", model_area="pixels", signal="frames", score=0.069),
    ]
    table = ScoreTable(tuple(with_seeds([row, *others])))
    found = verdict(table, gains_of(table))
    assert "V1 & <b>" in found.plain and "&amp;" not in found.plain
    assert found.good is None and "interval" not in found.plain and "surely" not in found.plain
    assert found.outcome.startswith("It scores highest; how sure that is was not asked")


def test_a_report_is_one_page_with_tables_beside_it(findings: Findings, tmp_path: Path) -> None:
    page = write_report(findings, tmp_path / "out", {"note": "<b>"})
    text = page.read_text()
    assert "&lt;b&gt;" in text and "test mouse" in text
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"report.html", "scores.csv", "scores.json", "expectation.csv", "map_cka.png"}
    assert text.count("data:image/png;base64,") == len([n for n in names if n.endswith(".png")])
    with pytest.raises(ValueError, match=r"out is there already; name a folder that is not"):
        write_report(findings, tmp_path / "out")


def test_a_report_says_that_the_brains_were_perturbed_and_by_what() -> None:
    brains = [looking(k) for k in range(3)]
    scoring = Scoring(bootstraps=0, permutations=0, halvings=2)
    plan = Plan(PLAN.presentation, {"cka": CKA()}, {"pixels": Pixels(4)}, scoring)
    with ExitStack() as within:
        for brain in brains:
            within.enter_context(perturbed(brain, {"cool": Scale("LM", 0.5)}))
        acting = run([Trained("first.ckpt", 100, brains[0])], brains[1:], planted(), plan)
    assert "the brains were perturbed: cool (Scale LM)" in content_of(acting).facts
    intact = run([Trained("first.ckpt", 100, brains[0])], brains[1:], planted(), plan)
    assert "perturbed" not in content_of(intact).facts


def test_frames_are_read_as_stills_or_movies_and_refused_otherwise(tmp_path: Path) -> None:
    for shape, expected in (((5, 4, 4), (5, 1, 4, 4, 1)), ((5, 4, 4, 3), (5, 1, 4, 4, 3))):
        np.save(tmp_path / "frames.npy", np.zeros(shape, np.uint8))
        assert read_frames(tmp_path / "frames.npy", [0, 0.1]).frames.shape == expected
    (tmp_path / "text.npy").write_text("no frames")
    with pytest.raises(ValueError, match=r"text.npy is not an .npy of plain numbers"):
        read_frames(tmp_path / "text.npy", [0, 0.1])
    np.savez(tmp_path / "many.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"many.npz holds several arrays: save the frames alone"):
        read_frames(tmp_path / "many.npz", [0, 0.1])
