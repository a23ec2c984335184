"""Processes to be stopped: forked from this one, which has loaded what they need, and watched."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from brainmodel.cli import main
from brainmodel.command_line import train_command  # noqa: F401 - loaded once, for all forks

LIMIT = 60.0  # s in which a process has to end after a fault


def forked(said: str, words: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Run a command line in a process of its own; what it says goes to SAID.txt."""
    sys.stdout.flush()
    if child := os.fork():
        return child
    status = 1
    try:
        os.environ.update(environment or {})
        os.setsid()
        file = os.open(f"{said}.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        main(words)
        status = 0
    except SystemExit as left:
        status = int(left.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(status)


def alive(child: int) -> bool:
    """Whether a child still runs."""
    try:
        return os.waitpid(child, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def wait(until: Callable[[], bool], limit: float = LIMIT, pause: float = 0.02) -> bool:
    """Whether something becomes true within a time."""
    end = time.monotonic() + limit
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def ends(child: int, limit: float = LIMIT) -> bool:
    """Whether a child ends within the limit, in seconds; it is killed if not."""
    if wait(lambda: not alive(child), limit):
        return True
    os.kill(child, signal.SIGKILL)
    return False


def group(leader: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found
