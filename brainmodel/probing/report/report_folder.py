"""The folder of a report: report.html, all tables as CSV, the scores as JSON, figures as PNG.

scores.json holds versions and the config, too. The folder is written under another name and renamed
when it is complete.
"""

import shutil
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from brainmodel.probing.findings import Findings
from brainmodel.probing.report.content import Content, content_of
from brainmodel.probing.report.page import page_of
from brainmodel.probing.report.table_files import write_atomically, write_csv, write_json

DOTS = 160  # per inch


def write_report(
    findings: Findings,
    out: str | Path,
    config: Mapping[str, Any] | None = None,
    command: str = "",
) -> Path:
    """Write the report into a new folder; the path of its page.

    Args:
        findings: what `probe` found.
        out: the folder; it may not exist.
        config: what the probe was asked, for the record.
        command: by which.

    Raises:
        ValueError: if the folder exists.
    """
    out, config = Path(out), config or {}
    require_new(out)
    content = content_of(findings)
    pictures = {name: png(shown.figure) for name, shown in content.all_figures.items()}
    page = page_of(content, pictures, config, command)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        _write(part, content, pictures, page, config)
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


def png(figure: Figure) -> bytes:
    """A figure as PNG."""
    with BytesIO() as held:
        figure.savefig(held, format="png", dpi=DOTS, facecolor="white")
        return held.getvalue()


def _write(
    folder: Path,
    content: Content,
    pictures: Mapping[str, bytes],
    page: str,
    config: Mapping[str, Any],
) -> None:
    for name, rows in content.all_tables.items():
        write_csv(rows, folder / f"{name}.csv")
    write_json(content.scores, folder / "scores.json", config)
    for name, picture in pictures.items():
        (folder / f"{name}.png").write_bytes(picture)
    write_atomically(folder / "report.html", page)
