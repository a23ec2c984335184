"""Terms of objectives, such as accuracies, of held-out windows: of all steps that count at once."""

from collections.abc import Mapping

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.training.processes import gather
from brainmodel.training.terms import objectives_of, seen_by
from objectives import Activity
from objectives.objective import STEPS


class TermSums:
    """What the terms of a brain's objectives are made of, added up over windows and processes.

    Args:
        brain: the brain.
    """

    def __init__(self, brain: Brain) -> None:
        self._objectives = objectives_of(brain)
        self._sums: dict[str, dict[str, Tensor]] = {}  # by "AREA.OBJECTIVE"

    def see(self, activities: Mapping[str, Activity]) -> None:
        """Add a window. What terms draw leaves the global generators as they were.

        Args:
            activities: of the areas in the window, with labels.
        """
        device = next(iter(activities.values())).rate.device
        with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            for place, objective in self._objectives.items():
                self._add(place, objective.sums(seen_by(place, activities)))  # type: ignore[arg-type]

    def of_all_processes(self) -> None:
        """Add those of all other processes."""
        everywhere = gather(self._sums)
        self._sums = {}
        for sums in everywhere:
            for place, own in sums.items():
                self._add(place, own)

    def terms(self) -> dict[str, float]:
        """By "AREA.OBJECTIVE.TERM"; those of objectives of which no step counted are left out."""
        return {
            f"{place}.{name}": float(value)
            for place, sums in self._sums.items()
            if sums[STEPS]
            for name, value in self._objectives[place].told(sums).items()
        }

    def _add(self, place: str, sums: Mapping[str, Tensor]) -> None:
        held = self._sums.setdefault(place, {})
        for name, value in sums.items():
            plain = value.detach().cpu().double()
            held[name] = held[name] + plain if name in held else plain
