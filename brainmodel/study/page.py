"""The page of a study: what was found in sentences, figures and tables, self-contained."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from brainmodel.probing.drawing import Illustration
from brainmodel.probing.report.page import PageHead, html_figure, html_table, whole_page
from brainmodel.probing.report.words import Verdict
from brainmodel.study.analysis import CANNOT_TELL
from brainmodel.study.plan import StudyPlan
from brainmodel.study.tables import Standings, StudyRows, failed_rows

TITLES = {
    "levels": "What each level scores",
    "differences": "Differences between levels, paired by seed",
    "variance": "What explains the variance",
    "combinations": "Every combination of levels",
}
HOW_TO_READ = """
<dl>
<dt>the sample</dt><dd>The seed: it draws the weights and the trials. Cells of one seed share their
trials, so levels are compared seed by seed.</dd>
<dt>95 % low, high</dt><dd>Of scores, gains and differences: Student's t over seeds. Of shares of
the variance: bootstrap over whole seeds (percentiles), wide and coarse with few seeds.</dd>
<dt>score of a level</dt><dd>The mean over all cells of that level, in each seed. A seed in which
one of these cells failed does not count, and nothing is put in its place.</dd>
<dt>gain over untrained</dt><dd>What learning adds to the same brain as it was drawn.</dd>
<dt>chance</dt><dd>What the best answer scores that is always the same.</dd>
<dt>share of the variance</dt><dd>Eta squared of a balanced analysis of variance in which seeds are
blocks. A factor that does nothing explains a little, too, by chance: p (F against what is not
explained) says whether it is more.</dd>
<dt>p, q</dt><dd>Two-sided, over seeds; q is the false discovery rate over the pairs of this
table.</dd>
<dt>cannot tell</dt><dd>The interval holds 0 (or p is .05 or more, or a single seed was run). More
seeds may tell; it does not mean that the two are alike.</dd>
</dl>
"""
BODY = """{sections}
<h2>Cells that failed</h2>
{failed}
"""
StudyTables = Mapping[str, Mapping[str, StudyRows]]


def study_page(
    plan: StudyPlan,
    standings: Standings,
    tables: StudyTables,
    pictures: Mapping[str, Mapping[str, tuple[Illustration, bytes]]],
    told: Mapping[str, Any],
) -> str:
    """The whole page, which needs nothing beside it.

    Args:
        plan: of the study.
        standings: of its cells.
        tables: by measure and name.
        pictures: figures and their PNG, by measure and by the name of their files.
        told: its title, the command and the config, for the record.
    """
    failed = failed_rows(plan, standings)
    body = BODY.format(
        sections="\n".join(_section(m.name, tables, pictures) for m in plan.measures),
        failed=html_table(failed) or "<p>None.</p>",
    )
    words = study_verdicts(plan, tables)
    head = PageHead("Study", told["title"], escape(facts(plan, standings)), words)
    return whole_page(head, body, HOW_TO_READ, told["command"], told["config"])


def _section(
    measure: str,
    tables: StudyTables,
    pictures: Mapping[str, Mapping[str, tuple[Illustration, bytes]]],
) -> str:
    parts = [f"<h2>{escape(measure)}</h2>"]
    for name, (shown, content) in pictures.get(measure, {}).items():
        parts.append(html_figure(name, content, shown.caption))
    for name, title in TITLES.items():
        if rows := tables[measure][name]:
            parts += [f"<h3>{title}</h3>", html_table(rows)]
    return "\n".join(parts)


def facts(plan: StudyPlan, standings: Standings) -> str:
    """How large the study is, and how far it has come."""
    states = [standing.state for standing in standings.values()]
    sizes = " × ".join(f"{len(factor.levels)} {factor.name}" for factor in plan.factors)
    left = len(states) - states.count("done") - states.count("failed")
    told = f"{sizes} × {len(plan.seeds)} seeds"
    if plan.tuning is not None:
        told += f", each tuned at {len(plan.tuning.points)} points on seed {plan.tuning.seed}"
    told += f"; {states.count('done')} of {len(states)} cells done, {states.count('failed')} failed"
    return told + (f", {left} not yet run." if left else ".")


def study_verdicts(plan: StudyPlan, tables: StudyTables) -> list[Verdict]:
    """One for each measure and factor: what it explains, and which levels differ."""
    return [
        _verdict(measure.name, factor.name, tables[measure.name])
        for measure in plan.measures
        for factor in plan.factors
    ]


def _verdict(measure: str, factor: str, tables: Mapping[str, StudyRows]) -> Verdict:
    levels = [row for row in tables["levels"] if row["factor"] == factor]
    said = [f"{row['level']} {_number(row, 'score')}" for row in levels]
    shares = [row for row in tables["variance"] if row["what varies"] == factor]
    said += [f"it explains {_number(row, 'share of the variance', '')} of it" for row in shares]
    rows = [row for row in tables["differences"] if row["factor"] == factor]
    told = [row["outcome"] for row in rows if row["outcome"] != CANNOT_TELL]
    unsure = [f"{row['level']} or {row['less']}" for row in rows if row["outcome"] == CANNOT_TELL]
    outcome = _pairs(rows) + (f"{CANNOT_TELL}: {', '.join(unsure)}." if unsure else "")
    return Verdict(f"{measure}, {factor}", "; ".join(said) + ".", outcome, True if told else None)


def _pairs(rows: Sequence[Mapping[str, Any]]) -> str:
    """The pairs whose difference is told, the better level first."""
    told = []
    for row in rows:
        if row["outcome"] != CANNOT_TELL:
            names = [row["level"], row["less"]]
            better = row["outcome"].removesuffix(" is better")
            worse = names[1 - names.index(better)]
            told.append(f"{better} is better than {worse}")
    return ", ".join(told) + ". " if told else ""


def _number(row: Mapping[str, Any], name: str, before: str | None = None) -> str:
    """A number with its interval."""
    if row[name] is None:
        return "—"
    prefix = f"{name}, " if before is None else before
    low, high = row[f"{prefix}95 % low"], row[f"{prefix}95 % high"]
    ends = "" if low is None else f" ({low:.3f} to {high:.3f})"
    return f"{row[name]:.3f}{ends}"
