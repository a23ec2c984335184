"""Units of predictive coding by division: their rates are multiplied by what the errors say.

    y(t) = ( floor + y(t-1) ) I(t),        I = W e + ...,    e = u / ( floor_e + u_hat )

With `comparison: areas.Divisive`, a rectified predictor u_hat = [V y]_+ and no weight below 0 an
area of these units is PC/BC-DIM: where drive and prediction agree the errors are 1, W = V' over the
sums of its rows makes I 1, and the rates stay. While a frame is held they go where the prediction
explains it best (in Kullback-Leibler divergence); each step is one iteration of that inference.

Source: Spratling (2017), "A review of predictive coding algorithms",
doi:10.1016/j.bandc.2015.11.003, eqs. of PC/BC-DIM, with epsilon_1 as `floor` here, epsilon_2 as
that of `areas.Divisive`. Nothing keeps rates at 0 or above but drives and weights that are: give
the projections `sign: excitatory`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from areas.cell import Cell
from areas.shapes import PerUnit


class DivisiveInputState(NamedTuple):
    """State of these units."""

    rate: PerUnit  # y(t)


class DivisiveInput(Cell):
    """Units whose rates are multiplied by their input.

    Args:
        floor: what is added to the rate before, > 0, so that a silent unit can begin.

    Raises:
        ValueError: if the floor is not positive.
    """

    currents = ("current",)
    carried = ("rate",)
    state = DivisiveInputState

    def __init__(self, floor: float = 1e-4):
        if not 0 < floor < float("inf"):
            raise ValueError(f"floor: need a number above 0, got {floor}")
        self.floor = floor

    def step(self, currents: Sequence[PerUnit], state: DivisiveInputState) -> DivisiveInputState:
        """One step; see `Cell.step`."""
        return DivisiveInputState((self.floor + state.rate) * currents[0])
