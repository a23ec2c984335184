"""What is silent or never moves, in a brain and in what it sees: told, with what usually helps."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.training.processes import gather
from objectives import Activity

NOTHING = 1e-6
"""Rates and values of this size are silent, and changes of this share of the largest none."""
SILENT = "larger weights or inputs, a lower threshold, or the callback SynapticScaling usually help"
STILL = (
    "look whether a pathway from an input that moves reaches it; a smaller learning rate helps "
    "where large weights hold rates at their bounds"
)
BLACK = "look at the files, and at the options of the data"


class Extent(NamedTuple):
    """How large a signal became, and how much it changed between two steps, at most."""

    size: float = 0.0
    change: float = 0.0

    def word(self) -> str:
        """What is odd about it: silent, still, or nothing."""
        if self.size <= NOTHING:
            return "silent"
        return "still" if self.change <= NOTHING * self.size else ""


class Stillness:
    """Looks on while windows pass."""

    def __init__(self) -> None:
        self._inputs: dict[str, Extent] = {}
        self._areas: dict[str, Extent] = {}

    def see(self, window: Window, activities: Mapping[str, Activity]) -> None:
        """Look at a window and at what the areas did in it."""
        for name, value in window.inputs.items():
            _widen(self._inputs, name, value)
        for name, activity in activities.items():
            _widen(self._areas, name, activity.rate)

    def of_all_processes(self) -> "Stillness":
        """What was seen on all processes, on each of them."""
        joined = Stillness()
        for inputs, areas in gather((self._inputs, self._areas)):
            for mine, theirs in ((joined._inputs, inputs), (joined._areas, areas)):
                for name, extent in theirs.items():
                    mine[name] = Extent(*map(max, mine.get(name, Extent()), extent))
        return joined

    def words(self) -> dict[str, str]:
        """ "silent" or "still" of each area that is; for the table."""
        return {name: word for name, own in self._areas.items() if (word := own.word())}

    def sentences(self) -> list[str]:
        """One for each input and area that is silent or still."""
        said = []
        for name, extent in self._inputs.items():
            if word := extent.word():
                what = "is black: all its values are 0" if word == "silent" else "never changes"
                said.append(f"The input {name} {what}; {BLACK}.")
        words = self.words()
        if words and len(words) == len(self._areas) and set(words.values()) == {"silent"}:
            return [*said, f"The whole brain is silent: all rates are 0; {SILENT}."]
        for name, word in words.items():
            what, helps = ("is silent: all its rates are 0", SILENT)
            if word == "still":
                what, helps = ("does not move: its rates are the same at every step", STILL)
            said.append(f"Area {name} {what}; {helps}.")
        return said


def _widen(known: dict[str, Extent], name: str, value: Tensor) -> None:
    """Let the extent of a signal [time, batch, ...] hold this window, too."""
    value = value.detach()
    change = (value[1:] - value[:-1]).abs().amax() if len(value) > 1 else torch.zeros(())
    found = Extent(float(value.abs().amax()), float(change))
    known[name] = Extent(*map(max, known.get(name, Extent()), found))
