"""R-KF-RTRL, "reverse" KF-RTRL: the factors share the indices of the influence the other way.

    M_kij ~ A_i B_kj
    A(t) = p0 A(t-1)  +  p1 nu
    B(t) = J(t) B(t-1) / p0  +  (F(t) nu (x) x(t)) / p1        nu_i = +-1, by chance, at every step
    p0 = sqrt( |J B(t-1)| / |A(t-1)| ),    p1 = sqrt( |F nu (x) x| / |nu| )
    gradient_ij = sum_t A_i(t) sum_k L_k(t) B_kj(t)

Source: Marschall, Cho & Savin (2020), "A unified framework of online learning algorithms for
training recurrent neural networks", JMLR 21(135), section on Reverse KF-RTRL. Its mean over the
signs is the gradient of RTRL; its norm is many times as large, so give it a smaller learning rate.
Past-facing, stochastic, closed form; time per step and stream O(N^2 M), memory O(N M).
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
from brainmodel.learning.credit.parameter_matrix import explicit_matrices, sizes
from brainmodel.learning.credit.stream_noise import Noise
from brainmodel.learning.rule import Criteria


class RKFRTRL(FactoredInfluence):
    """Reverse Kronecker-factored real-time recurrent learning, for dense areas of any cell.

    Args:
        seed: of its random signs. Areas of one seed and size share their noise.

    Raises:
        ValueError: in `build`, for maps.
    """

    criteria = Criteria(
        "past", "A_i B_kj", stochastic=True, closed_form=True, time="N^2 M", memory="N M"
    )

    def begin(self, area: Area, noise: Noise) -> Factors:
        """See `Factored.begin`; A [batch, target], B [batch, state, source]."""
        size = sizes(area)
        batch, new = noise.stream.shape[0], area.bias.new_zeros
        return Factors(new(batch, size.targets), new(batch, size.state, size.sources), noise)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        size = sizes(area)
        return size.targets + size.state * size.sources

    def move(
        self,
        area: Area,
        linear: LinearSteps,
        t: int,
        source: Float[Tensor, "batch source"],
        factors: Factors,
    ) -> tuple[Float[Tensor, "batch target"], Float[Tensor, "batch state source"]]:
        """See `Factored.move`."""
        nu = factors.noise.signs(self.seed, sizes(area).targets, source)
        jacobian, influence = explicit_matrices(area, linear, t)
        old, new = jacobian @ factors.second, influence @ nu[..., None] * source[:, None]
        keeps, adds = balance(old, factors.first), balance(new, nu)
        first = scale_streams(factors.first, keeps) + scale_streams(nu, adds)
        return first, scale_streams(old, 1 / keeps) + scale_streams(new, 1 / adds)

    def credit(
        self, state_bar: Float[Tensor, "batch state"], factors: Factors
    ) -> Float[Tensor, "target source"]:
        """See `Factored.credit`."""
        by_source = torch.einsum("bk,bkj->bj", state_bar, factors.second)
        return factors.first.t() @ by_source
