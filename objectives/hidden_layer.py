"""A hidden layer between the rates and what is read out of them: a read-out that is not linear.

    y = W2 max(0, W1 h + b1) + b2
    dloss/dh = B1 ( B2 dloss/dy  where  W1 h + b1 > 0 )

The gradient has B = W^T; with a feedback both layers have other matrices (see `Readout`). Glorot,
Bordes & Bengio (2011), AISTATS 15, on rectified units.
"""

from collections.abc import Sequence
from copy import deepcopy

from torch import nn

from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout


class HiddenLayer:
    """Rectified units between rates and a read-out.

    Args:
        units: how many; between maps so many at each position of the rates.

    Raises:
        ValueError: if there is none.
    """

    def __init__(self, units: int):
        if units < 1:
            raise ValueError(f"hidden.units: need 1 or more, got {units}")
        self.units = units

    def readouts(
        self,
        count: int,
        source: Sequence[int],
        target: Sequence[int],
        kernel: int = 3,
        feedback: BackwardWeights | None = None,
    ) -> nn.ModuleList:
        """Read-outs of the same rates, each from hidden units of its own.

        Args:
            count: how many; layers of the k-th have feedback of seeds seed + 2k and seed + 2k + 1.
            source: shape of the rates, [unit] or [channel, height, width].
            target: shape of what is read out, likewise.
            kernel: odd width of the receptive fields of both layers between maps, in pixels.
            feedback: through which weights errors come back (see `Readout`).

        Raises:
            ValueError: if a feedback has weights of another shape.
        """
        hidden = (self.units, *source[1:])
        made = nn.ModuleList()
        for k in range(count):
            first = Readout(source, hidden, kernel, _seeded(feedback, 2 * k))
            second = Readout(hidden, target, kernel, _seeded(feedback, 2 * k + 1))
            made.append(nn.Sequential(first, nn.ReLU(), second))
        return made


def _seeded(feedback: BackwardWeights | None, further: int) -> BackwardWeights | None:
    """A copy of a feedback whose seed lies so much further."""
    own = deepcopy(feedback)
    if own is not None:
        own.seed += further
    return own
