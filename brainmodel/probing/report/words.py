"""Scores in sentences: the best area, and whether it beats baselines and untrained brains."""

from collections.abc import Sequence
from html import escape

from brainmodel.probing.report.rounding import two_digits
from brainmodel.probing.scores import Score, ScoreTable


def verdicts(table: ScoreTable) -> list[str]:
    """A sentence in HTML for each metric and brain area."""
    return [
        verdict(table.of(metric=metric, brain_area=area))
        for metric in table.metrics
        for area in table.brain_areas
    ]


def verdict(table: ScoreTable) -> str:
    """The best trained area, and whether it beats all baselines and untrained areas.

    It does where its interval lies beyond all their scores, each at its own best lag; without an
    interval, where its score does.

    Args:
        table: of one metric and one brain area.
    """
    best = table.of(model="trained", stage=table.last_stage).best()
    edge = best.low if table.higher_is_better else best.high
    edge = best.score if edge is None else edge
    unbeaten = [r for r in _rivals(table) if table.sign * r.score >= table.sign * edge]
    return (
        f"<b>{escape(str(best.brain_area))}, {escape(best.metric)}:</b> best is "
        f"{escape(best.label)} with {with_interval(best)}{_of_ceiling(best)}{_lag(best)}. "
        f"{_outcome(unbeaten)}{_significance(best)}"
    )


def _rivals(table: ScoreTable) -> list[Score]:
    """Baselines and untrained areas, each at its best lag."""
    found = []
    for model in ("baseline", "untrained"):
        found += [group.best() for group in table.of(model=model).at_best_lag().values()]
    return found


def with_interval(score: Score) -> str:
    """A score with its interval."""
    if score.interval is None:
        return two_digits(score.score)
    low, high = map(two_digits, score.interval)
    return f"{two_digits(score.score)} ({low} to {high})"


def _of_ceiling(score: Score) -> str:
    high = score.ceiling_high
    return "" if high is None else f" where noise allows {two_digits(high)}"


def _lag(score: Score) -> str:
    return f", {1000 * score.lag:g} ms behind the model" if score.lag else ""


def _outcome(unbeaten: Sequence[Score]) -> str:
    if not unbeaten:
        return "<span class=good>Its interval lies beyond every baseline and untrained area.</span>"
    names = [f"{escape(_rival_name(score))} {two_digits(score.score)}" for score in unbeaten]
    return f"<span class=bad>Not beyond {', '.join(names)}.</span>"


def _rival_name(score: Score) -> str:
    return score.label if score.model == "baseline" else f"{score.label} untrained"


def _significance(score: Score) -> str:
    if score.p is None:
        return ""
    return f" Permutation p = {score.p:.2g}, q = {score.q:.2g} over the map."
