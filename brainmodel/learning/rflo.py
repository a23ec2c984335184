"""Random feedback local online learning (RFLO), for leaky units.

    p(t)     = (1 - alpha) p(t-1) + alpha phi'(h(t)) (x) source(t)
    gradient = sum_t L(t) p(t)

It keeps the influence that a unit's own leak carries on, and drops what goes through recurrent
synapses, even W_ii of the unit itself: the Jacobian J is taken to be (1 - alpha) I. With alpha = 1
nothing is carried on and the immediate influence remains. On leaky units it is the same as e-prop.

In the paper the learning signal comes back from the output's error through fixed random weights,
L(t) = B (y*(t) - y(t)). Here the output is the area's prediction, and B is the transposed predictor
unless a feedback is given: with `areas.RandomFeedback` it is the rule as it was published.

Source: Murray (2019), "Local online learning in recurrent networks with random feedback", eLife
8:e43299, the learning rule of the section "RFLO learning rule"; in the notation of Marschall, Cho &
Savin (2020), JMLR 21(135). Past-facing, deterministic, closed form. Time per step O(N M); memory
O(B N M) for the carried traces of a dense area, independent of the length of the stream.
"""

from copy import deepcopy
from functools import partial

from areas import Area, Feedback, Leaky, SymmetricFeedback
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.rule import Criteria


class RFLO(EProp):
    """Random feedback local online learning, in window form: e-prop's, held to leaky units.

    Args:
        carry: whether traces outlive the window; see `EProp`.
        feedback: through which weights the predictor's error comes back to the area's units, as
            fixed random ones in the paper; what the predictor itself says unless given. A copy of
            it becomes part of the predictor. A read-out of an objective has a feedback of its own.

    Raises:
        ValueError: in `build`, for cells other than Leaky; with a feedback, for areas without a
            predictor, or whose predictor has another.
    """

    criteria = Criteria(
        "past", "p_ij", stochastic=False, closed_form=True, time="N M", memory="N M"
    )
    keeps_apart = True

    def __init__(self, carry: bool = True, feedback: Feedback | None = None):
        super().__init__(carry)
        self._feedback = partial(deepcopy, feedback)

    def build(self, area: Area) -> None:
        """See `Rule.build`."""
        if not isinstance(area.cell, Leaky):
            raise ValueError(
                f"rule RFLO: needs the cell Leaky, got {type(area.cell).__name__}; use EProp, "
                "which is RFLO for any cell"
            )
        feedback = self._feedback()
        if feedback is not None:
            _return_by(area, feedback)


def _return_by(area: Area, feedback: Feedback) -> None:
    """Give the predictor of an area this feedback.

    Raises:
        ValueError: if there is no predictor, or it has another.
    """
    predictor = area.predictor
    if predictor is None:
        raise ValueError(
            "rule RFLO: feedback is that of an area's predictor, and there is none; give it to "
            "the read-out of the objective instead"
        )
    if not isinstance(predictor.feedback, SymmetricFeedback):
        raise ValueError(
            f"rule RFLO: has feedback {type(feedback).__name__}, and the predictor has "
            f"{type(predictor.feedback).__name__}; give one of the two"
        )
    try:
        predictor.return_by(feedback)
    except ValueError as error:
        raise ValueError(f"rule RFLO: {error}") from None
