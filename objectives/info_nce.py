"""Contrastive prediction: find the later rates of this stream among those of all streams and times.

    f(c, z)  = z^T W_k c
    loss(t)  = mean_k - log [ exp f(h(t-k), h(t)) / sum_n exp f(h(t-k), h_n) ]

van den Oord et al. (2018), arXiv:1807.03748, eq. 3 and 4; one such loss per area is Greedy InfoMax,
Loewe et al. (2019), arXiv:1905.11786. The candidates h_n are the later steps of all
pairs in the window: other streams and other times. Chance level is log(number of candidates). Maps
are averaged over positions.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_space
from objectives.parts.pairs import at_later_step, check_horizons, earlier, later, unbroken
from objectives.parts.shapes import Counted, Features, SampleLoss


def info_nce(guess: Features, code: Features, candidate: Counted) -> Float[Tensor, " sample"]:
    """Negative log probability, in nats, that each guess picks its own code: [sample].

    Args:
        guess: W c, [sample, feature].
        code: z, [sample, feature]; the one in the same row is right.
        candidate: [sample] bool, which codes can be picked. The right one always can.
    """
    score = guess @ code.T
    right = torch.eye(len(score), dtype=torch.bool, device=score.device)
    score = score.masked_fill(~(candidate | right), torch.finfo(score.dtype).min)
    return score.logsumexp(1) - score.diagonal()


class InfoNCE(Objective):
    """Contrastive predictive coding within an area, averaged over horizons.

    Args:
        horizons: how many steps ahead, each >= 1 and shorter than the windows.

    Raises:
        ValueError: if a horizon is not in the future.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(self, horizons: list[int]):
        super().__init__()
        check_horizons(horizons)
        self.horizons, self.reach = list(horizons), max(horizons)
        self.bilinear = nn.ModuleList()

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        channels = units[0]
        self.bilinear = nn.ModuleList(
            nn.Linear(channels, channels, bias=False) for _ in self.horizons
        )

    def forward(self, activity: Activity) -> SampleLoss:
        code = mean_over_space(activity.rate)
        total = code.new_zeros(activity.valid.shape)
        for k, bilinear in zip(self.horizons, self.bilinear, strict=True):
            joined = unbroken(activity.valid, k)
            guess, found = bilinear(earlier(code, k)), later(code, k)
            loss = info_nce(guess.flatten(0, 1), found.flatten(0, 1), joined.flatten())
            total = total + at_later_step(loss.view(joined.shape), activity.valid, k)
        return total / len(self.horizons)
