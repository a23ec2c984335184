"""Tables as CSV and JSON, under their final name only once they are complete."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brainmodel.probing.report.versions import versions

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a formula begins with


def write_atomically(path: str | Path, text: str) -> None:
    """Write a text file beside its name, then rename it: interrupted, it leaves the old one."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
        Path(part).chmod(0o644)
        os.replace(part, target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_csv(rows: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """Rows as CSV, one column per key in order of appearance; None is an empty cell.

    Texts that a spreadsheet would take for a formula begin with an apostrophe.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    write_atomically(path, text.getvalue())


def _harmless(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula; numbers stay as they are."""
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return "'" + value
    return value


def write_json(
    rows: Sequence[Mapping[str, Any]], path: str | Path, config: Mapping[str, Any] | None = None
) -> None:
    """Rows with the versions and the config they came from."""
    held = {"versions": versions(), "config": dict(config or {}), "rows": [dict(r) for r in rows]}
    write_atomically(path, json.dumps(held, indent=1, allow_nan=False, default=str) + "\n")
