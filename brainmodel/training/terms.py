"""The terms of objectives: named numbers beside their loss, to be logged."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import nn

from brainmodel.brain import Brain
from objectives import Activity


def objective_terms(brain: Brain, activities: Mapping[str, Activity]) -> dict[str, float]:
    """Terms of all objectives, by "AREA.OBJECTIVE.TERM"; those of shared ones under "groups".

    Args:
        brain: the brain.
        activities: of its areas over a window.
    """
    found: dict[str, float] = {}
    with torch.no_grad():
        for area, activity in activities.items():
            for name, objective in cast(nn.ModuleDict, brain.objectives[area]).items():
                values = objective.terms(activity)  # type: ignore[operator]
                found |= {f"{area}.{name}.{k}": float(v) for k, v in values.items()}
        for name, group in brain.groups.items():
            values = group.terms(dict(activities))  # type: ignore[operator]
            found |= {f"groups.{name}.{k}": float(v) for k, v in values.items()}
    return found
