"""What a probe found, in sentences: the best area, what it has to beat, what cannot be scored."""

from collections.abc import Sequence
from html import escape

from brainmodel.probing.recordings import DissimilarityData, Recorded
from brainmodel.probing.report.rows import (
    at_best_lag,
    best,
    distinct,
    last_stage,
    place_of,
    plain,
    select,
    sign_of,
)
from brainmodel.probing.scores import Row


def facts(recorded: Recorded) -> str:
    """What was recorded, in one line."""
    where, stimuli = ", ".join(recorded.area_names), len(recorded.stimuli)
    if isinstance(recorded, DissimilarityData):
        count = len(recorded.matrices)
        return f"{count} dissimilarity matrices of {where}; {stimuli} stimuli; {recorded.measure}"
    return (
        f"{len(recorded.areas)} neurons in {where}; {stimuli} stimuli; {recorded.edges[0]:g} to "
        f"{recorded.edges[-1]:g} s from onset; {recorded.unit}"
    )


def verdicts(rows: Sequence[Row]) -> list[str]:
    """A sentence in HTML for each metric and brain area."""
    found = []
    for metric in distinct(rows, "metric"):
        for area in distinct(rows, "brain_area"):
            found.append(verdict(select(rows, metric=metric, brain_area=area)))
    return found


def verdict(rows: Sequence[Row]) -> str:
    """The best trained area beside all that it has to beat, and whether it does.

    It does where its interval lies beyond the scores of all baselines and untrained areas, each at
    its own best lag; without an interval, where its score does.
    """
    sign, stage = sign_of(rows), last_stage(rows)
    top = best(select(rows, model="trained", stage=stage), sign)
    rivals = []
    for model in ("baseline", "untrained"):
        rivals += [best(group, sign) for group in at_best_lag(select(rows, model=model), sign)]
    edge = top["low" if sign > 0 else "high"]
    edge = top["score"] if edge is None else edge
    unbeaten = [rival for rival in rivals if sign * rival["score"] >= sign * edge]
    return (
        f"<b>{escape(str(top['brain_area']))}, {escape(top['metric'])}:</b> best is "
        f"{escape(place_of(top))} with {scored(top)}{_of_ceiling(top)}{_lag(top)}. "
        f"{_outcome(unbeaten)}{_significance(top)}"
    )


def scored(row: Row) -> str:
    """A score with its interval."""
    if row["low"] is None:
        return plain(row["score"])
    return f"{plain(row['score'])} ({plain(row['low'])} to {plain(row['high'])})"


def _of_ceiling(row: Row) -> str:
    return (
        "" if row["ceiling_high"] is None else f" where noise allows {plain(row['ceiling_high'])}"
    )


def _lag(row: Row) -> str:
    return f", {1000 * row['lag']:g} ms behind the model" if row["lag"] else ""


def _outcome(unbeaten: Sequence[Row]) -> str:
    if not unbeaten:
        return "<span class=good>Its interval lies beyond every baseline and untrained area.</span>"
    names = [f"{escape(_rival(row))} {plain(row['score'])}" for row in unbeaten]
    return f"<span class=bad>Not beyond {', '.join(names)}.</span>"


def _rival(row: Row) -> str:
    return place_of(row) if row["model"] == "baseline" else f"{place_of(row)} untrained"


def _significance(row: Row) -> str:
    if row["p"] is None:
        return ""
    return f" Permutation p = {row['p']:.2g}, q = {row['q']:.2g} over the map."


def neurons(rows: Sequence[Row]) -> list[Row]:
    """By brain area: how many neurons were scored, and how many could not be and why."""
    keys = ("brain_area", "neurons", "silent", "constant", "missing", "parts", "samples", "groups")
    told = [key for key in keys if rows[0][key] is not None]
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["brain_area"], {key: row[key] for key in told})
    return list(found.values())


def summary(rows: Sequence[Row]) -> list[Row]:
    """The table of the page: one row for each model area and brain area, at its best lag.

    Columns that say nothing are left out.
    """
    found = []
    for metric in distinct(rows, "metric"):
        mine = select(rows, metric=metric)
        sign = sign_of(mine)
        for area in distinct(mine, "brain_area"):
            for model in ("trained", "untrained", "baseline"):
                for stage in distinct(select(mine, model=model), "stage"):
                    here = select(mine, brain_area=area, model=model, stage=stage)
                    found += [_line(best(group, sign)) for group in at_best_lag(here, sign)]
    told = [key for key in found[0] if any(line[key] != "" for line in found)]
    return [{key: line[key] for key in told} for line in found]


def _line(row: Row) -> Row:
    spread = "" if row["seeds_spread"] is None else f" ± {row['seeds_spread']:.3f}"
    return {
        "metric": row["metric"],
        "brain area": row["brain_area"],
        "model": row["model"] + (f", step {row['stage']}" if row["model"] == "trained" else ""),
        "model area": place_of(row),
        "lag, ms": f"{1000 * row['lag']:g}",
        "score": f"{row['score']:.3f}",
        "95 % interval": "" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}",
        "over seeds": f"{row['seeds_mean']:.3f}{spread}" if row["seeds"] > 1 else "",
        "seeds": row["seeds"],
        "ceiling": _range(row),
        "p": "" if row["p"] is None else f"{row['p']:.3g}",
        "q": "" if row["q"] is None else f"{row['q']:.3g}",
        "neurons": "" if row["neurons"] is None else row["neurons"],
        "samples": row["samples"],
        "folds": row["folds"] or "",
    }


def _range(row: Row) -> str:
    if row["ceiling_low"] is None:
        return ""
    return f"{row['ceiling_low']:.3f} to {row['ceiling_high']:.3f}"
