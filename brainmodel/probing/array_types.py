"""Arrays by what they hold, for signatures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


Whole = NDArray[np.integer[Any]]
