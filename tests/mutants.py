"""Defects on purpose: each goes into a copy of the tree, and the tests named beside it must notice.

    make mutants                       all of them
    make mutants ARGS=e_prop           those whose file or tests contain the word

A mutant is noticed when its tests pass on the unchanged code and fail on the changed. One whose old
text is not found exactly once, or that keeps the tests from starting at all, is an error too.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
AT_ONCE = 2  # mutants judged side by side
LIMIT = 300  # s; a mutant that hangs is noticed
PASSED, FAILED = 0, 1  # pytest's exit codes
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "runs", "build", "dist", "__pycache__", ".*_cache", "*.egg-info"
)


class Mutant(NamedTuple):
    """A one-line defect, and the tests that should notice it (as arguments of pytest)."""

    file: str
    old: str
    new: str
    tests: str


MUTANTS = [
    Mutant(
        file="brainmodel/__init__.py",
        old='return version("brainmodel")',
        new='return "0.0.0"',
        tests="tests/test_house.py -k version",
    ),
]


def run_tests(tree: Path, tests: str) -> int:
    """Exit code of pytest in `tree`; a run beyond the time limit counts as failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    alone = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            command + shlex.split(tests),
            cwd=tree,
            env=os.environ | alone,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def complaint(root: Path, mutant: Mutant) -> str:
    """What is wrong with this mutant under its tests; empty if they notice it."""
    path = root / mutant.file
    found = path.read_text().count(mutant.old) if path.is_file() else 0
    if found != 1:
        return f"the old text is in the file {found} times, and must be once"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(root, tree, ignore=LEFT_BEHIND)
        (tree / mutant.file).write_text(path.read_text().replace(mutant.old, mutant.new))
        code = run_tests(tree, mutant.tests)
    if code == PASSED:
        return f"NOT NOTICED by {mutant.tests}"
    return "" if code == FAILED else f"the tests do not start: pytest ended with {code}"


def complaints(root: Path, mutants: Sequence[Mutant]) -> list[str]:
    """One line for each test selection that fails on unchanged code and each mutant not noticed."""
    selections = sorted({mutant.tests for mutant in mutants})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = pool.map(lambda tests: run_tests(root, tests), selections)
        lines = [
            f"{tests}: must pass on the unchanged code, but pytest ended with {code}"
            for tests, code in zip(selections, codes, strict=True)
            if code != PASSED
        ]
        for mutant, wrong in zip(
            mutants, pool.map(lambda mutant: complaint(root, mutant), mutants), strict=True
        ):
            print(f"{wrong or 'noticed'}: {mutant.file}: {mutant.old!r} -> {mutant.new!r}")
            lines += [f"{mutant.file}: {mutant.new!r}: {wrong}"] if wrong else []
    return lines


def main(words: Sequence[str]) -> int:
    """Judges the mutants that contain one of the words, or all; 1 if there is a complaint."""
    chosen = [m for m in MUTANTS if not words or any(w in m.file + m.tests for w in words)]
    if not chosen:
        print(f"no mutant's file or tests contain {' or '.join(words)}", file=sys.stderr)
        return 1
    lines = complaints(ROOT, chosen)
    print(f"{len(chosen)} mutants, {len(lines)} complaints", *lines, sep="\n  ")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
