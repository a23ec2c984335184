"""The page of a report: its content in HTML, with the pictures as part of the text."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, NamedTuple

import yaml

from brainmodel.probing.drawing import Illustration
from brainmodel.probing.report.content import Content, Rows
from brainmodel.probing.report.page_template import BODY, HOW_TO_READ, PAGE, STYLE
from brainmodel.probing.report.versions import versions
from brainmodel.probing.report.words import Verdict


def page_of(
    content: Content, pictures: Mapping[str, bytes], config: Mapping[str, Any], command: str
) -> str:
    """The whole page, which needs nothing beside it.

    Args:
        content: what it shows.
        pictures: its figures as PNG, by name.
        config: what the probe was asked.
        command: by which.
    """
    body = BODY.format(
        gains=html_table(content.gains),
        figures="\n".join(_figures(content.figures, pictures)),
        summary=html_table(content.summary),
        sections="\n".join(
            _section(found.title, _figures(found.figures, pictures), found.tables)
            for found in content.sections
        ),
        neurons=html_table(content.neurons),
    )
    head = PageHead(
        "Probe",
        content.title,
        f"{escape(content.facts)}<br>Shown to the model: {escape(content.shown)}",
        content.verdicts,
    )
    return whole_page(head, body, HOW_TO_READ, command or "(from Python)", config)


class PageHead(NamedTuple):
    """What stands above everything else on a page."""

    kind: str  # a probe, or a study
    title: str
    facts: str  # HTML
    verdicts: Sequence[Verdict]


def whole_page(
    head: PageHead, body: str, how_to_read: str, command: str, config: Mapping[str, Any]
) -> str:
    """A page that needs nothing beside it.

    Args:
        head: what stands above everything else.
        body: HTML.
        how_to_read: HTML.
        command: by which it was made.
        config: that was given; it may be empty.
    """
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    return PAGE.format(
        style=STYLE,
        kind=head.kind,
        title=escape(head.title),
        facts=head.facts,
        verdicts="\n".join(map(html_verdict, head.verdicts)),
        body=body,
        how_to_read=how_to_read,
        date=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        command=escape(command),
        versions=escape(used),
        config=escape(yaml.safe_dump(dict(config), sort_keys=False) if config else "(none given)"),
    )


def html_verdict(found: Verdict) -> str:
    """A verdict as an entry of a list; its outcome in colour."""
    colour = {True: "good", False: "bad", None: "open"}[found.good]
    words = f"<b>{escape(found.topic)}:</b> {escape(found.facts)}"
    return f"<li>{words} <span class={colour}>{escape(found.outcome)}</span></li>"


def _figures(figures: Mapping[str, Illustration], pictures: Mapping[str, bytes]) -> list[str]:
    return [html_figure(name, pictures[name], figures[name].caption) for name in figures]


def html_figure(name: str, content: bytes, caption: str) -> str:
    """A picture (PNG) as part of the text of a page, under it its caption in HTML."""
    source = b64encode(content).decode("ascii")
    words = escape(re.sub("<.*?>", "", caption))
    return (
        f'<figure id="{escape(name)}"><img alt="{words}" src="data:image/png;base64,{source}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _section(title: str, figures: list[str], tables: Mapping[str, Rows]) -> str:
    return "\n".join([f"<h2>{escape(title)}</h2>", *figures, *map(html_table, tables.values())])


def html_table(rows: Rows) -> str:
    """Rows as an HTML table; numbers to the right."""
    if not rows:
        return ""
    head = "".join(f"<th>{escape(str(column))}</th>" for column in rows[0])
    lines = ["".join(_cell(value) for value in row.values()) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    number = text.removeprefix("-").removeprefix("+")[:1].isdigit()
    return f"<td class=number>{escape(text)}</td>" if number else f"<td>{escape(text)}</td>"
