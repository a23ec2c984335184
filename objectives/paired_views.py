"""Agreement of two views of one scene: the streams of a batch in pairs, as the data pair them.

Streams 2k and 2k + 1 see the same scene in two ways. The activity of one area in these two streams
stands for the activity of two areas in an objective of agreement, as in a Siamese network whose
twins share their weights (Bromley et al. (1993), Signature verification using a "Siamese" time
delay neural network, NeurIPS 6). Both streams of a pair have its loss; a stream without a partner
has none.
"""

from torch import Tensor
from torch.nn import functional as F

from objectives.objective import Activity, GroupObjective, Objective
from objectives.parts.shapes import SampleLoss


class PairedViews(Objective):
    """An objective of two areas, applied to two views that one area has.

    Args:
        of: the objective; its two area names, which differ, name the views.

    Raises:
        ValueError: if `of` is not one of two different names.
    """

    couples_batch = True
    fewest_streams = 2
    pairs_streams = True

    def __init__(self, of: GroupObjective):
        super().__init__()
        if len(of.areas) != 2 or of.areas[0] == of.areas[1]:
            raise ValueError(f"of.areas: need different names for two views, got {of.areas}")
        self.fewest_streams, self.reach = 2 * of.fewest_streams, of.reach  # type: ignore[misc]
        self.stops_gradient, self.draws = of.stops_gradient, of.draws  # type: ignore[misc]
        self.of = of

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        views = self.of.areas
        self.of.build(dict.fromkeys(views, drive), dict.fromkeys(views, units))

    def forward(self, activity: Activity) -> SampleLoss:
        loss = self.of(self.views(activity)).repeat_interleave(2, dim=1)
        alone = activity.valid.shape[1] - loss.shape[1]
        return F.pad(loss, (0, alone))

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """Those of the objective."""
        return self.of.terms(self.views(activity))

    def after_step(self) -> None:
        self.of.after_step()

    def views(self, activity: Activity) -> dict[str, Activity]:
        """The activity in streams 0, 2, ... and in streams 1, 3, ..., by name of the view."""
        pairs = activity.valid.shape[1] // 2
        both = activity.valid[:, 0 : 2 * pairs : 2] & activity.valid[:, 1 : 2 * pairs : 2]

        def view(first: int) -> Activity:
            signals = (signal[:, first : 2 * pairs : 2] for signal in activity[:4])
            labels = {n: label[:, first : 2 * pairs : 2] for n, label in activity.labels.items()}
            return Activity(*signals, valid=both, labels=labels)

        return {name: view(first) for first, name in enumerate(self.of.areas)}
