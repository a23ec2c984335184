"""Areas that compete for control: a gate decides whose prediction is used.

    e_a(t)  = mean_i ( u_i(t) - u_hat_ai(t) )^2          for each of the areas a
    g(t)    = softmax_a ( w_a . h_a(t-1) + b_a )         each bids from its own rates
    loss(t) = - 1/k log sum_a g_a(t) exp( - k e_a(t) )

Jacobs, Jordan, Nowlan & Hinton (1991), doi:10.1162/neco.1991.3.1.79 (their competitive error
function), with k for how sharply errors are compared. With r_a = g_a exp(-k e_a) / sum, the share
of area a in having been right,

    d loss / d e_a = r_a                  an area learns as far as it was chosen and right
    d loss / d bid_a = ( g_a - r_a ) / k  and bids more the next time

so that each area comes to be chosen for what it predicts best, as habits and goal-directed control
are thought to (Daw, Niv & Dayan (2005), doi:10.1038/nn1560). For small k the loss is the expected
error of the choice, for large k that of the better area.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from objectives.objective import Activity, GroupObjective, mean_over_space, mean_over_valid
from objectives.parts.pairs import at_later_step, earlier, later, unbroken
from objectives.parts.shapes import SampleLoss
from objectives.squared_error import squared_error


def competition(errors: Tensor, log_gate: Tensor, sharpness: float) -> Tensor:
    """Loss [...] of errors [..., area], in their units, and the gate's logarithm [..., area]."""
    return -torch.logsumexp(log_gate - sharpness * errors, dim=-1) / sharpness


class Competition(GroupObjective):
    """Areas that predict the same drive, each learning as far as it is chosen and right.

    Args:
        areas: two or more, whose drives are alike.
        sharpness: k, in 1 / squared drive units; errors that differ by 1/k count as different.

    Raises:
        ValueError: if there is one area only, the sharpness is not positive, or in `build` for
            drives of different shapes.
    """

    reach = 1

    def __init__(self, areas: list[str], sharpness: float = 100.0):
        super().__init__(areas)
        if len(areas) < 2 or len(set(areas)) < len(areas):
            raise ValueError(f"areas: need two or more different ones, got {areas}")
        if not sharpness > 0:
            raise ValueError(f"sharpness: need > 0, in 1 / squared drive units, got {sharpness}")
        self.sharpness = sharpness
        self.bids = nn.ModuleList()

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        shapes = [list(drive[area]) for area in self.areas]
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError(f"areas: need drives of one shape, got {shapes} of {self.areas}")
        self.bids = nn.ModuleList(nn.Linear(units[area][0], 1) for area in self.areas)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        errors, log_gate = self._parts(activities)
        loss = competition(errors, log_gate, self.sharpness)
        return at_later_step(loss, activities[self.areas[0]].valid, 1)

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """chosen_AREA, how often the gate prefers it; right, how often it prefers the better."""
        errors, log_gate = self._parts(activities)
        counted = unbroken(activities[self.areas[0]].valid, 1)
        chosen = log_gate.argmax(2)
        right = chosen == errors.argmin(2)
        shares = {f"chosen_{area}": chosen == k for k, area in enumerate(self.areas)}
        return {
            name: mean_over_valid(hits.to(errors.dtype), counted)
            for name, hits in (shares | {"right": right}).items()
        }

    def _parts(self, activities: dict[str, Activity]) -> tuple[Tensor, Tensor]:
        """Errors and log gate, [pair, batch, area] each."""
        own = [activities[area] for area in self.areas]
        errors = [squared_error(later(a.drive, 1), later(a.prediction, 1)) for a in own]
        bids = [
            bid(earlier(mean_over_space(a.rate), 1)).squeeze(2)
            for bid, a in zip(self.bids, own, strict=True)
        ]
        return torch.stack(errors, 2), torch.stack(bids, 2).log_softmax(2)
