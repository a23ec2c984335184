"""The answer of a study, as files: study.csv, study.json, figures, and the page study.html."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from brainmodel.probing.drawing import Illustration
from brainmodel.probing.report.report_folder import png
from brainmodel.probing.report.table_files import write_atomically, write_csv
from brainmodel.probing.report.versions import versions
from brainmodel.study.analysis import variance_shares
from brainmodel.study.figures import draw_learning, draw_levels, draw_shares
from brainmodel.study.page import facts, study_page, study_verdicts
from brainmodel.study.plan import Measure, StudyPlan
from brainmodel.study.tables import Standings, cell_rows, failed_rows, scores_of, tables_of

CAPTIONS = {
    "levels": (
        "<b>{name} of each level.</b> Dots: the mean over seeds with its 95 % interval; rings: "
        "each seed. Dashed: chance; dotted: untrained, where they are known."
    ),
    "variance": (
        "<b>{name}: what explains the variance.</b> Eta squared with its 95 % interval, bootstrap "
        "over seeds. Grey: what no factor explains, and what could not be tested."
    ),
    "learning": "<b>{name} while it learns,</b> on held-out streams: mean of the cells of a level.",
}


def write_answer(
    plan: StudyPlan, standings: Standings, folder: Path, told: Mapping[str, Any]
) -> list[str]:
    """Write all files; each is there only once it is complete.

    Args:
        plan: of the study.
        standings: of its cells, however many are done.
        folder: where the files go.
        told: title, command and config, for the record.

    Returns:
        what was found, in sentences.
    """
    tables = tables_of(plan, standings)
    pictures = {m.name: _pictures(plan, standings, m) for m in plan.measures}
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(cell_rows(plan, standings), folder / "study.csv")
    cells = [_cell(plan, standings, cell) for cell in standings]
    held = {"versions": versions(), **told, "cells": cells, "tables": tables}
    held["failed"] = failed_rows(plan, standings)
    text = json.dumps(held, indent=1, allow_nan=False, default=str)
    write_atomically(folder / "study.json", text + "\n")
    for shown in pictures.values():
        for name, (_, content) in shown.items():
            (folder / f"{name}.png").write_bytes(content)
    page = study_page(plan, standings, tables, pictures, told)
    write_atomically(folder / "study.html", page)
    verdicts = study_verdicts(plan, tables)
    return [facts(plan, standings), *(found.plain for found in verdicts)]


def _cell(plan: StudyPlan, standings: Standings, cell: Any) -> dict[str, Any]:
    standing = standings[cell]
    return {
        "levels": plan.names(cell.levels),
        "seed": cell.seed,
        "tuning": cell.point,
        "state": standing.state,
        "error": standing.error or None,
        **standing.found,
    }


def _pictures(
    plan: StudyPlan, standings: Standings, measure: Measure
) -> dict[str, tuple[Illustration, bytes]]:
    """Figures of a measure, by the names of their files, with their content."""
    scores = scores_of(plan, standings, measure)
    shares = variance_shares(scores.trained)
    drawn = {
        "levels": draw_levels(plan, scores, measure),
        "variance": draw_shares(plan, shares) if shares else None,
        "learning": draw_learning(plan, standings, measure),
    }
    place = "".join(c if c.isalnum() else "_" for c in measure.name)
    return {
        f"{kind}_{place}": (
            Illustration(figure, CAPTIONS[kind].format(name=escape(measure.name))),
            png(figure),
        )
        for kind, figure in drawn.items()
        if figure is not None
    }
