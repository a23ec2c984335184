"""Which currents a unit's state can remember: where a trace of synapses need not be kept at all.

The output gate of an LSTM is read and forgotten: its synapses leave nothing in the memory, and a
quarter of the traces would be zeros for ever.
"""

from areas import Area
from areas.keys import BIAS


def remembered(area: Area, fields: tuple[str, ...]) -> dict[str, slice]:
    """Where the synapses of each source end that any of some state fields can remember.

    Args:
        area: the area.
        fields: of the state; they and all carried fields that reach them count.

    Returns:
        by source, `BIAS` among them, the place along the current dimension [current * unit].
    """
    places, units = set[int]().union(*(area.dynamics.reaching[n] for n in fields)), area.units[0]
    first, stop = (min(places), max(places) + 1) if places else (0, 0)
    return {
        source: _overlap(slice(first * units, stop * units), area.reached(source))
        for source in (*area.synapses, BIAS)
    }


def _overlap(one: slice, other: slice) -> slice:
    first = max(one.start, other.start)
    return slice(first, max(first, min(one.stop, other.stop)))
