"""The command `migrate`: classes that moved get their new names, in configs and checkpoints.

A config is rewritten as text, so its comments and its layout stay. All files are read before the
first is written; each is written beside its place and put there in one go. What was there stays as
FILE.bak.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from brainmodel.command_line.config_files import parsed
from brainmodel.errors import Refused
from brainmodel.old_names import names_in, renamed, with_new_names


class Rewrite(NamedTuple):
    """What is to become of a file."""

    path: Path
    lines: list[str]  # what changes, for the user; none where the file stays as it is
    write: Callable[[Path], object]  # writes the new content to a path


def migrate(words: Sequence[str]) -> None:
    """Rewrite files, and print what changed.

    Args:
        words: the files.

    Raises:
        Refused: if none is given, or one is neither a config nor a checkpoint; then none is
            rewritten.
    """
    if not words or any(word.startswith("-") for word in words):
        raise Refused("migrate: takes files only, as in brainmodel migrate mine.yaml")
    for rewrite in [_rewrite(Path(word)) for word in words]:
        if not rewrite.lines:
            print(f"{rewrite.path}: no old names")
            continue
        kept = _replace(rewrite)
        print(f"{rewrite.path}: rewritten, and kept as it was in {kept.name}")
        print("\n".join(f"  {line}" for line in rewrite.lines))


def _rewrite(path: Path) -> Rewrite:
    if not path.is_file():
        raise Refused(f"migrate: there is no file {str(path)!r}; give configs or checkpoints")
    return _rewrite_of_checkpoint(path) if path.suffix == ".ckpt" else _rewrite_of_config(path)


def _rewrite_of_config(path: Path) -> Rewrite:
    content = parsed(path)
    old = path.read_bytes().decode("utf-8")
    new = with_new_names(old)
    if (yaml.safe_load(new) or {}) != renamed(content):
        raise Refused(f"{path}: an old name is not written out plainly; rename it by hand")
    lines = [
        f"line {number}: {before} -> {after}"
        for number, line in enumerate(old.splitlines(), start=1)
        for before, after in names_in(line)
    ]
    return Rewrite(path, lines, lambda place: place.write_bytes(new.encode("utf-8")))


def _rewrite_of_checkpoint(path: Path) -> Rewrite:
    from brainmodel.training.old_checkpoints import migrated, write

    content, lines = migrated(path)
    return Rewrite(path, lines, lambda place: write(content, place))


def _replace(rewrite: Rewrite) -> Path:
    """Put the new content in the place of a file; returns where the old one is kept."""
    path = rewrite.path.resolve()
    kept, number = path.with_name(f"{path.name}.bak"), 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.bak{number}")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder, path.name)
            rewrite.write(made)
            shutil.copymode(path, made)
            shutil.copy2(path, kept)
            os.replace(made, path)
    except OSError as error:
        raise Refused(f"{rewrite.path}: cannot be rewritten: {error.strerror}") from error
    return kept
