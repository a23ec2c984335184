"""Traces of areas of several seeds: each seed counts as further streams.

A trace joins each current to each element of its source. Between seeds there is no synapse and so
no trace: [seed * batch, field, row, source] of one seed, in place of all rows by all sources.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from areas import Area
from areas.keys import BIAS
from areas.seeds import AreaOfSeeds, ConvolutionOfSeeds, DenseOfSeeds
from areas.shapes import PerCurrentSteps, PerUnit, SignalSteps


class Moving(NamedTuple):
    """What moves the traces of one source over a window (`move_influences`)."""

    back: Sequence[Sequence[PerUnit]]
    weights: Sequence[PerCurrentSteps]
    signal: SignalSteps


class CreditedTraces(NamedTuple):
    """What is credited at once (`credit_influences`)."""

    trace: Tensor
    bars: Sequence[Tensor]
    gradient: Tensor


def seeds_as_streams(area: Area, source: str, told: Moving) -> Moving:
    """What moves traces, with seeds as streams; as it is where there is one seed.

    Args:
        area: the area.
        source: of its synapses, not the bias.
        told: [time, batch, ...], rows of whole currents.
    """
    if not isinstance(area, AreaOfSeeds):
        return told
    synapses, layout = area.synapses[source], area.layout
    assert isinstance(synapses, DenseOfSeeds | ConvolutionOfSeeds)
    rows = layout.times(told.weights[0].shape[2] // layout.whole)
    return Moving(
        [[layout.streams(bar, 1) for bar in lane] for lane in told.back],
        [rows.streams(each, 2) for each in told.weights],
        synapses.source.streams(told.signal, 2),
    )


def seeds_one_by_one(
    area: Area, source: str, trace: Tensor, bars: Sequence[PerUnit], gradient: Tensor, rows: slice
) -> Iterator[CreditedTraces]:
    """Traces of a source, derivatives by fields and the gradient of the rows, seed by seed.

    Args:
        area: the area.
        source: of its synapses, or the bias.
        trace: [batch, field, row, source], or of several seeds.
        bars: derivatives by fields.
        gradient: of all synapses of the source, [current * unit, source].
        rows: of those currents that have traces.
    """
    if not isinstance(area, AreaOfSeeds) or source == BIAS:
        yield CreditedTraces(trace, bars, gradient[rows])
        return
    layout, seeds = area.layout, area.layout.seeds
    traces, gradients = trace.unflatten(0, (seeds, -1)), gradient.unflatten(0, (seeds, -1))
    own = slice(rows.start // seeds, rows.stop // seeds)
    by_seed = [layout.apart(bar, 1).unbind(1) for bar in bars]
    for seed in range(seeds):
        mine = [bar[seed].contiguous() for bar in by_seed]
        yield CreditedTraces(traces[seed], mine, gradients[seed, own])
