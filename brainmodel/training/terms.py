"""What is told of objectives: their terms, to be logged, and which of them see one process only."""

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


def parted(brain: Brain, processes: int) -> list[str]:
    """A sentence for each objective that compares streams, where processes have streams apart.

    Args:
        brain: the brain.
        processes: of the run.
    """
    if processes == 1:
        return []
    places = {f"model.areas.{area}.objectives": brain.objectives[area] for area in brain.areas}
    return [
        f"{place}.{name}: {type(objective).__name__} compares the streams of a batch, and each of "
        f"the {processes} processes those of its own: what is learnt is not that of one process."
        for place, held in (places | {"model.groups": brain.groups}).items()
        for name, objective in held.named_children()
        if any(getattr(part, "couples_batch", False) for part in objective.modules())
    ]
