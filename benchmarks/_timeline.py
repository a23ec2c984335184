"""What processes that hear each other would take on cores that nobody else uses.

Each process notes how much processor time went by until it hears and tells. The replay lets both
work side by side, and each wait for what it hears, which comes some time after it was told.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from brainmodel.training.parts.exchange import Exchange
from brainmodel.wiring.elsewhere import Elsewhere


class Note(NamedTuple):
    """Something that a process did, and what it worked since the one before."""

    did: str  # "hears", "tells" or "ends"
    name: str  # of a signal
    stop: int  # all of its steps before this one, counted over windows
    work: float  # seconds of processor time


class Timeline(Elsewhere):
    """An exchange that is noted.

    Args:
        exchange: of a process, which it is to stand for.
        steps: of a window.
    """

    def __init__(self, exchange: Exchange, steps: int):
        self.exchange, self.steps, self.windows = exchange, steps, 0
        self.heard, self.told = exchange.heard, exchange.told
        self.notes: list[Note] = []
        self._last = time.thread_time()

    def begin(self) -> None:
        """Forget what was noted."""
        self.notes, self.windows, self._last = [], 0, time.thread_time()

    def hear(self, name: str, stop: int) -> None:
        """See `Elsewhere.hear`."""
        if name in self.heard and stop > 0:
            self._note("hears", name, stop)
        self.exchange.hear(name, stop)

    def tell(self, name: str, signal: Tensor, stop: int) -> None:
        """See `Elsewhere.tell`."""
        before = sum(self.exchange.messages_sent.values())
        self.exchange.tell(name, signal, stop)
        if sum(self.exchange.messages_sent.values()) > before:
            self._note("tells", name, stop)

    def end_window(self) -> None:
        """Note that a window is over."""
        self._note("ends", "", self.steps)
        self.windows += 1

    def _note(self, did: str, name: str, stop: int) -> None:
        now = time.thread_time()
        self.notes.append(Note(did, name, self.windows * self.steps + stop, now - self._last))
        self._last = now


def replayed(timelines: Sequence[Sequence[Note]], turn: float) -> float:
    """Seconds until all processes are done.

    Args:
        timelines: of the processes.
        turn: seconds from when something is told until it is heard, where somebody waits for it.
    """
    clocks, at = [0.0] * len(timelines), [0] * len(timelines)
    told: dict[str, dict[int, float]] = {}
    while any(k < len(own) for k, own in zip(at, timelines, strict=True)):
        for p, own in enumerate(timelines):
            while at[p] < len(own):
                note = own[at[p]]
                if note.did == "hears":
                    there = [t for stop, t in told.get(note.name, {}).items() if stop >= note.stop]
                    if not there:
                        break
                    clocks[p] = max(clocks[p] + note.work, there[0] + turn)
                else:
                    clocks[p] += note.work
                if note.did == "tells":
                    told.setdefault(note.name, {})[note.stop] = clocks[p]
                at[p] += 1
    return max(clocks)
