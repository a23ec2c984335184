"""What ended a training before its end, told by its cause, and with what command it goes on."""

import errno
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytorch_lightning.utilities import rank_zero_only

from brainmodel.errors import ProcessLost
from brainmodel.training.module import BrainModule
from brainmodel.training.processes import rank_and_count, tells_of_another

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Of a disk, of what a user may have of it, of what a process may write."""


@contextmanager
def told(words: Sequence[str], model: BrainModule) -> Iterator[None]:
    """Tell of whatever ends a training inside: the error that is its cause, the command to go on.

    Args:
        words: of the command line; none if it came from Python.
        model: that is trained.

    Raises:
        NotFinite: if an error came of numbers that were not finite.
        ProcessLost: if it came because another process is gone.
        OSError: naming the folder, if there is no room.
    """
    try:
        yield
    except BaseException as error:
        lost = isinstance(error, Exception) and tells_of_another(error)
        kept = model.finite.kept
        if kept is not None and (lost or getattr(rank_zero_only, "rank", 0) == 0):
            print(f"Go on with: {command(words, kept.path)}", file=sys.stderr, flush=True)
        if isinstance(error, Exception):
            model.finite.require()
        if isinstance(error, OSError) and error.errno in FULL and model.trainer.log_dir:
            sentence = f"files in {model.trainer.log_dir} cannot be written"
            raise OSError(f"{sentence}: {error.strerror}") from error
        if lost:
            sentence = f"process {rank_and_count()[0]} ends: another process of this run has ended"
            raise ProcessLost(sentence) from error
        raise


def command(words: Sequence[str], checkpoint: str) -> str:
    """The same command line, from a checkpoint on."""
    kept, rest = [], iter(words)
    for word in rest:
        if word == "--ckpt_path":
            next(rest, None)
        elif not word.startswith("--ckpt_path="):
            kept.append(word)
    door = sys.argv[0]
    begin = ["python", door] if Path(door).name == "train.py" else ["brainmodel"]
    return shlex.join([*(begin if words else ["..."]), *kept, "--ckpt_path", checkpoint])
