"""What readers require before they read: files, the fields in them, room for what they hold."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from brainmodel.memory import memory


class TooLarge(ValueError):  # noqa: N818 - what it is
    """What a file holds, or says that it holds, is larger than the memory of this machine."""


def require_file(path: str | Path) -> Path:
    """The path, if it is a file; FileNotFoundError in one sentence otherwise."""
    found = Path(path)
    if not found.is_file():
        raise FileNotFoundError(f"{path} is not a file: give the path of an existing one.")
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


def require_room(source: str | Path, name: str, size: int) -> None:
    """Require that so many bytes fit into memory, before any of it is taken.

    Raises:
        TooLarge: in one sentence, if they are more than the machine has.
    """
    if size > memory():
        raise TooLarge(
            f"{source}: {name} takes {size / 2**30:,.0f} GiB, more memory than this machine has: "
            "cut it into smaller files, or write it again if it should not be so large."
        )


@contextmanager
def readable(source: str | Path, what: str, remedy: str) -> Iterator[None]:
    """Tell in one sentence whatever a library raises while it reads a file.

    Args:
        source: the file.
        what: it should be, e.g. "a readable .mat file".
        remedy: what to do.

    Raises:
        ValueError: "SOURCE is not WHAT (REASON): REMEDY."
    """
    try:
        yield
    except (TooLarge, ModuleNotFoundError):
        raise
    except Exception as damage:  # each library raises many kinds
        reason = (str(damage).strip().splitlines() or [type(damage).__name__])[0].rstrip(" .:")
        raise ValueError(f"{source} is not {what} ({reason}): {remedy}.") from damage
