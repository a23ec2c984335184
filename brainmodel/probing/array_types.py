"""Arrays by what they hold, for signatures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Numbers of any floating type."""

Whole = NDArray[np.integer[Any]]
"""Whole numbers: places, groups, folds, orders."""
