"""Objectives of several seeds: each seed has its own, which sees what this seed did alone.

    loss = sum over seeds of the loss of a seed

So no objective has to know of seeds, and the derivatives of each seed are what they are alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from areas.seeds import AreaOfSeeds
from objectives import Activity, GroupObjective, Objective
from objectives.parts.shapes import SampleLoss

SEED = "seed {seed}: "
"""What stands before the name of a term."""


def activity_of(area: AreaOfSeeds, activity: Activity, seed: int) -> Activity:
    """What one seed of an area did, and the labels of its own stream.

    Args:
        area: of several seeds.
        activity: of all of them; labels are [time, batch, seed, ...].
        seed: its place among them.
    """
    drive = area.drive_layout
    return activity._replace(
        drive=drive.apart(activity.drive, 2)[:, :, seed],
        prediction=drive.apart(activity.prediction, 2)[:, :, seed],
        error=area.error_layout.apart(activity.error, 2)[:, :, seed],
        rate=area.layout.apart(activity.rate, 2)[:, :, seed],
        labels={name: label[:, :, seed] for name, label in activity.labels.items()},
    )


class ObjectiveOfSeeds(Objective):
    """An objective of an area of several seeds.

    Args:
        each: the objective of each seed, built.
        area: the area.
    """

    def __init__(self, each: Sequence[Objective], area: AreaOfSeeds):
        super().__init__()
        self.of = nn.ModuleList(each)
        self._area = [area]  # a list hides it: it is no part of this one
        self.reach, self.label = each[0].reach, each[0].label

    def losses(self, activity: Activity) -> list[SampleLoss]:
        """Loss [time, batch] of each seed."""
        return [objective(own) for objective, own in self._each(activity)]

    def forward(self, activity: Activity) -> SampleLoss:
        """See `Objective.forward`; the sum over seeds."""
        return torch.stack(self.losses(activity)).sum(0)

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """See `Objective.terms`; of each seed, whose place stands before the name."""
        return _named([objective.terms(own) for objective, own in self._each(activity)])

    def sums(self, activity: Activity) -> dict[str, Tensor]:
        """See `Objective.sums`; likewise."""
        return _named([objective.sums(own) for objective, own in self._each(activity)])

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `Objective.told`; likewise."""
        pairs = zip(self.of, _unnamed(sums, len(self.of)), strict=True)
        return _named([cast(Objective, objective).told(own) for objective, own in pairs])

    def after_step(self) -> None:
        """See `Objective.after_step`."""
        for objective in self.of:
            cast(Objective, objective).after_step()

    def _each(self, activity: Activity) -> Iterator[tuple[Objective, Activity]]:
        """The objective of each seed, and what the seed did."""
        (area,) = self._area
        for seed, objective in enumerate(self.of):
            yield cast(Objective, objective), activity_of(area, activity, seed)


class GroupObjectiveOfSeeds(GroupObjective):
    """An objective that areas of several seeds share.

    Args:
        each: the objective of each seed, built.
        areas: all areas of the brain, by name.
    """

    def __init__(self, each: Sequence[GroupObjective], areas: Mapping[str, AreaOfSeeds]):
        super().__init__(each[0].areas)
        self.of = nn.ModuleList(each)
        self._areas = [areas]
        self.reach, self.label = each[0].reach, each[0].label

    def losses(self, activities: dict[str, Activity]) -> list[SampleLoss]:
        """Loss [time, batch] of each seed."""
        return [objective(own) for objective, own in self._each(activities)]

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        """See `GroupObjective.forward`; the sum over seeds."""
        return torch.stack(self.losses(activities)).sum(0)

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """See `ObjectiveOfSeeds.terms`."""
        return _named([objective.terms(own) for objective, own in self._each(activities)])

    def sums(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """See `ObjectiveOfSeeds.sums`."""
        return _named([objective.sums(own) for objective, own in self._each(activities)])

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `ObjectiveOfSeeds.told`."""
        pairs = zip(self.of, _unnamed(sums, len(self.of)), strict=True)
        return _named([cast(GroupObjective, objective).told(own) for objective, own in pairs])

    def after_step(self) -> None:
        """See `GroupObjective.after_step`."""
        for objective in self.of:
            cast(GroupObjective, objective).after_step()

    def _each(
        self, activities: dict[str, Activity]
    ) -> Iterator[tuple[GroupObjective, dict[str, Activity]]]:
        """The objective of each seed, and what the seed did."""
        (areas,) = self._areas
        for seed, objective in enumerate(self.of):
            own = {n: activity_of(areas[n], activity, seed) for n, activity in activities.items()}
            yield cast(GroupObjective, objective), own


def _named(each: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """By name, with the place of the seed before it."""
    return {
        SEED.format(seed=seed) + name: value
        for seed, own in enumerate(each)
        for name, value in own.items()
    }


def _unnamed(named: Mapping[str, Tensor], seeds: int) -> list[dict[str, Tensor]]:
    """Back from `_named`."""
    heads = [SEED.format(seed=seed) for seed in range(seeds)]
    return [
        {n.removeprefix(head): value for n, value in named.items() if n.startswith(head)}
        for head in heads
    ]
