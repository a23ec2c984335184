"""What is told of objectives: their terms, to be logged, and which of them see one process only."""

from collections.abc import Mapping
from typing import cast

from brainmodel.brain import Brain
from objectives import Activity, GroupObjective, Objective


def objectives_of(brain: Brain) -> dict[str, Objective | GroupObjective]:
    """All objectives, by "AREA.OBJECTIVE"; shared ones by "groups.OBJECTIVE"."""
    places = {area: brain.objectives[area] for area in brain.areas} | {"groups": brain.groups}
    return {
        f"{place}.{name}": cast(Objective | GroupObjective, objective)
        for place, held in places.items()
        for name, objective in held.named_children()
    }


def seen_by(place: str, activities: Mapping[str, Activity]) -> Activity | dict[str, Activity]:
    """What the objective of that place sees: its own area, or all."""
    area = place.partition(".")[0]
    return dict(activities) if area == "groups" else activities[area]


def labels_of(brain: Brain) -> dict[str, list[str]]:
    """Names of the labels that each objective reads, by "AREA.OBJECTIVE"; an empty list if none."""
    return {
        place: [
            label
            for part in objective.modules()
            if isinstance(label := getattr(part, "label", None), str)
        ]
        for place, objective in objectives_of(brain).items()
    }


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
