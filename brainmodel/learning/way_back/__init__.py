"""Ways back over a pathway: the weights through which a learning signal returns, one file each."""

from brainmodel.learning.way_back.fixed_random import FixedRandom
from brainmodel.learning.way_back.kolen_pollack import KolenPollack
from brainmodel.learning.way_back.transposed import Transposed
from brainmodel.learning.way_back.way_back import WayBack, from_areas

__all__ = ["FixedRandom", "KolenPollack", "Transposed", "WayBack", "from_areas"]
