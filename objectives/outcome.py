"""What comes of acting: an environment says how far off it is, and its derivative teaches.

    loss(t) = label(t) + effort mean_i u_i(t)^2,      u(t) = W h(t) + c

u, a read-out of the rates, is what the area does to the environment, over a pathway that names this
objective as its `read_out`. The label is of an environment that has derivatives. Scope Global goes
back through the environment and the whole window, as backpropagation through a plant does (Werbos
(1990), doi:10.1109/5.58337, cited from memory); scope Local one step (see
`brainmodel.scopes.environment_crossing`).
"""

from functools import partial

from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_valid
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import target


class Outcome(Objective):
    """Make small what an environment says of what was done.

    Args:
        label: name of the label of the environment, one number [time, batch].
        size: how many numbers the environment hears.
        effort: what it costs to do anything, 0 or more.
        feedback: through which weights what is said comes back to the area (see `Readout`).

    Raises:
        ValueError: if the size is below 1 or the effort below 0; while learning, if there is no
            such label.
    """

    def __init__(
        self,
        label: str,
        size: int,
        effort: float = 1e-3,
        feedback: BackwardWeights | None = None,
    ):
        super().__init__()
        if size < 1:
            raise ValueError(f"size: need 1 or more, got {size}")
        if not effort >= 0:
            raise ValueError(f"effort: need 0 or more, got {effort}")
        self.label, self.reads_out, self.effort = label, size, effort
        self._readout = partial(Readout, feedback=feedback)
        self.readout: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        if whole is not None or shape:
            raise ValueError(
                f"label: {self.label!r} is no single number that can be made smaller; give another"
            )

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.readout = self._readout(units, (self.reads_out,))

    def read_out(self, rate: Tensor) -> Tensor:
        """What the area does, [batch, size], of its rates [batch, *units]."""
        return self.readout.once(rate)  # type: ignore[operator]

    def forward(self, activity: Activity) -> SampleLoss:
        told = target(activity, self.label).to(activity.rate.dtype)
        return told + self.effort * self.readout(activity.rate).square().mean(2)

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """The mean of the label, under its own name."""
        told = target(activity, self.label).to(activity.rate.dtype)
        return {str(self.label): mean_over_valid(told, activity.valid)}
