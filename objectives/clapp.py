"""Contrastive, local and predictive plasticity: rates as expected of this stream, or another's?

    u(t)    = z(t)^T W c(t - k)
    loss(t) = [1 - u_same(t)]_+ + [1 + u_other(t)]_+

Illing et al. (2021), arXiv:2010.08262: the hinge loss [1 - y u]_+ with y = +1 while the eye fixates
and y = -1 after a saccade to something else. Its gradient has three factors: for the synapse from
x_j onto unit i,

    - d loss / d w_ij  =  y [u y < 1]  *  (W c)_i  *  phi'(a_i) x_j
                          broadcast       expected    local to the synapse
                          by saccades     by dendrite

Here c = z = the rates of the area, which it learns for in both roles. Maps are averaged over
positions. Unless the data have a label for saccades, another stream of the batch stands for what a
saccade would have led to, as above. Where there is such a label, it is the broadcast,

    loss(t) = [1 - y(t) u_same(t)]_+,      y(t) = -1 if there was one in t - k + 1 ... t, else 1

and each stream learns from itself alone. Saccades within one scene lead to something similar, and
if they are few, scores grow by the fixations alone: choose a high `saccade_rate` of the eye.
"""

import torch
from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_space, mean_over_valid
from objectives.parts.pairs import at_later_step, earlier, later, unbroken
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import target


def hinge(score: Tensor, sign: float) -> Tensor:
    """[1 - y u]_+ of scores u of any shape; y is 1 for the same stream, -1 for another."""
    return (1 - sign * score).relu()


class CLAPP(Objective):
    """Hinge loss of expected and later rates, of the same stream and of another one.

    Args:
        horizon: steps ahead.
        saccade: name of the label that says at which steps a saccade has brought the eye to
            something else, [time, batch] bool; unless given, other streams are used.

    Raises:
        ValueError: if the horizon is not in the future; while learning, if there is no such label.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(self, horizon: int = 1, saccade: str | None = None):
        super().__init__()
        if horizon < 1:
            raise ValueError(f"horizon: need >= 1 steps into the future, got {horizon}")
        self.horizon, self.label = horizon, saccade
        self.reach = horizon
        if saccade is not None:
            self.couples_batch, self.fewest_streams = False, 1  # type: ignore[misc]
        self.expectation: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        if whole != (0, 1) or shape:
            raise ValueError(f"saccade: need a label that is true or false, got {self.label!r}")

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.expectation = nn.Linear(units[0], units[0], bias=False)

    def forward(self, activity: Activity) -> SampleLoss:
        code = mean_over_space(activity.rate)
        expected = self.expectation(earlier(code, self.horizon))
        coming = later(code, self.horizon)
        same = (expected * coming).sum(2)
        if self.label is None:
            other = (expected * coming.roll(1, 1)).sum(2)
            loss = hinge(same, 1) + hinge(other, -1)
        else:
            fixating = unbroken(~target(activity, self.label).bool(), self.horizon)
            loss = torch.where(fixating, hinge(same, 1), hinge(same, -1))
        return at_later_step(loss, activity.valid, self.horizon)

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """same, other: mean scores u; equal where the streams cannot be distinguished."""
        code = mean_over_space(activity.rate)
        expected = self.expectation(earlier(code, self.horizon))
        coming, joined = later(code, self.horizon), unbroken(activity.valid, self.horizon)
        return {
            "same": mean_over_valid((expected * coming).sum(2), joined),
            "other": mean_over_valid((expected * coming.roll(1, 1)).sum(2), joined),
        }
