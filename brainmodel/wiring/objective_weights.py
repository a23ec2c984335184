"""Objectives of a plan: their weights, and whether they fit the area's predictor."""

from collections.abc import Iterable, Mapping

import torch

from areas import Predictor
from brainmodel.errors import named
from brainmodel.schedules import Weight
from objectives import Objective


def weights(
    given: Mapping[str, float | Weight], objectives: Iterable[str], field: str = "weights"
) -> dict[str, Weight]:
    """A weight for each objective; 1 where none is given.

    Args:
        given: by name of the objective.
        objectives: names of those there are.
        field: what the option is called.

    Raises:
        ValueError: for a negative weight, or one of an objective that does not exist.
    """
    known = list(objectives)
    found = {name: Weight() for name in known}
    for name, weight in given.items():
        with named(f"{field}.{name}"):
            if name not in known:
                there = ", ".join(known) or "none"
                raise ValueError(f"there is no objective {name!r}; there are {there}")
            found[name] = weight if isinstance(weight, Weight) else Weight(weight)
    return found


def require_means(objective: Objective, predictor: Predictor | None) -> None:
    """Refuse an objective that needs predictions of a certain range if the predictor makes others.

    Raises:
        ValueError: naming an activation that fits.
    """
    low, high = objective.predictions
    if (low, high) == (float("-inf"), float("inf")):
        return
    kind = type(objective).__name__
    if predictor is None:
        raise ValueError(f"{kind}: needs an area with a predictor")
    made = predictor.activate(torch.linspace(-6.0, 6.0, 49))
    if not (float(made.min()) > low and float(made.max()) < high):
        fits = "torch.nn.functional.sigmoid" if high == 1 else "torch.nn.functional.softplus"
        raise ValueError(
            f"{kind}: reads the prediction as a mean between {low:g} and {high:g}, but the "
            f"predictor's activation makes {float(made.min()):.3g} to {float(made.max()):.3g}; set "
            f"predictor.activation: {fits}"
        )
