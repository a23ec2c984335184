"""Claim: a wrong input ends in one true sentence, before anything is written, within ten seconds.

Every wrong input of the tests is given to the command line as a user gives it, in this process.
What would train is stopped at its door and counts as a failure. Printed are the share of those
refused in one line that names field, value and remedy, the slowest, and every failure.

    python -m benchmarks.wrong_inputs --out runs/wrong_inputs [--quick]
"""

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from brainmodel.cli import main
from brainmodel.command_line.train_command import CommandLine
from tests.training.runs import TINY
from tests.training.test_refusals import WRONG_FILES, WRONG_OPTIONS
from tests.training.wrong_inputs import FILES, OPTIONS, SOURCES

LONGEST = 10.0  # seconds
OWN = "model: {areas: {V1: {objectives: {own: mine.Mine}}}}"


class Case(NamedTuple):
    """A wrong input."""

    name: str
    files: dict[str, str]  # to be written beforehand, by name
    words: list[str]  # beside those that name the tiny config
    parts: Sequence[str]  # what the sentence has to say


class Outcome(NamedTuple):
    """What came of it."""

    complaint: str  # empty if it was refused as it should be
    seconds: float


def cases() -> Iterator[Case]:
    """All wrong inputs: those of the table, and those of the tests of refusals."""
    for option, parts in (WRONG_OPTIONS | OPTIONS).items():
        yield Case(option, {}, re.split(r" (?=--)", option), parts)
    for name, (content, parts) in WRONG_FILES.items():
        text = yaml.safe_dump(content)
        yield Case(name, {"wrong.yaml": text}, ["--config", "wrong.yaml"], parts)
    for name, (text, parts) in FILES.items():
        yield Case(name, {"wrong.yaml": text}, ["--config", "wrong.yaml"], parts)
    for name, (text, parts) in SOURCES.items():
        files = {"mine.py": text, "own.yaml": OWN}
        yield Case(f"mine.py {name}", files, ["--config", "own.yaml"], parts)


def outcome(case: Case) -> Outcome:
    """Give a wrong input to the command line, in an empty folder."""
    said, code, start = io.StringIO(), None, time.monotonic()
    before = set(sys.modules), list(sys.path), Path.cwd()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.chdir(folder)
        for name, text in case.files.items():
            Path(name).write_text(text)
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
                main(["fit", "--config", TINY, *case.words])
        except SystemExit as left:
            code = left.code
        finally:
            os.chdir(before[2])
            sys.path[:] = before[1]
            for name in {"mine"} & set(sys.modules) - before[0]:
                del sys.modules[name]
        written = {path.name for path in Path(folder).iterdir()} - {*case.files, "__pycache__"}
    lines, seconds = said.getvalue().splitlines(), time.monotonic() - start
    sentence = lines[-1] if lines else ""
    missing = [part for part in case.parts if part not in sentence]
    complaints = {
        f"left with {code}, not 2": code != 2,
        f"{len(lines)} lines": len(lines) != 1,
        f"does not say {missing}": bool(missing),
        f"wrote {sorted(written)}": bool(written),
        f"took {seconds:.0f} s": seconds > LONGEST,
    }
    wrong = [complaint for complaint, holds in complaints.items() if holds]
    return Outcome(f"{'; '.join(wrong)}: {sentence}" if wrong else "", seconds)


def accepted(self: CommandLine, command: str) -> None:
    """In the place of training."""
    raise SystemExit("accepted")


def measure(quick: bool) -> tuple[list[str], bool]:
    """The lines of the report, and whether the claim holds."""
    CommandLine._run_subcommand = accepted  # type: ignore[method-assign]
    found = {case.name: outcome(case) for case in list(cases())[:: 8 if quick else 1]}
    failures = {name: made for name, made in found.items() if made.complaint}
    share = 1 - len(failures) / len(found)
    slowest = max(found, key=lambda name: found[name].seconds)
    lines = [
        f"{len(found)} wrong inputs; refused in one true sentence: {share:.1%}",
        f"slowest: {found[slowest].seconds:.1f} s, {slowest}",
        *(f"- {name}: {made.complaint}" for name, made in failures.items()),
    ]
    return lines, share >= 0.98


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    report, holds = measure(given.quick)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "wrong_inputs.txt").write_text("\n".join(report) + "\n")
    print("\n".join(report))
    sys.exit(0 if holds else 1)
