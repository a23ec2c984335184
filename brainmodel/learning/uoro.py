"""UORO, unbiased online recurrent optimization: an influence of rank one.

    M_kij ~ A_k B_ij
    A(t) = p0 J(t) A(t-1)  +  p1 nu
    B(t) = B(t-1) / p0  +  (F(t)^T nu (x) x(t)) / p1          nu_k = +-1, by chance, at every step
    p0 = sqrt( |B(t-1)| / |J A(t-1)| ),    p1 = sqrt( |F^T nu (x) x| / |nu| )
    gradient = sum_t ( L(t) . A(t) ) B(t)

Source: Tallec & Ollivier (2018), "Unbiased online recurrent optimization", arXiv:1702.05043,
algorithm 1, in the notation of Marschall, Cho & Savin (2020), JMLR 21(135). Its mean over the signs
is the gradient of RTRL; its norm is many times as large, so give it a smaller learning rate.
Past-facing, stochastic, closed form; time and memory per step and stream O(N^2 + N M).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from brainmodel.learning.credit.factored_influence import (
    FactoredInfluence,
    Factors,
    balance,
    scale_streams,
)
from brainmodel.learning.credit.jacobian import LinearSteps
from brainmodel.learning.credit.parameter_matrix import (
    places,
    sizes,
    through_jacobian,
    through_transposes,
)
from brainmodel.learning.credit.stream_noise import Noise
from brainmodel.learning.rule import Criteria


class UORO(FactoredInfluence):
    """Unbiased online recurrent optimization, for dense areas of any cell.

    Args:
        seed: of its random signs. Areas of one seed and size share their noise.

    Raises:
        ValueError: in `build`, for maps.
    """

    criteria = Criteria(
        "past", "A_k B_ij", stochastic=True, closed_form=True, time="N^2 + N M", memory="N M"
    )

    def begin(self, area: Area, noise: Noise) -> Factors:
        """See `Factored.begin`; A [batch, state], B [batch, target, source]."""
        size = sizes(area)
        batch, new = noise.stream.shape[0], area.bias.new_zeros
        return Factors(new(batch, size.state), new(batch, size.targets, size.sources), noise)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        size = sizes(area)
        return size.state + size.targets * size.sources

    def move(
        self,
        area: Area,
        linear: LinearSteps,
        t: int,
        source: Float[Tensor, "batch source"],
        factors: Factors,
    ) -> tuple[Float[Tensor, "batch state"], Float[Tensor, "batch target source"]]:
        """See `Factored.move`."""
        nu = factors.noise.signs(self.seed, sizes(area).state, source)
        old = through_jacobian(area, linear, t, factors.first)
        by_target = through_transposes(area, linear, t, nu)[1]
        new = by_target[..., None] * source[:, None] * _existing(area, source)
        keeps, adds = balance(factors.second, old), balance(new, nu)
        first = scale_streams(old, keeps) + scale_streams(nu, adds)
        return first, scale_streams(factors.second, 1 / keeps) + scale_streams(new, 1 / adds)

    def credit(
        self, state_bar: Float[Tensor, "batch state"], factors: Factors
    ) -> Float[Tensor, "target source"]:
        """See `Factored.credit`."""
        along = (state_bar * factors.first).sum(1)
        return torch.einsum("b,bij->ij", along, factors.second)


def _existing(area: Area, like: Tensor) -> Float[Tensor, "target source"]:
    """1 where a synapse or bias joins a target and a source, else 0."""
    table = like.new_zeros(sizes(area)[1:])
    for rows, columns in places(area).values():
        table[rows, columns] = table.new_ones(())  # a number that lies there, too
    return table
