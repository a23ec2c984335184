"""Influences of synapses on their units: carried over a window, and turned into gradients.

Of each stream, influences are [lane, row, source]: how a lane of a unit depends on the synapses
that end on a row of currents. Lanes are fields of the unit's own state or of its neighbourhood's;
row r, of [current * unit], belongs to unit r modulo the number of units. To carry them over a
window,

    moved[l] = sum_f back[l][f] old[f] + sum_t weights[l](t) (x) signal(t),

is one pass through them, and so is their part in the gradients,

    found = sum over streams, sum_f bar[f] kept[f].

Native loops or Triton's make each pass (`influence_passes`); where there are none, tensor calls do,
which make several.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from areas.loops import chunks
from brainmodel.learning.credit.influence_passes import passes
from brainmodel.learning.credit.reused_memory import ReusedMemory

CHUNK = 2**17  # elements of influences that are carried on at once, to stay in the cache
Influences = Float[Tensor, "batch lane row source"]
FieldDerivatives = Sequence[Float[Tensor, "batch unit"]]
"""One for each field."""


def move_influences(
    old: Influences | None,
    back: Sequence[FieldDerivatives],
    weights: Sequence[Float[Tensor, "time batch row"]],
    signal: Float[Tensor, "time batch source"],
    reused: ReusedMemory,
) -> Influences:
    """Influences after a window, from those before it.

    Args:
        old: its first lanes are the fields of `back`. None stands for zeros.
        back: by lane and field, derivatives by the state before the window.
        weights: by lane, derivatives by the currents.
        signal: of the sources.
        reused: where the result may lie.

    Returns:
        influences that lie in other memory than `old`.
    """
    if old is None:
        return torch.stack([w.permute(1, 2, 0) @ signal.transpose(0, 1) for w in weights], 1)
    old = old.contiguous()
    moved = reused.like(old)
    if (by := passes(old)) is None:
        _move(old, back, weights, signal, moved)
    else:
        by.move(old, back, weights, signal, moved)
    return moved


def credit_influences(
    kept: Influences, bars: FieldDerivatives, found: Float[Tensor, "row source"]
) -> None:
    """Add derivatives by fields times their influences to gradients, in place.

    Args:
        kept: its first lanes, or a view that begins with them, are the fields of `bars`.
        bars: derivatives by the fields.
        found: the gradients, contiguous.
    """
    by = passes(kept) if kept[0, 0].is_contiguous() else None
    if by is None:
        _credit(kept, bars, found.view(-1, bars[0].shape[1], found.shape[1]))
    else:
        by.credit(kept, bars, found)


def _move(
    old: Influences,
    back: Sequence[FieldDerivatives],
    weights: Sequence[Float[Tensor, "time batch row"]],
    signal: Float[Tensor, "time batch source"],
    moved: Influences,
) -> None:
    """`move_influences` by tensor calls."""
    few = chunks.at_once(len(old), old[0].numel(), CHUNK, old.device)
    for k in range(0, len(old), few):
        streams = slice(k, k + few)
        for lane, bars in enumerate(back):
            part = moved[streams, lane]
            parts = part.unflatten(1, (-1, bars[0].shape[1]))
            for n, bar in enumerate(bars):
                by, left = bar[streams, None, :, None], old[streams, n].view_as(parts)
                torch.mul(left, by, out=parts) if n == 0 else parts.addcmul_(left, by)
            written = weights[lane][:, streams].permute(1, 2, 0)
            part.baddbmm_(written, signal[:, streams].transpose(0, 1))


def _credit(
    kept: Influences, bars: FieldDerivatives, found: Float[Tensor, "current unit source"]
) -> None:
    """`credit_influences` by tensor calls."""
    if chunks.cached(kept.device):
        for stream, part in enumerate(kept):  # one pass through them, and nothing in between
            for bar, influence in zip(bars, part, strict=False):
                found.addcmul_(influence.reshape(found.shape), bar[stream][:, None])
        return
    for bar, influence in zip(bars, kept.unbind(1), strict=False):
        by_current = influence.unflatten(1, found.shape[:2]).unbind(1)
        for gradient, each in zip(found.unsqueeze(2), by_current, strict=True):
            gradient.baddbmm_(bar.t()[:, None], each.transpose(0, 1))
