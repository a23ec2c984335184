"""The transposed weights: exact, and nobody knows how a brain would have them.

B = W^T
"""

from typing import TYPE_CHECKING

from areas import Synapses
from brainmodel.learning.way_back.way_back import WayBack, own

if TYPE_CHECKING:
    from brainmodel.wiring import Wiring


class Transposed(WayBack):
    """Back through the forward weights."""

    def through(self, brain: "Wiring", area: str, key: str) -> Synapses:
        """See `WayBack.through`."""
        return own(brain.area(area), key)
