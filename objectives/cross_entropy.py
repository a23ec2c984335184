"""A task: name the class to which the present step belongs.

    loss(t) = - log softmax_c ( W h(t) + b ),      c = label(t)

At chance it is log(number of classes). The read-out learns, and so does the area.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from objectives.objective import Activity, Objective, mean_over_valid
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import require_classes, target


class CrossEntropy(Objective):
    """Negative log probability, in nats, of the class that a label of the data names.

    Args:
        label: name of the label, whole numbers [time, batch] from 0 to classes - 1.
        classes: how many there are.
        feedback: through which weights its error comes back to the area (see `Readout`).

    Raises:
        ValueError: if there are fewer than two classes; while learning, if there is no such label.
    """

    def __init__(self, label: str, classes: int, feedback: BackwardWeights | None = None):
        super().__init__()
        if classes < 2:
            raise ValueError(f"classes: need 2 or more, got {classes}")
        self.label, self.classes = label, classes
        self._readout = partial(Readout, feedback=feedback)
        self.readout: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        require_classes("classes", self.classes, self.label, whole, shape)

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.readout = self._readout(units, (self.classes,))

    def forward(self, activity: Activity) -> SampleLoss:
        logits = self.readout(activity.rate).movedim(2, 1)
        return F.cross_entropy(logits, target(activity, self.label).long(), reduction="none")

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """accuracy: how often the likeliest class is the right one."""
        right = self.readout(activity.rate).argmax(2) == target(activity, self.label)
        return {"accuracy": mean_over_valid(right.to(activity.rate.dtype), activity.valid)}
