"""What readers check before they read: the file is there, the fields are in it."""

from collections.abc import Collection
from pathlib import Path


def require_file(path: str | Path) -> Path:
    """The path, if it is a file; FileNotFoundError in one sentence otherwise."""
    found = Path(path)
    if not found.is_file():
        raise FileNotFoundError(f"{path} is not a file: give the path of an existing recording.")
    return found


def require_folder(path: str | Path) -> Path:
    """The path, if it is a folder; FileNotFoundError in one sentence otherwise."""
    found = Path(path)
    if not found.is_dir():
        raise FileNotFoundError(f"{path} is not a folder: give the one that holds the recording.")
    return found


def require_field(source: str | Path, kind: str, name: str, there: Collection[str]) -> None:
    """ValueError in one sentence, listing what there is, if `name` is not among `there`."""
    if name not in there:
        raise ValueError(f"{source}: no {kind} {name!r}: there are {sorted(map(str, there))}.")
