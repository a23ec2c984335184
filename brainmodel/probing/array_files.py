"""Arrays on disk for as long as they are used, however their process ends."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def on_disk(shape: tuple[int, ...], folder: Path) -> Any:
    """A float32 array in a file that has no name, memory-mapped, empty at first.

    The system takes its space back when the last process that uses it ends or is killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.float32, "w+", shape=shape)
