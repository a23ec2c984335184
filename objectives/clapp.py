"""Contrastive, local and predictive plasticity: is this what I expected, or another stream?

    u(t)    = z(t)^T W c(t - k)
    loss(t) = [1 - u_same(t)]_+ + [1 + u_other(t)]_+

Illing et al. (2021), arXiv:2010.08262: the hinge loss [1 - y u]_+ with y = +1 while the eye fixates
and y = -1 after a saccade to something else, here another stream of the batch. Its gradient has
three factors: for the synapse from x_j onto unit i,

    - d loss / d w_ij  =  y [u y < 1]  *  (W c)_i  *  phi'(a_i) x_j
                          broadcast       expected    local to the synapse
                          by saccades     by dendrite

Here c = z = the rates of the area, which it learns for in both roles. Maps are averaged over
positions.
"""

from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_space
from objectives.pairs import at_later_step, earlier, later


def hinge(score: Tensor, sign: float) -> Tensor:
    """[1 - y u]_+ of scores u of any shape; y is 1 for the same stream, -1 for another."""
    return (1 - sign * score).relu()


class CLAPP(Objective):
    """Hinge loss between the expected and the coming rates, of the own and of another stream.

    Args:
        horizon: steps ahead.

    Raises:
        ValueError: if the horizon is not in the future.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(self, horizon: int = 1):
        super().__init__()
        if horizon < 1:
            raise ValueError(f"horizon: need >= 1 steps into the future, got {horizon}")
        self.horizon = horizon
        self.expectation: nn.Module = nn.Identity()

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.expectation = nn.Linear(units[0], units[0], bias=False)

    def forward(self, activity: Activity) -> Tensor:
        code = mean_over_space(activity.rate)
        expected = self.expectation(earlier(code, self.horizon))
        coming = later(code, self.horizon)
        same = (expected * coming).sum(2)
        other = (expected * coming.roll(1, 1)).sum(2)
        loss = hinge(same, 1) + hinge(other, -1)
        return at_later_step(loss, activity.valid, self.horizon)
