"""The tables of the page: each area at its best lag, and how many neurons were scored."""

from typing import Any

from brainmodel.probing.scores import Score, ScoreTable

COUNTS = ("brain_area", "neurons", "silent", "constant", "missing", "parts", "samples", "groups")
MODELS = ("trained", "untrained", "baseline")


def summary(table: ScoreTable) -> list[dict[str, Any]]:
    """One row for each model area and brain area, at its best lag; empty columns are left out."""
    rows = []
    for metric in table.metrics:
        for area in table.of(metric=metric).brain_areas:
            for model in MODELS:
                mine = table.of(metric=metric, brain_area=area, model=model)
                for stage in mine.grouped(lambda score: score.stage).values():
                    rows += [_line(group.best()) for group in stage.at_best_lag().values()]
    filled = [column for column in rows[0] if any(row[column] != "" for row in rows)]
    return [{column: row[column] for column in filled} for row in rows]


def _line(score: Score) -> dict[str, Any]:
    stage = f", step {score.stage}" if score.model == "trained" else ""
    spread = "" if score.seeds_spread is None else f" ± {score.seeds_spread:.3f}"
    return {
        "metric": score.metric,
        "brain area": score.brain_area,
        "model": score.model + stage,
        "model area": score.label,
        "lag, ms": f"{1000 * score.lag:g}",
        "score": f"{score.score:.3f}",
        "95 % interval": _range(score.interval),
        "over seeds": f"{score.seeds_mean:.3f}{spread}" if score.seeds > 1 else "",
        "seeds": score.seeds,
        "ceiling": _range(score.ceiling),
        "p": "" if score.p is None else f"{score.p:.3g}",
        "q": "" if score.q is None else f"{score.q:.3g}",
        "neurons": "" if score.neurons is None else score.neurons,
        "samples": score.samples,
        "folds": score.folds or "",
    }


def _range(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def neurons(table: ScoreTable) -> list[dict[str, Any]]:
    """By brain area: how many neurons were scored, and how many could not be and why."""
    known = [name for name in COUNTS if getattr(table.scores[0], name) is not None]
    by_area = table.grouped(lambda score: score.brain_area)
    return [{name: getattr(area.scores[0], name) for name in known} for area in by_area.values()]
