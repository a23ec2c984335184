"""A study held against what it would train, before anything is trained: all is built once."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from fnmatch import fnmatchcase
from typing import Any

from brainmodel.command_line.study_cells import PROBED, TERMS, CellRun, in_place, resolved
from brainmodel.errors import Refused
from brainmodel.study.fingerprint import digest
from brainmodel.study.plan import LARGEST, RELATIVE, StudyCell, StudyPlan
from brainmodel.training.callbacks.probe import Probe
from brainmodel.training.module import brain_of
from brainmodel.training.terms import objectives_of
from objectives import Outcome


class CellCheck(CellRun):
    """The training of a cell, which builds everything and does not run."""

    def _run_subcommand(self, subcommand: str) -> None:
        pass


def check_cells(plan: StudyPlan, words: Sequence[str]) -> None:
    """Build every combination of levels once, and train none.

    Raises:
        Refused: naming the levels, if one of them cannot be built, has not what is measured, has
            another seed than the study gives it, or is the same training as another.
    """
    points = range(len(plan.tuning.points)) if plan.tuning else [None]
    first = plan.combinations[0]
    known: dict[tuple[int | None, str], str] = {}  # by point of the grid and config: levels
    for levels in plan.combinations:
        names = ", ".join(f"{f} {level}" for f, level in plan.names(levels).items())
        for point in points if levels == first else list(points)[:1]:
            cell = StudyCell(levels, LARGEST, None)  # no default is this seed
            try:
                whole = digest(_check(plan, cell, point, words))
                _require_others(known, (point, whole), levels == first)
            except Refused as error:
                raise Refused(f"factors, {names}: {error}") from error
            known[point, whole] = names


def _require_others(
    known: Mapping[tuple[int | None, str], str], own: tuple[int | None, str], first: bool
) -> None:
    """Refuse a training that there is already: what was to differ is set by something else.

    Args:
        known: levels of those that there are, by point of the grid and config.
        own: point and config of this one.
        first: whether it is of the first combination, whose points are compared, too.
    """
    point, whole = own
    if first and any(config == whole for _, config in known):
        raise Refused(
            f"tune.grid: point {point} is the same training as a point before it; leave it out, "
            "or give options that no factor sets"
        )
    if own in known:
        raise Refused(
            f"is the same training as {known[own]}: another factor, or tune.grid, sets the same "
            "options, or the levels are alike; give each option to one of them"
        )


def _check(
    plan: StudyPlan, cell: StudyCell, point: int | None, words: Sequence[str]
) -> dict[str, Any]:
    """Build a cell, and hold it against the study; its whole config."""
    config, rest = resolved(plan, cell, point, words)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        built = CellCheck(*in_place(config, rest, cell.seed, tempfile.gettempdir()))
    _require_seed(built, cell.seed)
    _require_measured(plan, built)
    _require_better(plan, built)
    return built.config_dump


def _require_seed(built: CellCheck, seed: int) -> None:
    """Refuse options that give all cells one seed, whatever the study says."""
    given = {"seed_everything": built.files["seed_everything"]}
    given["data.seed"] = getattr(built.datamodule, "seed", seed)
    for name, value in given.items():
        if value != seed:
            raise Refused(
                f"{name}: is {value} in every cell, and it is the seeds of the study that draw "
                f"weights and trials; leave it out, and give seeds: [{value}]"
            )


def _require_measured(plan: StudyPlan, built: CellCheck) -> None:
    """Refuse a training without an end, or in which nothing measures what is to be compared."""
    trainer: Any = built.trainer
    if trainer.max_steps < 0 and (trainer.max_epochs or -1) < 0:
        raise Refused(
            "trainer.max_steps: is not given, so cells would have no end; add it to changes"
        )
    brain = brain_of(built.model)
    known = [f"{TERMS}{name}" for name in objectives_of(brain)]
    known += [f"{RELATIVE}{area}" for area in brain.areas if brain.area(area).predictor is not None]
    for measure in plan.measures:
        if all(curve.startswith(PROBED) for curve in measure.of) and not built.callbacks_of(Probe):
            raise Refused(
                f"measures.{measure.name}: nothing measures {' or '.join(measure.of)}; add "
                "brainmodel.training.callbacks.Probe to trainer.callbacks"
            )
        curves = [curve for curve in measure.of if curve.startswith((TERMS, RELATIVE))]
        places = [c.rpartition(".")[0] if c.startswith(TERMS) else c for c in curves]
        if places and not any(fnmatchcase(name, place) for place in places for name in known):
            raise Refused(
                f"measures.{measure.name}: nothing measures {' or '.join(curves)}; there are "
                f"{', '.join(n + '.*' if n.startswith(TERMS) else n for n in known)}"
            )


def _require_better(plan: StudyPlan, built: CellCheck) -> None:
    """Refuse measures of which lower is better, where the study says that higher is."""
    lower = {
        f"{TERMS}{name}.*": f"{name} makes it small"
        for name, objective in objectives_of(brain_of(built.model)).items()
        if any(isinstance(part, Outcome) for part in objective.modules())
    }
    for probe in built.callbacks_of(Probe):
        for name, metric in probe.plan.used_metrics.items():
            if not metric.higher_is_better:
                lower[f"{PROBED}{name}/*"] = f"{type(metric).__name__} is a distance"
    for measure in plan.measures:
        for pattern, why in lower.items() if measure.higher else ():
            if any(fnmatchcase(curve, pattern) for curve in measure.of):
                raise Refused(
                    f"measures.{measure.name}: lower is better, as {why}; give "
                    f"{{of: {measure.of[0]}, better: lower}}"
                )
