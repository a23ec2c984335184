"""The tables of a study against numbers worked out by hand, cells that failed among them."""

import pytest

from brainmodel.study.figures import draw_levels
from brainmodel.study.plan import StudyCell, StudyPlan, read_plan
from brainmodel.study.queue import Standing
from brainmodel.study.tables import cell_rows, scores_of, tables_of

PLAN = read_plan(
    {
        "base": "trials",
        "factors": {
            "rule": {"key": "rule", "levels": ["a.BPTT", "a.None"]},
            "cell": {"key": "cell", "levels": ["a.LSTM", "a.GRU"]},
        },
        "seeds": [0, 1, 2],
        "measures": {"accuracy": "held_out_terms/*", "error": "held_out_relative_error/V1"},
    }
)
SCORES: dict[tuple[int, ...], list[float]] = {
    (0, 0): [0.9, 1.0, 0.8],
    (0, 1): [0.7, 0.8, 0.6],
    (1, 0): [0.5] * 3,
    (1, 1): [0.5] * 3,
}


def standings(plan: StudyPlan = PLAN, failed: tuple[StudyCell, ...] = ()) -> dict:
    found = {}
    for cell in plan.cells:
        value = SCORES[cell.levels][cell.seed]
        measured = {"accuracy": value, "error": 1 - value}
        held = {"measures": measured, "untrained": {"accuracy": 0.5}, "chance": {"accuracy": 0.25}}
        state = ("failed", None, {}, "too bad") if cell in failed else ("done", None, held, "")
        found[cell] = Standing(*state)
    return found


def test_levels_gain_over_the_untrained_brain_and_stand_beside_chance() -> None:
    levels = {row["level"]: row for row in tables_of(PLAN, standings())["accuracy"]["levels"]}
    assert list(levels) == ["BPTT", "None", "LSTM", "GRU", "untrained", "chance"]
    assert levels["BPTT"]["score"] == pytest.approx(0.8)
    half = 4.302653 * 0.1 / 3**0.5  # t of 2 degrees of freedom, of .8, .9, .7
    assert levels["BPTT"]["score, 95 % low"] == pytest.approx(0.8 - half, abs=1e-6)
    assert levels["BPTT"]["gain over untrained"] == pytest.approx(0.3)
    assert levels["BPTT"]["learning"] == "gains" and levels["None"]["learning"] == "cannot tell"
    assert levels["untrained"]["score"] == 0.5 and levels["chance"]["score"] == 0.25


def test_of_errors_the_lower_is_better() -> None:
    tables = tables_of(PLAN, standings())
    outcomes = {name: tables[name]["differences"][0] for name in ("accuracy", "error")}
    assert outcomes["accuracy"]["difference"] == pytest.approx(0.3)
    assert outcomes["error"]["difference"] == pytest.approx(-0.3)
    assert {row["outcome"] for row in outcomes.values()} == {"BPTT is better"}


def test_a_cell_that_failed_takes_its_seed_out_of_its_levels_only() -> None:
    found = standings(failed=(StudyCell((0, 0), 1, None),))
    levels = {row["level"]: row for row in tables_of(PLAN, found)["accuracy"]["levels"]}
    assert (
        levels["BPTT"]["score"] == pytest.approx((0.8 + 0.7) / 2) and levels["BPTT"]["seeds"] == 2
    )
    assert levels["None"]["seeds"] == 3 and levels["GRU"]["seeds"] == 3
    assert levels["LSTM"]["score"] == pytest.approx((0.7 + 0.65) / 2)
    rows = [row for row in cell_rows(PLAN, found) if row["state"] == "failed"]
    assert [(row["score"], row["error"]) for row in rows] == [(None, "too bad")] * 2
    assert scores_of(PLAN, found, PLAN.measures[0]).trained.shape == (3, 2, 2)


def test_a_study_that_has_only_begun_has_tables() -> None:
    late = tuple(cell for cell in PLAN.cells if cell.seed or cell.levels != (1, 1))
    tables = tables_of(PLAN, standings(failed=late))["accuracy"]
    levels = {row["level"]: row for row in tables["levels"]}
    assert levels["chance"]["score"] == 0.25 and levels["chance"]["seeds"] == 1
    assert levels["GRU"]["score"] is None and tables["variance"] == []


def test_an_untrained_brain_far_away_is_told_and_does_not_press_scores_together() -> None:
    scores = scores_of(PLAN, standings(), PLAN.measures[0])
    near = draw_levels(PLAN, scores, PLAN.measures[0]).axes[0]
    assert {line.get_linestyle() for line in near.lines} >= {":", "--"} and not near.texts
    far = scores._replace(untrained=scores.untrained + 107.0)
    panel = draw_levels(PLAN, far, PLAN.measures[0]).axes[0]
    assert [text.get_text() for text in panel.texts] == ["untrained 108 →"]
    assert panel.get_xlim()[1] < 2
    below = scores._replace(chance=scores.chance - 20.0)
    assert [t.get_text() for t in draw_levels(PLAN, below, PLAN.measures[0]).axes[1].texts] == [
        "← -19.8 chance"
    ]
