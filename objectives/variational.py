"""A recurrent variational autoencoder between two areas: one encodes, a feedback pathway decodes.

    posterior  q(z(t)) = N( mu(t), s(t)^2 ),      from the rates of the upper area, h(t)
    prior      p(z(t)) = N( mu0(t), s0(t)^2 ),    from h(t-1): the expected code
    decoder    u(t) ~ N( u_hat(t) + F z(t), 1 / precision ),   u_hat the lower area's own prediction
    loss(t) = [ - log p(u(t) | z(t)) + beta KL( q | p ) ] / n,    z(t) = mu(t) + s(t) e, e ~ N(0, 1)

for the n units of the lower area's drive. Chung et al. (2015), arXiv:1506.02216, whose generation,
inference and prior these are, with two areas for their one recurrence: the lower's is in u_hat, the
upper's in posterior and prior. What the upper area adds through F is what the lower one did not
predict. Kingma & Welling (2014), arXiv:1312.6114, for the sampling.
"""

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor, nn

from objectives.gaussian import gaussian
from objectives.objective import Activity, GroupObjective, mean_over_valid
from objectives.parts.pairs import at_later_step, earlier, later, unbroken
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss


def gaussian_divergence(
    mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor
) -> Tensor:
    """KL(q | p) of independent Gaussians, in nats per dimension, of the shape of the arguments.

    1/2 [ (s^2 + (m - m0)^2) / s0^2 - 1 - log( s^2 / s0^2 ) ]
    """
    ratio = log_variance - other_log_variance
    shift = (mean - other_mean).square() * (-other_log_variance).exp()
    return 0.5 * (ratio.exp() + shift - 1 - ratio)


class Variational(GroupObjective):
    """The negative evidence lower bound of the lower area's drive, per unit of it.

    Args:
        areas: the lower one, whose drive is explained, and the upper one, which encodes.
        latents: size of the code, at each position if the upper area is a map.
        beta: weight of the divergence.
        kernel: odd width of the decoder's receptive fields between maps, in pixels.

    Raises:
        ValueError: if there are not two areas, or latents or beta are out of range.
    """

    draws = True

    reach = 1

    def __init__(self, areas: list[str], latents: int = 8, beta: float = 1.0, kernel: int = 3):
        super().__init__(areas)
        if len(areas) != 2 or areas[0] == areas[1]:
            raise ValueError(f"areas: need a lower one and an upper one, got {areas}")
        if latents < 1 or not beta >= 0:
            raise ValueError(f"latents, beta: need >= 1 and >= 0, got {latents} and {beta}")
        self.latents, self.beta, self.kernel = latents, beta, kernel
        self.posterior: nn.Module = nn.Identity()
        self.prior: nn.Module = nn.Identity()
        self.decoder: nn.Module = nn.Identity()
        self.log_precision = nn.Parameter(torch.zeros(1))

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        lower, upper = self.areas
        positions = units[upper][1:]
        self.posterior = Readout(units[upper], (2 * self.latents, *positions), kernel=1)
        self.prior = Readout(units[upper], (2 * self.latents, *positions), kernel=1)
        self.decoder = Readout((self.latents, *positions), drive[lower], self.kernel)
        self.log_precision = nn.Parameter(self.log_precision.new_zeros(drive[lower][0]))

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        missed, divergence = self._parts(activities)
        loss = missed + self.beta * divergence
        return at_later_step(loss, activities[self.areas[0]].valid, 1)

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """surprise, the negative log likelihood of the drive given the code, and divergence of the
        code from its prior (0 where it has collapsed onto it), in nats per unit of the drive."""
        counted = unbroken(activities[self.areas[0]].valid, 1)
        missed, divergence = (mean_over_valid(x, counted) for x in self._parts(activities))
        return {"surprise": missed, "divergence": divergence}

    def _parts(self, activities: dict[str, Activity]) -> tuple[Tensor, Tensor]:
        lower, upper = (activities[area] for area in self.areas)
        mean, log_variance = self.posterior(later(upper.rate, 1)).chunk(2, dim=2)
        expected = self.prior(earlier(upper.rate, 1)).chunk(2, dim=2)
        code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        prediction = later(lower.prediction, 1) + self.decoder(code)
        missed = gaussian(later(lower.drive, 1), prediction, self.log_precision)
        divergence = gaussian_divergence(mean, log_variance, *expected)
        return missed, divergence.flatten(2).sum(2) / prod(lower.drive.shape[2:])
