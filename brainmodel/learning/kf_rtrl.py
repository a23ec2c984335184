"""KF-RTRL: real-time recurrent learning with a Kronecker-factored influence.

    M_kij ~ A_j B_ki
    A(t) = p0 A(t-1)  +  nu p1 x(t)
    B(t) = J(t) B(t-1) / p0  +  nu F(t) / p1                    nu = +-1, by chance, at every step
    p0 = sqrt( |J B(t-1)| / |A(t-1)| ),    p1 = sqrt( |F| / |x| )
    gradient_ij = sum_t ( sum_k L_k(t) B_ki(t) ) A_j(t)

Source: Mujika, Meier & Steger (2018), "Approximating real-time recurrent learning with random
Kronecker factors", NeurIPS, arXiv:1805.10842, in the notation of Marschall, Cho & Savin (2020),
JMLR 21(135). Of the two signs the paper draws only the product matters, so one is drawn. Its mean
over the signs is the gradient of RTRL. Past-facing, stochastic, closed form; time per step and
stream O(N^3), memory O(N^2 + M).
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


class KFRTRL(FactoredInfluence):
    """Kronecker-factored real-time recurrent learning, for dense areas of any cell.

    Args:
        seed: of its random signs. Areas of one seed share their noise.

    Raises:
        ValueError: in `build`, for maps.
    """

    criteria = Criteria(
        "past", "A_j B_ki", stochastic=True, closed_form=True, time="N^3", memory="N^2 + M"
    )

    def begin(self, area: Area, noise: Noise) -> Factors:
        """See `Factored.begin`; A [batch, source], B [batch, state, target]."""
        size = sizes(area)
        batch, new = noise.stream.shape[0], area.bias.new_zeros
        return Factors(new(batch, size.sources), new(batch, size.state, size.targets), noise)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        size = sizes(area)
        return size.sources + size.state * size.targets

    def move(
        self,
        area: Area,
        linear: LinearSteps,
        t: int,
        source: Float[Tensor, "batch source"],
        factors: Factors,
    ) -> tuple[Float[Tensor, "batch source"], Float[Tensor, "batch state target"]]:
        """See `Factored.move`."""
        nu = factors.noise.signs(self.seed, 1, source)[:, 0]
        jacobian, new = explicit_matrices(area, linear, t)
        old = jacobian @ factors.second
        keeps, adds = balance(old, factors.first), balance(new, source)
        first = scale_streams(factors.first, keeps) + scale_streams(source, nu * adds)
        return first, scale_streams(old, 1 / keeps) + scale_streams(new, nu / adds)

    def credit(
        self, state_bar: Float[Tensor, "batch state"], factors: Factors
    ) -> Float[Tensor, "target source"]:
        """See `Factored.credit`."""
        by_target = torch.einsum("bk,bki->bi", state_bar, factors.second)
        return by_target.t() @ factors.first
