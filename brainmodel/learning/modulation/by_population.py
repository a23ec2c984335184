"""Modulators by population: each population of an area has receptors of its own.

M_i(t) = M_population(i)(t)

`CellTypes` does the same for shares of units of one cell; here the area's `areas.Populations` says
whose units are whose. The predictor, which belongs to no population, is modulated by the mean.
"""

from areas import Area
from brainmodel.learning.modulation.cell_types import CellTypes
from brainmodel.learning.modulation.modulator import Modulator


class ByPopulation(CellTypes):
    """Modulators by population.

    Args:
        of: by the names of the area's populations; each needs one.

    Raises:
        ValueError: if a modulator itself tells units apart; in `build`, if the names are not those
            of the area's populations.
    """

    def __init__(self, of: dict[str, Modulator]):
        Modulator.__init__(self)
        self._hold(of, "of")

    def _deal(self, area: Area) -> list[int]:
        """See `CellTypes`."""
        places = area.cell.places(area.units[0])
        if set(places) != set(self.modulators):
            there = ", ".join(places) or "none; cell: areas.Populations has some"
            given = ", ".join(self.modulators) or "none"
            raise ValueError(f"of: need one for each population, got {given}; there are {there}")
        for name in places:  # in the order in which their units lie
            self.modulators[name] = self.modulators.pop(name)
        return [at.stop - at.start for at in places.values()]
