"""The report of a probe: one HTML page that needs nothing beside it, and its tables as files.

A folder with report.html, scores.csv, scores.json (with versions and config) and the figures. It is
written under another name and renamed when it is complete.
"""

import re
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from brainmodel.probing.analyses import Section
from brainmodel.probing.findings import Findings
from brainmodel.probing.report.curves import draw_lags, draw_training
from brainmodel.probing.report.dissimilarity_figure import draw_dissimilarities
from brainmodel.probing.report.page import CAPTIONS, HOW_TO_READ, PAGE
from brainmodel.probing.report.page_tables import neurons, summary
from brainmodel.probing.report.score_figures import draw_scores
from brainmodel.probing.report.score_map import draw_map
from brainmodel.probing.report.table_files import versions, write_atomically, write_csv, write_json
from brainmodel.probing.report.words import verdicts

DOTS = 160  # per inch


def write_report(
    findings: Findings, out: str | Path, config: Mapping[str, Any] | None = None
) -> Path:
    """Write the report into a new folder; the path of its page.

    Args:
        findings: what `probe` found.
        out: the folder; it may not exist.
        config: what the probe was asked, for the record.

    Raises:
        ValueError: if the folder exists.
    """
    out = Path(out)
    require_new(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        _fill(part, findings, config or {})
        part.chmod(0o755)
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return out / "report.html"


def require_new(out: Path) -> None:
    """Refuse a folder that is there already, with a ValueError."""
    if out.exists():
        raise ValueError(f"out: {out} is there already; name a folder that is not.")


def _fill(folder: Path, findings: Findings, config: Mapping[str, Any]) -> None:
    rows = findings.scores.rows()
    write_csv(rows, folder / "scores.csv")
    write_json(rows, folder / "scores.json", config)
    pictures = {}
    for section in findings.sections.values():
        for name, lines in section.tables.items():
            write_csv(lines, folder / f"{name}.csv")
        pictures |= {name: png(shown.figure) for name, shown in section.figures.items()}
    pictures |= {name: png(figure) for name, figure in figures(findings).items()}
    for name, content in pictures.items():
        (folder / f"{name}.png").write_bytes(content)
    write_atomically(folder / "report.html", page(findings, pictures, config))


def figures(findings: Findings) -> dict[str, Figure]:
    """The figures of the scores, by the name of their file, in the order of the page."""
    table, found = findings.scores, {}
    stages = table.of(model="trained").distinct(lambda score: score.stage)
    for metric in table.metrics:
        mine = table.of(metric=metric)
        found[f"scores_{metric}"] = draw_scores(mine)
        if len(mine.lags) > 1:
            found[f"lags_{metric}"] = draw_lags(mine)
        if len(stages) > 1:
            found[f"training_{metric}"] = draw_training(mine)
        if len(mine.lags) * len(mine.brain_areas) > 1:
            found[f"map_{metric}"] = draw_map(mine)
    found["dissimilarities"] = draw_dissimilarities(findings.recording, findings.patterns)
    return found


def png(figure: Figure) -> bytes:
    """A figure as PNG."""
    with BytesIO() as held:
        figure.savefig(held, format="png", dpi=DOTS, facecolor="white")
        return held.getvalue()


def page(findings: Findings, pictures: Mapping[str, bytes], config: Mapping[str, Any]) -> str:
    """The whole page."""
    recording, scores = findings.recording, findings.scores
    elsewhere = {name for section in findings.sections.values() for name in section.figures}
    scored = [name for name in pictures if name not in elsewhere]
    return PAGE.format(
        title=escape(recording.source),
        facts=escape(recording.facts),
        verdicts="\n".join(f"<li>{sentence}</li>" for sentence in verdicts(scores)),
        figures="\n".join(_figure(name, pictures[name], _caption(name)) for name in scored),
        summary=table(summary(scores)),
        sections="\n".join(_section(s, pictures) for s in findings.sections.values()),
        neurons=table(neurons(scores)),
        how_to_read=HOW_TO_READ,
        versions=escape(", ".join(f"{name} {number}" for name, number in versions().items())),
        config=escape(_indented(config)),
    )


def _caption(name: str) -> str:
    kind, _, metric = name.partition("_")
    return CAPTIONS[kind].format(metric=escape(metric))


def _figure(name: str, content: bytes, caption: str) -> str:
    source = b64encode(content).decode("ascii")
    words = escape(re.sub("<.*?>", "", caption))
    return (
        f'<figure id="{escape(name)}"><img alt="{words}" src="data:image/png;base64,{source}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _section(section: Section, pictures: Mapping[str, bytes]) -> str:
    shown = [_figure(name, pictures[name], s.caption) for name, s in section.figures.items()]
    parts = [f"<h2>{escape(section.title)}</h2>", *shown, *map(table, section.tables.values())]
    return "\n".join(parts)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as an HTML table; numbers to the right."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(str(key))}</th>" for key in rows[0])
    lines = ["".join(_cell(value) for value in row.values()) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    number = text[:1].isdigit() or text[:2] in {f"-{k}" for k in range(10)}
    return f"<td class=number>{escape(text)}</td>" if number else f"<td>{escape(text)}</td>"


def _indented(config: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(config), sort_keys=False) if config else "(none given)"
