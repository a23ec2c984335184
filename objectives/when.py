"""An objective at some steps only, such as those at which a task asks for an answer.

    loss(t) = loss_of(t)  where label(t),  and 0 elsewhere

A step that does not count leaves no mark: no loss, no gradient, and no part in what is logged, such
as an accuracy. As ever, the loss of a window is its sum over steps and streams divided by ALL of
them (see `objective.py`), so that windows and processes add up whatever their share of steps that
count: where one step in ten counts, the loss is a tenth of its mean over those, and `weights` of
the area can make up for it. What is logged are means over the steps that count.

Where an objective joins steps, such as a change from one to the next, all of them have to count:
each stretch of steps that count is like a stream of its own.
"""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor

from objectives.objective import Activity, GroupObjective, Objective
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import target


class When(Objective):
    """Another objective, at those steps alone at which a label of the data is true.

    Args:
        label: name of the label that says so, [time, batch] bool.
        of: the objective.

    Raises:
        ValueError: if that one is of several areas, or compares streams with each other; while
            learning, if there is no such label.
    """

    def __init__(self, label: str, of: Objective | GroupObjective):
        super().__init__()
        name = type(of).__name__
        if isinstance(of, GroupObjective):
            raise ValueError(
                f"of: {name} is shared by areas, and When is of one; give an objective of one area"
            )
        if of.couples_batch or of.pairs_streams:
            raise ValueError(
                f"of: {name} compares streams, of which some may count at a step and others not; "
                "give an objective of single streams"
            )
        self.label, self.of, self.reach = label, of, of.reach
        self.stops_gradient, self.draws = of.stops_gradient, of.draws  # type: ignore[misc]
        self.reads_out = of.reads_out
        self.fewest_streams, self.predictions = of.fewest_streams, of.predictions  # type: ignore[misc]

    def read_out(self, rate: Tensor) -> Tensor:
        """That of the objective."""
        return self.of.read_out(rate)

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        if whole != (0, 1) or shape:
            raise ValueError(
                f"label: {self.label!r} does not say true or false at each step; give one that does"
            )

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.of.build(drive, units)

    def forward(self, activity: Activity) -> SampleLoss:
        narrowed = self._narrowed(activity)
        loss = self.of(narrowed)
        return torch.where(narrowed.valid, loss, torch.zeros_like(loss))

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """Those of the objective, over the steps that count."""
        return self.of.terms(self._narrowed(activity))

    def sums(self, activity: Activity) -> dict[str, Tensor]:
        """Those of the objective, over the steps that count."""
        return self.of.sums(self._narrowed(activity))

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As the objective tells them."""
        return self.of.told(sums)

    def after_step(self) -> None:
        self.of.after_step()

    def _narrowed(self, activity: Activity) -> Activity:
        """The activity, in which steps that do not count are not valid."""
        told = target(activity, self.label).bool()
        valid = cast(Tensor, activity.valid & told)
        if self.reach:  # a step joins those before it: the first of a stretch has none
            valid = valid & torch.cat([torch.zeros_like(told[:1]), told[:-1]])
        return activity._replace(valid=valid)
