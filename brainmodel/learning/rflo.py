"""Random feedback local online learning (RFLO), for leaky units.

    p(t)     = (1 - alpha) p(t-1) + alpha phi'(h(t)) (x) source(t)
    gradient = sum_t L(t) p(t)

It keeps the influence that a unit's own leak carries on, and drops what goes through recurrent
synapses, even W_ii of the unit itself: the Jacobian J is taken to be (1 - alpha) I. With alpha = 1
nothing is carried on and the immediate influence remains. On leaky units it is the same as e-prop.
The paper feeds its learning signal back through fixed random weights.

Source: Murray (2019), "Local online learning in recurrent networks with random feedback", eLife
8:e43299, the learning rule of the section "RFLO learning rule"; in the notation of Marschall, Cho &
Savin (2020), JMLR 21(135). Past-facing, deterministic, closed form. Time per step O(N M); memory
O(B N M) for the carried traces of a dense area, independent of the length of the stream.
"""

from areas import Area, Leaky
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.rule import Criteria


class RFLO(EProp):
    """Random feedback local online learning, in window form: e-prop's, held to leaky units.

    Args:
        carry: whether traces outlive the window; see `EProp`.

    Raises:
        ValueError: in `build`, for cells other than Leaky.
    """

    criteria = Criteria(
        "past", "p_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        if not isinstance(area.cell, Leaky):
            raise ValueError(
                f"rule RFLO: needs the cell Leaky, got {type(area.cell).__name__}; use EProp, "
                "which is RFLO for any cell"
            )
