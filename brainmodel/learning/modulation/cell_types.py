"""Cell types: each type of unit has a modulator of its own, as it has receptors of its own.

M_i(t) = M_type(i)(t)

The units of an area (the channels, on maps) are dealt out to the types in their order, each type
its share. The predictor, which belongs to no type, is modulated by the mean over units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import nn

from areas import Area
from brainmodel.learning.learning_signal import Level
from brainmodel.learning.modulation.modulator import Modulator, ModulatorMemory, Moments


@dataclass
class CellType:
    """A type of unit.

    Args:
        share: of the area's units, in (0, 1].
        modulator: of these units.
    """

    share: float
    modulator: Modulator


class CellTypes(Modulator):
    """Modulators by type of unit.

    Args:
        types: by name.

    Raises:
        ValueError: if the shares do not add up to 1, or if a type's modulator is itself made of
            types; in `build`, if a type gets no unit.
    """

    by_unit = True

    def __init__(self, types: dict[str, CellType]):
        super().__init__()
        total = sum(kind.share for kind in types.values())
        if any(kind.share <= 0 for kind in types.values()) or abs(total - 1) > 1e-6:
            shares = ", ".join(f"{name} {kind.share}" for name, kind in types.items())
            raise ValueError(f"types: need shares > 0 that add up to 1, got {shares or 'none'}")
        self.shares = {name: kind.share for name, kind in types.items()}
        self._hold({name: kind.modulator for name, kind in types.items()}, "types")

    def _hold(self, modulators: Mapping[str, Modulator], option: str) -> None:
        for name, modulator in modulators.items():
            if modulator.by_unit:
                raise ValueError(f"{option}.{name}: cannot have a modulator of types; give another")
        self.modulators = nn.ModuleDict(dict(modulators))
        self.counts: list[int] = []

    def build(self, area: Area, inputs: Mapping[str, Sequence[int]]) -> None:
        """See `Modulator.build`; deals out the units."""
        self.counts = self._deal(area)
        for name in self.modulators:
            self._of(name).build(area, inputs)

    def _deal(self, area: Area) -> list[int]:
        """How many units each modulator has."""
        units = area.units[0]
        borders = [0, *(round(units * end) for end in accumulate(self.shares.values()))]
        counts = [last - first for first, last in pairwise(borders)]
        for name, count in zip(self.shares, counts, strict=True):
            if count < 1:
                raise ValueError(f"types.{name}: its share of {units} units is none; give it more")
        return counts

    def _of(self, name: str) -> Modulator:
        made = self.modulators[name]
        assert isinstance(made, Modulator)
        return made

    def level(self, moments: Moments, memory: ModulatorMemory) -> tuple[Level, ModulatorMemory]:
        """See `Modulator.level`."""
        parts, after = [], {}
        for name, count in zip(self.modulators, self.counts, strict=True):
            before = None if memory is None else memory[name]
            level, after[name] = self._of(name).level(moments, before)
            parts.append(level[..., None].expand(*level.shape, count))
        return torch.cat(parts, dim=2), after
