"""The transposed weights: exact, and nobody knows how a brain would have them.

B = W^T
"""

from areas import Synapses
from brainmodel.scopes.way_back.way_back import WayBack
from brainmodel.wiring.wiring import Wiring


class Transposed(WayBack):
    """Back through the forward weights."""

    def through(self, brain: Wiring, area: str, key: str) -> Synapses:
        """See `WayBack.through`."""
        return brain.area(area).all_synapses()[key]
