"""Squared errors of several predictions of one drive, apart by what happened in the stream."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from torch import Tensor

from brainmodel.training.held_out.errors import HeldOut
from brainmodel.training.processes import gather

ALL = "all"
"""The split that holds every step."""
BRAIN, REPEATING, LINEAR = "brain", "repeating", "linear"
"""Predictions that may be tallied: the brain's, the last drive, the best linear predictor's; and
those that the data know of (`StreamModule.foreseen`)."""


class Tally:
    """Sums of squared errors by prediction and split, and how many steps each split has."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._steps: defaultdict[str, float] = defaultdict(float)

    def see(self, errors: Mapping[str, Tensor], splits: Mapping[str, Tensor]) -> None:
        """Add a window.

        Args:
            errors: mean squared errors per unit of the drive, [time, batch], by prediction.
            splits: which steps of which streams belong to it, [time, batch] bool, by name.
        """
        for split, steps in splits.items():
            self._steps[split] += float(steps.sum())
            for prediction, error in errors.items():
                self._sums[prediction, split] += float(
                    (error.detach().cpu().double() * steps.cpu()).sum()
                )

    def of_all_processes(self) -> "Tally":
        """Those of this process and of all others, on each of them."""
        joined = Tally()
        for sums, steps in gather((dict(self._sums), dict(self._steps))):
            for mine, theirs in ((joined._sums, sums), (joined._steps, steps)):
                for key, value in theirs.items():
                    mine[key] += value
        return joined

    @property
    def splits(self) -> list[str]:
        """Those in which there was any step, `ALL` among them."""
        return [split for split, steps in self._steps.items() if steps > 0]

    @property
    def predictions(self) -> list[str]:
        """What was tallied."""
        return list(dict.fromkeys(prediction for prediction, _ in self._sums))

    def error(self, prediction: str, split: str = ALL) -> float:
        """The mean squared error over the steps of a split; not a number if there are none."""
        steps = self.steps(split)
        return self._sums[prediction, split] / steps if steps and self.has(prediction) else _NONE

    def ratio(self, prediction: str, over: str = REPEATING, split: str = ALL) -> float:
        """The error of a prediction over that of another; not a number where that has none."""
        other = self.error(over, split)
        return self.error(prediction, split) / other if other > 0 else _NONE

    def steps(self, split: str = ALL) -> float:
        """How many steps of streams there were."""
        return self._steps.get(split, 0.0)

    def held_out(self) -> HeldOut:
        """The brain's error and that of repeating."""
        return HeldOut(self.error(BRAIN), self.error(REPEATING))

    def has(self, prediction: str) -> bool:
        """Whether it was tallied."""
        return prediction in self.predictions


_NONE = float("nan")


def steps_of(splits: Mapping[str, Tensor], valid: Tensor) -> dict[str, Tensor]:
    """Splits [time, batch] with `ALL` before them, each without the steps that are not valid."""
    return {ALL: valid} | {name: steps & valid for name, steps in splits.items()}


def names(tallies: Iterable[Tally]) -> list[str]:
    """What was tallied of any of them, in order."""
    return list(dict.fromkeys(name for tally in tallies for name in tally.predictions))
