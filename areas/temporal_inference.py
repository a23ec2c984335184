"""Units that find the causes of a frame while it is held, from what they were at the frame before.

    z(t) = z(t-1) + alpha [ -( z(t-1) - m(t) ) + p g(t) ]
    m(t) = A z_held(t-1) + messages + b          prior: what the dynamics say that z is now
    g(t) = C' e(t)                               evidence: errors of the prediction of the drive
    z_held(t) = z(t) at the last step of a frame, else z_held(t-1)

The prediction of the drive is C z(t-1), its error e, as in any area; with weights of the error
synapses that are those of the predictor, transposed (`areas.Tied`), z descends

    1/2 | z - m |^2 + p/2 | u - C z |^2

and comes to rest at (I + p C'C)^-1 (m + p C'u), the most likely causes of the frame where those of
the frame before are taken for sure. Recurrent synapses carry z_held, so that the prior stays while
a frame is held. A counter of steps, which begins with the stream, knows when its last is.

Source: Millidge, Tang, Osanlouy, Harper & Bogacz (2024), "Predictive coding networks for temporal
prediction", PLOS Computational Biology 20:e1011183, the linear model; p is the precision of what is
seen over that of the dynamics. Learning: `brainmodel.learning.TemporalPredictiveCoding`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from areas.cell import Cell
from areas.shapes import Anything, PerUnit


class InferenceState(NamedTuple):
    """State of units that infer causes."""

    rate: PerUnit  # z(t)
    held: PerUnit  # z_held(t)
    phase: PerUnit  # steps since the frame came, 0 after its last


class TemporalInference(Cell):
    """Linear units that settle between a prior of their own dynamics and the evidence of errors.

    Recurrent synapses and messages end on the prior, drive and error on the evidence.

    Args:
        steps: for which each frame is held, 1 or more; `data.hold`.
        alpha: of the descent, above 0; too large a one does not settle.
        precision: p, above 0.

    Raises:
        ValueError: for a number out of its range.
    """

    currents = ("prior", "evidence")
    afferent = ("evidence",)
    recurrent = ("prior",)
    carried = ("rate", "held", "phase")
    emitted = "held"
    state = InferenceState

    def __init__(self, steps: int = 8, alpha: float = 0.1, precision: float = 1.0):
        if steps < 1:
            raise ValueError(f"steps: need 1 or more for which a frame is held, got {steps}")
        for name, value in {"alpha": alpha, "precision": precision}.items():
            if not 0 < value < float("inf"):
                raise ValueError(f"{name}: need a number above 0, got {value}")
        self.steps, self.alpha, self.precision = steps, alpha, precision
        self.settling = steps

    def reach(self, source: str) -> slice:
        """See `Cell.reach`."""
        return slice(1, 2) if source in ("drive", "error") else slice(0, 1)

    def step(self, currents: Sequence[PerUnit], state: InferenceState) -> InferenceState:
        """One step; see `Cell.step`."""
        rate = descend(currents[0], self.precision * currents[1], state.rate, self.alpha)
        step = state.phase + 1.0
        last = step > self.steps - 0.5
        held = torch.where(last, rate, state.held)
        return InferenceState(rate, held, torch.where(last, 0.0, step))


def descend(prior: Anything, evidence: Anything, rate: Anything, alpha: float) -> Anything:
    """z(t) from m(t), p g(t) and z(t-1)."""
    return rate + alpha * (prior - rate + evidence)
