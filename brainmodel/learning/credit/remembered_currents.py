"""Which currents a unit's state can remember: where a trace of synapses need not be kept at all.

The output gate of an LSTM is read and forgotten: its synapses leave nothing in the memory, and a
quarter of the traces would be zeros for ever. Which currents reach which fields, in one step or in
several, is read once from the derivatives of the cell's step: where there is no way, there is none.
"""

from functools import lru_cache

import torch

from areas import Area
from areas.loops.dynamics import Dynamics


def remembered(area: Area, source: str, fields: tuple[str, ...]) -> slice:
    """Where the synapses of a source end that any of some state fields can remember.

    Args:
        area: the area.
        source: of the synapses, `BIAS` among them.
        fields: of the state; they and all carried fields that reach them count.

    Returns:
        their place along the current dimension [current * unit].
    """
    kept = _currents(area.dynamics, fields)
    units, reached = area.units[0], area.reached(source)
    first = max(kept.start * units, reached.start)
    return slice(first, max(first, min(kept.stop * units, reached.stop)))


@lru_cache(maxsize=256)
def _currents(dynamics: Dynamics, fields: tuple[str, ...]) -> range:
    """From the first to the last of the currents that reach any of the fields."""
    cell = dynamics.cell
    with torch.inference_mode(mode=False):
        unit = torch.zeros(1, 1, 1)
        slopes = dynamics.slopes(
            torch.zeros(1, 1, len(cell.currents)), [unit for _ in cell.carried]
        )
    ways = {
        name: [slope is not None for slope in row]
        for name, row in zip(dynamics.outputs, slopes, strict=True)
    }
    reached: set[str] = set()
    new = set(fields)
    while new:
        reached |= new
        back = [ways[name][len(cell.currents) :] for name in new]
        new = {c for row in back for c, way in zip(cell.carried, row, strict=True) if way} - reached
    places = [k for k in range(len(cell.currents)) if any(ways[name][k] for name in reached)]
    return range(min(places), max(places) + 1) if places else range(0)
