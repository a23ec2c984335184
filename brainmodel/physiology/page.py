"""What a brain showed, as files: physiology.html, physiology.csv, and a figure each."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.physiology.battery import (
    BEFORE,
    BLOCKED,
    CANNOT_TELL,
    PRESENT,
    TRAINED,
    UNTRAINED,
    AreaAnswer,
    Estimate,
    Measured,
)
from brainmodel.physiology.phenomena.phenomenon import Phenomenon
from brainmodel.probing.analyses import Section
from brainmodel.probing.drawing import COLOURS, GREY, panels
from brainmodel.probing.report.page import PageHead, html_figure, html_table, whole_page
from brainmodel.probing.report.report_folder import png
from brainmodel.probing.report.table_files import write_atomically, write_csv
from brainmodel.probing.report.words import Verdict

STYLES = {TRAINED: (COLOURS[0], "-"), UNTRAINED: (GREY, "-"), BLOCKED: (COLOURS[1], "--")}
GOOD = {PRESENT: True, BEFORE: False, CANNOT_TELL: None}
HOW_TO_READ = """
<dl>
<dt>index</dt><dd>A number for each unit (of a map, the one in the middle of the eye's image), or
for each movie; what it is stands above each table. The value is the mean over brains of the mean
over samples that tell anything.</dd>
<dt>95 %</dt><dd>Student's interval over the means of brains. Of a single brain it is a bootstrap of
its samples, and says nothing of another brain. Where brains are the samples, half of which learnt
what is not due in the other half, the value is the mean of the means of both halves, and the
interval Welch's over brains.</dd>
<dt>feedback blocked</dt><dd>The trained brain, while the gains of all its feedback pathways are 0.
The fall is taken sample by sample.</dd>
<dt>effect</dt><dd>Cohen's d of trained over untrained samples.</dd>
<dt>present</dt><dd>The index lies above where the phenomenon is absent, and above the untrained
brain, with intervals that do not overlap. <b>There before learning</b>: above its absence, but
not above the untrained brain. <b>Reversed</b>: below its absence. <b>Cannot tell</b>: the interval
holds the absence.</dd>
<dt>published</dt><dd>What animals show. Numbers depend on stimuli and on how cells were chosen, so
the sign is what is compared.</dd>
</dl>
"""


class Answered(NamedTuple):
    """A phenomenon, and what all brains showed of it."""

    phenomenon: Phenomenon
    found: Measured
    rows: list[AreaAnswer]


def write_physiology(
    answers: Mapping[str, Answered],
    size: int,
    out: Path,
    told: Mapping[str, Any],
    sections: Mapping[str, Section] | None = None,
) -> Path:
    """Write all files into a folder; the path of the page.

    Args:
        answers: by the name of the phenomenon.
        size: of the eye, in pixels.
        out: the folder; it is made.
        told: title, facts, command and config, for the record.
        sections: of analyses, by name.
    """
    further = (sections or {}).values()
    drawn = {k: (png(v.figure), v.caption) for own in further for k, v in own.figures.items()}
    tables = {k: v for own in further for k, v in own.tables.items()}
    pictures = {name: png(draw(own, size)) for name, own in answers.items()}
    out.mkdir(parents=True, exist_ok=True)
    if answers:
        tables["physiology"] = [line(row) for own in answers.values() for row in own.rows]
    for name, rows in tables.items():
        write_csv(rows, out / f"{name}.csv")
    for name, content in (pictures | {k: content for k, (content, _) in drawn.items()}).items():
        (out / f"{name}.png").write_bytes(content)
    body = "\n".join(_section(name, own, pictures[name]) for name, own in answers.items())
    body += _further(further, drawn)
    verdicts = [found for own in answers.values() for found in verdicts_of(own)]
    head = PageHead("Physiology", told["title"], escape(told["facts"]), verdicts)
    page = whole_page(head, body, HOW_TO_READ, told["command"], told["config"])
    write_atomically(out / "physiology.html", page)
    return out / "physiology.html"


def _further(sections: Iterable[Section], drawn: Mapping[str, tuple[bytes, str]]) -> str:
    """Sections of analyses, of figures with their captions."""
    parts = []
    for own in sections:
        parts.append(f"<h2>{escape(own.title)}</h2>")
        parts += [html_figure(name, *drawn[name]) for name in own.figures]
        parts += [html_table(rows) for rows in own.tables.values()]
    return "\n".join(parts)


def verdicts_of(answered: Answered) -> list[Verdict]:
    """A sentence for each phenomenon: in which areas it is present, and in which it is not."""
    by_outcome: dict[str, list[str]] = {}
    for row in answered.rows:
        by_outcome.setdefault(row.outcome, []).append(f"{row.area} {_short(row)}")
    if not by_outcome:
        return [Verdict(answered.phenomenon.title, "", f"{answered.phenomenon.nothing}.", None)]
    best = PRESENT if PRESENT in by_outcome else next(iter(by_outcome))
    outcome = "; ".join(f"{what}: {', '.join(areas)}" for what, areas in by_outcome.items())
    facts = f"published: {answered.phenomenon.published}."
    return [Verdict(answered.phenomenon.title, facts, f"{outcome}.", GOOD.get(best, False))]


def _short(row: AreaAnswer) -> str:
    beside = [f"untrained {row.untrained.value:.2f}"] if row.untrained else []
    beside += [f"feedback blocked {row.blocked.value:.2f}"] if row.blocked else []
    return f"{row.trained.value:.2f} ({', '.join(beside)})"


def line(row: AreaAnswer) -> dict[str, Any]:
    """A row of the table."""
    cells: dict[str, Any] = {"phenomenon": row.phenomenon, "area": row.area}
    for what, estimate in (
        (TRAINED, row.trained),
        (UNTRAINED, row.untrained),
        (BLOCKED, row.blocked),
        ("fall when blocked", row.fall),
    ):
        cells[what] = None if estimate is None else round(estimate.value, 4)
        cells[f"95 %, {what}"] = _range(estimate)
    cells["effect"] = None if row.effect is None else round(row.effect, 3)
    return cells | {"brains": row.brains, "samples": row.samples, "outcome": row.outcome}


def _range(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.low:.3f} to {estimate.high:.3f}"


def _section(name: str, answered: Answered, picture: bytes) -> str:
    phenomenon = answered.phenomenon
    samples = phenomenon.samples
    over = samples if samples == "brains" else f"{samples} and brains"
    caption = (
        f"<b>{escape(phenomenon.title)}.</b> Mean over {escape(over)}. "
        f"Index: {escape(phenomenon.index)}. Published: {escape(phenomenon.published)}."
    )
    rows = [{k: v for k, v in line(row).items() if k != "phenomenon"} for row in answered.rows]
    title = f"<h2>{escape(phenomenon.title)}</h2>"
    return "\n".join([title, html_figure(name, picture, caption), html_table(rows)])


def draw(answered: Answered, size: int) -> Figure:
    """A panel for each area: curves of trained and untrained brains, and without feedback."""
    areas = [row.area for row in answered.rows]
    points = answered.phenomenon.points(size)
    figure, axes = panels(max(1, len(areas)), 4, 2.4, 1.9)
    for panel, area in zip(axes, areas, strict=False):
        for what, brains in answered.found.items():
            curves = np.stack([np.asarray(own[area].curve) for own in brains if area in own])
            colour, dashes = STYLES[what]
            panel.plot(points, curves.mean(0), dashes, color=colour, lw=1.8, label=what)
        panel.set_title(area, fontsize=10, color=INK, loc="left")
        panel.set_xlabel(answered.phenomenon.axis, fontsize=8, color=INK)
    if areas:
        axes[0].legend(frameon=False, fontsize=7)
    return figure


def rows_in_words(answered: Sequence[Answered]) -> list[str]:
    """A line for each phenomenon, for a terminal."""
    return [found.plain for own in answered for found in verdicts_of(own)]
