"""DNI, decoupled neural interfaces: synthetic gradients, bootstrapped through the Jacobian.

    g(t) = A [s(t); 1],    g(t-1) learns to be J(t)^T ( L(t) + g(t) )
    gradient = sum_t F(t)^T ( L(t) + g(t) ) (x) x(t)

Source: Jaderberg et al. (2017), "Decoupled neural interfaces using synthetic gradients",
arXiv:1608.05343, in the online form of Marschall, Cho & Savin (2020), JMLR 21(135), section on DNI
(which asks the synthesizer for L(t), too, and therefore shows it the label). See
`credit/synthetic_gradients.py`.
Future-facing, deterministic, numerical; time per step and stream O(N^2), memory O(N^2) in all.
"""

from jaxtyping import Float
from torch import Tensor

from areas import Area
from brainmodel.learning.credit.parameter_matrix import through_transposes
from brainmodel.learning.credit.synthetic_gradients import SyntheticGradients, Transitions
from brainmodel.learning.rule import Criteria


class DNI(SyntheticGradients):
    """Synthetic gradients, for dense areas of any cell.

    The rule learns a synthesizer, A, besides the area's weights. Scope `Global` does not use it:
    there the rule is backpropagation through time within the window.

    Args:
        drive: whether the synthesizer sees the drive, too. Where an area is taught by its drive
            that gives it the label, as in Marschall et al.

    Raises:
        ValueError: in `build`, for maps.
    """

    criteria = Criteria(
        "future", "A_li", stochastic=False, closed_form=False, time="N^2", memory="N^2"
    )

    def back(
        self, area: Area, transitions: Transitions, state_bar: Float[Tensor, "step state"]
    ) -> Float[Tensor, "step state"]:
        """See `SyntheticGradients.back`; the area's own Jacobian."""
        return through_transposes(area, transitions.linear, 0, state_bar)[0]
