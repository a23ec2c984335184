"""The tables of the page: each area at its best lag, and how many neurons were scored."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from brainmodel.probing.recordings import Recorded, Recording
from brainmodel.probing.scores import Gain, Score, ScoreTable

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
    return _filled(rows)


def gain_rows(gains: Sequence[Gain]) -> list[dict[str, Any]]:
    """One row for each trained area and brain area: over itself untrained, over the best baseline;
    empty columns are left out."""
    rows = []
    places = dict.fromkeys((gain.metric, gain.brain_area, gain.label) for gain in gains)
    for place in places:
        mine = [g for g in gains if (g.metric, g.brain_area, g.label) == place]
        row = dict(zip(("metric", "brain area", "model area"), place, strict=True))
        row |= {"brains": mine[0].brains, "score": f"{mine[0].score:.3f}"}
        row |= _gain_cells("untrained", [g for g in mine if g.over == "untrained"])
        rivals = [g for g in mine if g.over != "untrained"]
        best = min(rivals, key=lambda gain: gain.gain, default=None)
        row["best baseline"] = "" if best is None else best.over
        rows.append(row | _gain_cells("baseline", [] if best is None else [best]))
    return _filled(rows)


def _gain_cells(over: str, gains: list[Gain]) -> dict[str, str]:
    """The cells of at most one gain."""
    gain = gains[0] if gains else None
    return {
        f"less {over}": "" if gain is None else f"{gain.gain:+.3f}",
        f"95 %, {over}": "" if gain is None else _range(gain.interval),
        f"p, {over}": "" if gain is None or gain.p is None else f"{gain.p:.2g}",
    }


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the columns that are empty in all of them."""
    filled = [column for column in (rows or [{}])[0] if any(row[column] != "" for row in rows)]
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
        "of ceiling": "" if score.of_ceiling is None else f"{100 * score.of_ceiling:.0f} %",
        "p": "" if score.p is None else f"{score.p:.3g}",
        "q": "" if score.q is None else f"{score.q:.3g}",
        "neurons": "" if score.neurons is None else score.neurons,
        "samples": score.samples,
        "folds": score.folds or "",
    }


def _range(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def neurons(table: ScoreTable, recorded: Recorded) -> list[dict[str, Any]]:
    """By brain area: how many neurons were scored, and how many could not be and why; where they
    lie, and how often stimuli were repeated."""
    known = [name for name in COUNTS if getattr(table.scores[0], name) is not None]
    rows = []
    for name, area in table.grouped(lambda score: score.brain_area).items():
        row = {column: getattr(area.scores[0], column) for column in known}
        if isinstance(recorded, Recording):
            row |= _places(recorded.of(areas=name))
        rows.append(row)
    return _filled(rows)


def _places(area: Recording) -> dict[str, str]:
    """Repeats for each stimulus, layers and depths of the neurons of one area."""
    shown = np.isfinite(area.responses).any((0, 3)).sum(1)
    places = {"repeats": f"{shown.min()} to {shown.max()}", "layers": "", "depth, um": ""}
    if area.layers is not None:
        names, counts = np.unique(area.layers.astype(str), return_counts=True)
        places["layers"] = ", ".join(f"{n} ({k})" for n, k in zip(names, counts, strict=True))
    if area.depths is not None and np.isfinite(area.depths).any():
        places["depth, um"] = f"{np.nanmin(area.depths):.0f} to {np.nanmax(area.depths):.0f}"
    return places
