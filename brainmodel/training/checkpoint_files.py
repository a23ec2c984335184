"""Files of checkpoints: written beside their place and put there whole, and read back with a check.

However a save ends (killed, a full disk, another file system for temporary files), the file that
was there stays until the new one is on the disk.
"""

import os
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.utilities.types import _PATH
from pytorch_lightning.plugins.io import TorchCheckpointIO


class WholeFiles(TorchCheckpointIO):
    """Lightning's files of checkpoints, put in their place in one go."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint; on a local disk it is there whole or not at all.

        Raises:
            OSError: naming the file, if it cannot be written.
        """
        if "://" in str(path):  # not a local disk
            super().save_checkpoint(checkpoint, path, storage_options)
        else:
            write_whole(checkpoint, Path(path))


def write_whole(content: dict[str, Any], place: Path) -> None:
    """Write a checkpoint beside its place, and put it there.

    Raises:
        OSError: naming the file, if it cannot be written; then what was there stays.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.part")
    try:
        with beside.open("wb") as opened:
            torch.save(content, opened)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, place)
    except (OSError, RuntimeError) as error:  # PyTorch makes the latter of a full disk
        beside.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or _cause(error)
        raise OSError(f"{place} cannot be written: {reason}") from error


def _cause(error: BaseException) -> str:
    """What the disk said, where PyTorch wrapped it."""
    while error.__context__ is not None and not isinstance(error, OSError):
        error = error.__context__
    return getattr(error, "strerror", None) or str(error).splitlines()[0]


def is_whole(path: Path) -> bool:
    """Whether a file is a checkpoint all of whose bytes are those that were written."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError):
        return False


def newest_whole(folder: Path, but: Path) -> Path | None:
    """The last written checkpoint of a folder that is whole, other than one file."""
    others = [path for path in folder.glob("*.ckpt") if path.name != but.name]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path for path in others if is_whole(path)), None)
