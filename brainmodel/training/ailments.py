"""Units that are dead or latched and areas that ring: told, with what usually helps.

dead      a unit whose rate is 0 throughout; of maps a whole map
latched   a unit whose rate hardly changes:    var r < 10^-3 mean r^2
rings     an area whose rates swing to and fro from step to step where its drive does not:
          c = sum dr(t) dr(t-1) / sum dr(t)^2 < -0.3, and 0.3 below the same of its drive
"""

from collections.abc import Mapping
from typing import NamedTuple, Self

import torch
from einops import reduce
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.training.processes import gather
from objectives import Activity

DEAD = 1e-6  # of the largest rate of the area
LATCHED = 1e-3  # of the mean square
RINGS = 0.3
WORTH_TELLING = 0.25  # share of units
HELP = {
    "dead": "a smaller learning rate, or a smaller predictor.scale, keeps units alive",
    "latched": "a smaller learning rate, or weight decay, keeps rates off their bounds",
    "rings": "a smaller learning rate, or a smaller alpha of its cell, calms it",
}


class Swing(NamedTuple):
    """How successive changes of a signal go together: sums over steps, streams and units."""

    product: float = 0.0  # of each change with the one before it
    square: float = 0.0

    def add(self, other: "Swing") -> "Swing":
        """Both together."""
        return Swing(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def correlation(self) -> float:
        """c; 0 if nothing changed."""
        return self.product / self.square if self.square > 0 else 0.0


class UnitSums(NamedTuple):
    """What was seen of an area."""

    steps: int  # of streams
    loudest: Tensor  # [unit or map] largest rate
    total: Tensor  # [*units] sum of the rates
    squares: Tensor  # [*units]
    rate: Swing
    drive: Swing

    def add(self, other: Self) -> "UnitSums":
        """Both together."""
        return UnitSums(
            self.steps + other.steps,
            torch.maximum(self.loudest, other.loudest),
            self.total + other.total,
            self.squares + other.squares,
            self.rate.add(other.rate),
            self.drive.add(other.drive),
        )

    def shares(self) -> dict[str, float]:
        """Of dead and of latched units, and 1 for an area that rings, else 0."""
        dead = self.loudest <= DEAD * self.loudest.max()
        square = _per_unit(self.squares / self.steps)
        variance = square - _per_unit((self.total / self.steps).square())
        latched = ~dead & (variance < LATCHED * square)
        rate, drive = self.rate.correlation, self.drive.correlation
        rings = rate < min(-RINGS, drive - RINGS)
        found = {"dead": dead, "latched": latched}
        return {k: float(v.double().mean()) for k, v in found.items()} | {"rings": float(rings)}


class Ailments:
    """Looks on while windows pass."""

    def __init__(self) -> None:
        self._areas: dict[str, UnitSums] = {}

    def see(self, window: Window, activities: Mapping[str, Activity]) -> None:
        """Look at what the areas did in a window."""
        del window
        for name, activity in activities.items():
            found = _sums(activity)
            self._areas[name] = self._areas[name].add(found) if name in self._areas else found

    def of_all_processes(self) -> "Ailments":
        """What was seen on all processes, on each of them."""
        joined = Ailments()
        for areas in gather(self._areas):
            for name, sums in areas.items():
                known = joined._areas.get(name)
                joined._areas[name] = sums if known is None else known.add(sums)
        return joined

    def words(self) -> dict[str, str]:
        """What each area suffers from, in a few words; areas that are well have none."""
        return {
            name: ", ".join(one.replace(" of its units are", "").removeprefix("it ") for one in own)
            for name, own in self._told().items()
            if own
        }

    def sentences(self) -> list[tuple[str, str]]:
        """One for each ailment of each area, behind the area's name."""
        return [
            (name, f"Area {name}: {word}; {HELP[word.split()[-1]]}.")
            for name, found in self._told().items()
            for word in found
        ]

    def _told(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for name, sums in self._areas.items():
            if float(sums.loudest.max()) == 0:
                continue  # silent: told by Stillness
            shares = sums.shares()
            told[name] = [
                f"{shares[kind]:.0%} of its units are {kind}"
                for kind in ("dead", "latched")
                if shares[kind] > WORTH_TELLING
            ] + ["it rings"] * (shares["rings"] == 1)
        return told


def _per_unit(values: Tensor) -> Tensor:
    """Means over the places of maps: [*units] to [unit or map]."""
    return reduce(values, "unit ... -> unit", "mean")


def _sums(activity: Activity) -> UnitSums:
    rate, steps = activity.rate.detach().cpu().double(), activity.valid.numel()
    goes_on = activity.valid[1:] & activity.valid[:-1] if steps else activity.valid
    return UnitSums(
        steps,
        reduce(rate.abs(), "time batch unit ... -> unit", "max"),
        rate.sum((0, 1)),
        rate.square().sum((0, 1)),
        _swing(rate, goes_on.cpu()),
        _swing(activity.drive.detach().cpu().double(), goes_on.cpu()),
    )


def _swing(signal: Tensor, goes_on: Tensor) -> Swing:
    """Of a signal [time, batch, ...]; goes_on [time - 1, batch] where nothing began anew."""
    if len(signal) < 3:
        return Swing()
    change = (signal[1:] - signal[:-1]).flatten(2) * goes_on[..., None]
    return Swing(float((change[1:] * change[:-1]).sum()), float(change[1:].square().sum()))
