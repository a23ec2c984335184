"""What readers require before they read: files, and the fields in them."""

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
    """Require that a field is there.

    Args:
        source: the file.
        kind: of field, for the message.
        name: of the field.
        there: names of the fields that there are.

    Raises:
        ValueError: in one sentence that lists them.
    """
    if name not in there:
        raise ValueError(f"{source}: no {kind} {name!r}: there are {sorted(map(str, there))}.")
