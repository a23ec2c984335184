"""Predictions that are 0 throughout where the drive is not: told, with what usually helps.

An output is a channel of a drive; a dead one is predicted to be 0 at every place and step though
it is not. It happens where most of a frame is dark: absolute errors are then least for predicting
nothing. And where the predictor's activation is flat below 0 (a relu, a clip), nothing comes back
to an output whose potential has fallen there for all that is seen, so it stays dead.
"""

from collections.abc import Mapping
from typing import NamedTuple, Self

import torch
from einops import reduce
from torch import Tensor

from brainmodel.training.processes import gather
from objectives import Activity

NOTHING = 1e-6  # of the largest of the drive
WORTH_TELLING = 0.25  # share of outputs
HELP = (
    "absolute errors are least so where most of what it sees is dark; objectives.SquaredError or a "
    "smaller learning rate usually helps"
)


class Loudest(NamedTuple):
    """The largest sizes of each output, [channel]."""

    drive: Tensor
    prediction: Tensor

    @classmethod
    def of(cls, activity: Activity) -> Self:
        """Of an area in a window."""
        both = (activity.drive, activity.prediction)
        return cls(*(reduce(x.detach().abs().cpu(), "t b c ... -> c", "max") for x in both))

    def widen(self, other: Self | None) -> Self:
        """Of both together."""
        if other is None:
            return self
        return type(self)(*(torch.maximum(a, b) for a, b in zip(self, other, strict=True)))

    def dead(self) -> float:
        """Share of dead outputs among those that are driven at all; 0 if none is."""
        least = NOTHING * self.drive.max()
        driven = self.drive > least
        silent = driven & (self.prediction <= least)
        return float(silent.sum() / driven.sum().clamp(min=1))


class DeadOutputs:
    """Looks on while windows pass."""

    def __init__(self) -> None:
        self._areas: dict[str, Loudest] = {}

    def see(self, activities: Mapping[str, Activity]) -> None:
        """Look at what areas did in a window, those that predict alone."""
        for name, activity in activities.items():
            self._areas[name] = Loudest.of(activity).widen(self._areas.get(name))

    def of_all_processes(self) -> "DeadOutputs":
        """What was seen on all processes, on each of them."""
        joined = DeadOutputs()
        for areas in gather(self._areas):
            for name, loudest in areas.items():
                joined._areas[name] = loudest.widen(joined._areas.get(name))
        return joined

    def words(self) -> dict[str, str]:
        """The share of each area that has many, for the table."""
        return {name: f"{share:.0%} dead outputs" for name, share in self._told().items()}

    def sentences(self) -> list[tuple[str, str]]:
        """One for each area that has many, behind its name."""
        return [
            (name, f"Area {name}: {share:.0%} of its predictions are 0 throughout; {HELP}.")
            for name, share in self._told().items()
        ]

    def _told(self) -> dict[str, float]:
        shares = {name: loudest.dead() for name, loudest in self._areas.items()}
        return {name: share for name, share in shares.items() if share > WORTH_TELLING}
