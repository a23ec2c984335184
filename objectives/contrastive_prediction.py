"""Contrastive predictive coding of the drive: which of many drives is the one that came?

    z(t)     = E u(t),    c(t) = h(t)
    loss(t)  = mean_k - log [ exp( z(t)^T P_k c(t-k) ) / sum_n exp( z_n^T P_k c(t-k) ) ]

van den Oord et al. (2018), arXiv:1807.03748, eq. 3 and 4, in one area: an encoder of what comes in
and a recurrent context that predicts it. `InfoNCE` uses the rates as both, as Greedy InfoMax and
CLAPP do in layers without memory; there a recurrent area can reach a low loss by holding some rates
of its own in each stream, which carry no information about the drive. Here it cannot, as the drive
comes from outside. Candidates z_n are those of `InfoNCE`: other streams and other times.
"""

from functools import partial

import torch
from torch import Tensor, nn

from objectives.info_nce import info_nce
from objectives.objective import Activity, Objective, mean_over_valid
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.pairs import at_later_step, check_horizons, earlier, later, unbroken
from objectives.parts.readout import Readout, readouts
from objectives.parts.shapes import SampleLoss


class ContrastivePrediction(Objective):
    """Negative log probability of the drive that came, among all of the window, over horizons.

    Args:
        horizons: how many steps ahead, each >= 1 and shorter than the windows.
        features: size of the vectors that are compared.
        feedback: through which weights their errors come back to the area (see `Readout`).

    Raises:
        ValueError: if a horizon is not in the future, or there are no features.
    """

    couples_batch = True
    fewest_streams = 2

    def __init__(
        self, horizons: list[int], features: int = 32, feedback: BackwardWeights | None = None
    ):
        super().__init__()
        check_horizons(horizons)
        if features < 1:
            raise ValueError(f"features: need 1 or more, got {features}")
        self.horizons, self.features = list(horizons), features
        self.reach = max(horizons)
        self._readouts = partial(readouts, len(horizons), feedback=feedback)
        self.encoder: nn.Module = nn.Identity()
        self.readouts = nn.ModuleList()

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.encoder = Readout(drive, (self.features,))
        self.readouts = self._readouts(units, (self.features,))

    def forward(self, activity: Activity) -> SampleLoss:
        total = activity.rate.new_zeros(activity.valid.shape)
        for k, guess, code in self._pairs(activity):
            joined = unbroken(activity.valid, k)
            loss = info_nce(guess.flatten(0, 1), code.flatten(0, 1), joined.flatten())
            total = total + at_later_step(loss.view(joined.shape), activity.valid, k)
        return total / len(self.horizons)

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """accuracy: how often the right drive is the likeliest, at the nearest horizon."""
        k, guess, code = min(self._pairs(activity), key=lambda pair: pair[0])
        joined = unbroken(activity.valid, k).flatten()
        score = guess.flatten(0, 1) @ code.flatten(0, 1).T
        score = score.masked_fill(~joined, torch.finfo(score.dtype).min)
        right = score.argmax(1) == torch.arange(len(score), device=score.device)
        return {"accuracy": mean_over_valid(right.to(score.dtype), joined)}

    def _pairs(self, activity: Activity) -> list[tuple[int, Tensor, Tensor]]:
        """By horizon: (k, P_k c(t-k), z(t)), the latter [pair, batch, feature] each."""
        code = self.encoder(activity.drive.detach())
        return [
            (k, readout(earlier(activity.rate, k)), later(code, k))
            for k, readout in zip(self.horizons, self.readouts, strict=True)
        ]
