"""The losses of a window: what each objective makes of what areas did, and what it weighs."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn

from brainmodel.wiring.wiring import Wiring
from objectives import Activity

Losses = dict[str, dict[str, Tensor]]
"""By area ("groups" for shared ones), by objective: a number."""


def require_objectives(brain: Wiring) -> None:
    """Refuse to train a brain, or to measure its losses, if nothing judges what it does.

    Raises:
        ValueError: saying what to add.
    """
    if not any(brain.weights.values()):
        raise ValueError(
            "areas: none has an objective, so there is nothing to learn for; give one of them "
            "objectives: {next: objectives.SquaredError}"
        )


def judge(brain: Wiring, activities: Mapping[str, Activity]) -> Losses:
    """Losses by area, by objective: the sum over valid steps, divided by all steps and streams.

    They are not yet weighed. Those of objectives that areas share are under "groups".
    """
    found: Losses = {}
    for name, activity in activities.items():
        own = cast(nn.ModuleDict, brain.objectives[name])
        found[name] = {k: (activity.valid * own[k](activity)).mean() for k in own}
    if len(brain.groups):
        valid = next(iter(activities.values())).valid
        shared = {k: brain.groups[k](dict(activities)) for k in brain.groups}
        found["groups"] = {k: (valid * loss).mean() for k, loss in shared.items()}
    return found


def weigh(brain: Wiring, losses: Losses) -> Losses:
    """Losses that `judge` found, each times its weight at the brain's age."""
    return {
        place: {name: _weighed(brain, place, name, loss) for name, loss in own.items()}
        for place, own in losses.items()
    }


def _weighed(brain: Wiring, place: str, name: str, loss: Tensor) -> Tensor:
    weight = brain.weights[place][name]
    if weight.schedule is None:
        return loss if weight.value == 1 else weight.value * loss
    return weight.at(brain.steps_taken) * loss
