"""The tables of a study: what each level scores, what differs, and how much a factor explains."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics import PairedDifference, false_discovery_rate
from brainmodel.study.analysis import (
    CANNOT_TELL,
    REST,
    SEEDS,
    VarianceShare,
    by_seed,
    over_seeds,
    paired,
    variance_shares,
    verdict,
)
from brainmodel.study.plan import Measure, StudyCell, StudyPlan
from brainmodel.study.queue import Standing

SURE = 0.05
Standings = Mapping[StudyCell, Standing]
StudyRows = list[dict[str, Any]]


class Scores(NamedTuple):
    """One measure of all cells, [seed, *factors] each; not a number where there is none."""

    trained: Floats
    untrained: Floats
    chance: Floats


def scores_of(plan: StudyPlan, standings: Standings, measure: Measure) -> Scores:
    """What the cells measured."""
    shape = (len(plan.seeds), *(len(factor.levels) for factor in plan.factors))
    arrays = {kind: np.full(shape, np.nan) for kind in ("measures", "untrained", "chance")}
    for row, seed in enumerate(plan.seeds):
        for levels in plan.combinations:
            found = standings[StudyCell(levels, seed, None)].found
            for kind, array in arrays.items():
                value = found.get(kind, {}).get(measure.name)
                array[(row, *levels)] = np.nan if value is None else value
    return Scores(*arrays.values())


def cell_rows(plan: StudyPlan, standings: Standings) -> StudyRows:
    """A row for each cell and measure, those for tuning and those that failed included."""
    rows = []
    for cell, standing in standings.items():
        for measure in plan.measures:
            row: dict[str, Any] = dict(plan.names(cell.levels)) | {"seed": cell.seed}
            if plan.tuning is not None:
                point = standing.found.get("point") if cell.point is None else cell.point
                row |= {"for": "comparison" if cell.point is None else "tuning"}
                row |= {k: None for k, _ in plan.tuning.points[0]}
                row |= dict(plan.tuning.points[point]) if point is not None else {}
            row |= {"state": standing.state, "measure": measure.name}
            for column, kind in (("score", "measures"), ("untrained",) * 2, ("chance",) * 2):
                row[column] = standing.found.get(kind, {}).get(measure.name)
            rows.append(row | {"error": standing.error or None})
    return rows


def level_rows(plan: StudyPlan, scores: Scores, measure: Measure) -> StudyRows:
    """Each level of each factor over seeds, and what it gained by learning; then the rows that
    need no learning."""
    rows = []
    gains = scores.trained - scores.untrained
    for axis, factor in enumerate(plan.factors, 1):
        for level, held in enumerate(factor.levels):
            gain = over_seeds(by_seed(gains, axis, level))
            rows.append(
                {"factor": factor.name, "level": held.name}
                | _cells("score", over_seeds(by_seed(scores.trained, axis, level)))
                | _cells("gain over untrained", gain, seeds=False)
                | {"learning": _learning(gain, measure)}
            )
    for name, values in (("untrained", scores.untrained), ("chance", scores.chance)):
        if np.isfinite(values).any():
            rows.append({"factor": "", "level": name} | _cells("score", over_seeds(_known(values))))
    return filled(rows)


def combination_rows(plan: StudyPlan, scores: Scores, standings: Standings) -> StudyRows:
    """Each combination of levels over seeds, beside itself untrained, beside chance."""
    rows = []
    for levels in plan.combinations:
        place = (slice(None), *levels)
        row: dict[str, Any] = dict(plan.names(levels))
        row |= _cells("score", over_seeds(scores.trained[place]))
        for name, values in (("untrained", scores.untrained), ("chance", scores.chance)):
            mean = over_seeds(values[place])
            row[name] = None if mean is None else mean.value
        if plan.tuning is not None:
            own = [standings[StudyCell(levels, seed, None)].found for seed in plan.seeds]
            points = [found["point"] for found in own if found.get("point") is not None]
            row |= dict(plan.tuning.points[points[0]]) if points else {}
        rows.append(row)
    return filled(rows)


def difference_rows(plan: StudyPlan, scores: Scores, measure: Measure) -> StudyRows:
    """Each pair of levels of each factor, paired by seed."""
    rows: StudyRows = []
    found = []
    for axis, factor in enumerate(plan.factors, 1):
        for one, other in combinations(range(len(factor.levels)), 2):
            difference = paired(scores.trained, axis, one, other)
            found.append(difference)
            names = (factor.levels[one].name, factor.levels[other].name)
            better = tuple(f"{name} is better" for name in names)
            row: dict[str, Any] = {"factor": factor.name, "level": names[0], "less": names[1]}
            row |= _cells("difference", difference)
            row["p"] = None if difference is None else difference.p
            told = better if measure.higher else better[::-1]
            rows.append(row | {"q": None, "outcome": verdict(difference, *told)})
    tested = [k for k, difference in enumerate(found) if difference and difference.p is not None]
    rates = false_discovery_rate(np.array([rows[k]["p"] for k in tested])) if tested else []
    for k, rate in zip(tested, rates, strict=True):
        rows[k]["q"] = float(rate)
    return rows


def variance_rows(plan: StudyPlan, scores: Scores, shares: Sequence[VarianceShare]) -> StudyRows:
    """How much of the variance each factor explains, their interactions, the seeds and the rest."""
    rows = []
    for share in shares:
        tested = share.effect not in (SEEDS, REST)
        sure = share.p is not None and share.p < SURE
        rows.append(
            {
                "what varies": effect_name(plan, share),
                "share of the variance": share.share,
                "95 % low": share.low,
                "95 % high": share.high,
                "p": share.p,
                "outcome": "" if not tested else "it matters" if sure else CANNOT_TELL,
            }
        )
    return rows


def effect_name(plan: StudyPlan, share: VarianceShare) -> str:
    """What an effect is called: its factors, those of interactions with a cross."""
    if share.effect == SEEDS:
        return "seed"
    names = [plan.factors[axis - 1].name for axis in share.effect]
    return " × ".join(names) or "not explained"


def failed_rows(plan: StudyPlan, standings: Standings) -> StudyRows:
    """The cells that failed, and why."""
    return [
        {"cell": plan.told(cell), "error": standing.error}
        for cell, standing in standings.items()
        if standing.state == "failed"
    ]


def tables_of(plan: StudyPlan, standings: Standings) -> dict[str, dict[str, StudyRows]]:
    """All tables by measure and name."""
    found = {}
    for measure in plan.measures:
        scores = scores_of(plan, standings, measure)
        found[measure.name] = {
            "levels": level_rows(plan, scores, measure),
            "combinations": combination_rows(plan, scores, standings),
            "differences": difference_rows(plan, scores, measure),
            "variance": variance_rows(plan, scores, variance_shares(scores.trained)),
        }
    return found


def filled(rows: StudyRows) -> StudyRows:
    """Rows with the same columns, in the order in which they first appear."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [{column: row.get(column) for column in columns} for row in rows]


def _known(values: Floats) -> Floats:
    """[seed] mean over the cells that have a value; not a number where none has."""
    known = [seed[np.isfinite(seed)] for seed in values]
    return np.array([seed.mean() if len(seed) else np.nan for seed in known])


def _cells(name: str, mean: PairedDifference | None, *, seeds: bool = True) -> dict[str, Any]:
    known = mean is not None
    own: dict[str, Any] = {name: mean.value if known else None}
    own[f"{name}, 95 % low"] = mean.low if known else None
    own[f"{name}, 95 % high"] = mean.high if known else None
    return own | ({"seeds": mean.brains if known else 0} if seeds else {})


def _learning(gain: PairedDifference | None, measure: Measure) -> str:
    told = ("gains", "loses")
    return verdict(gain, *(told if measure.higher else told[::-1]))
