"""Ways back over a pathway: the weights through which a learning signal returns, one file each."""

from brainmodel.scopes.way_back.fixed_random import FixedRandom as FixedRandom
from brainmodel.scopes.way_back.kolen_pollack import KolenPollack as KolenPollack
from brainmodel.scopes.way_back.transposed import Transposed as Transposed
from brainmodel.scopes.way_back.way_back import WayBack as WayBack
from brainmodel.scopes.way_back.way_back import from_areas as from_areas
