"""Influences of synapses on their units: carried over a window, and turned into gradients.

Of each stream, influences are [lane, row, source]: how a lane of a unit depends on the synapses
that end on a row of currents. Lanes are fields of the unit's own state or of its neighbourhood's;
row r, of [current * unit], belongs to unit r modulo the number of units. To carry them over a
window,

    moved[l] = sum_f back[l][f] old[f] + sum_t weights[l](t) (x) signal(t),

is one pass through them, and so is their part in the gradients,

    found = sum over streams, sum_f bar[f] kept[f].

On the processor a native loop makes each pass (`carried_influences.c`); elsewhere tensor calls do,
which make several.
"""

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from areas.loops import chunks
from areas.loops.native import KINDS, library, threads
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
    loops = _loops(old)
    if loops is None:
        _move(old, back, weights, signal, moved)
        return moved
    signal, weights = _rows(signal), _alike([_rows(each) for each in weights])
    bars = _alike([bar for lane in back for bar in lane])
    loops.move(
        *old.shape[:2], len(back[0]), old.shape[2], bars[0].shape[1], old.shape[3], len(signal),
        old.data_ptr(), moved.data_ptr(), _addresses(bars), *bars[0].stride(),
        _addresses(weights), *weights[0].stride()[:2],
        signal.data_ptr(), *signal.stride()[:2], min(threads(old.numel()), len(old)),
    )  # fmt: skip
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
    loops = _loops(kept) if kept[0, 0].is_contiguous() else None
    if loops is None:
        _credit(kept, bars, found.view(-1, bars[0].shape[1], found.shape[1]))
        return
    bars = _alike(bars)
    loops.credit(
        len(kept), len(bars), kept.shape[2], bars[0].shape[1], kept.shape[3],
        kept.data_ptr(), *kept.stride()[:2], _addresses(bars), *bars[0].stride(),
        found.data_ptr(), min(threads(kept.numel()), kept.shape[2]),
    )  # fmt: skip


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


class _Loops:
    """The compiled loops for one kind of numbers."""

    def __init__(self, made: ctypes.CDLL):
        long, at = ctypes.c_long, ctypes.c_void_p
        self.move, self.credit = made.move, made.credit
        self.move.argtypes = [*[long] * 7, at, at, at, long, long, at, long, long, at, *[long] * 3]
        self.credit.argtypes = [*[long] * 5, at, long, long, at, long, long, at, long]
        self.move.restype = self.credit.restype = None


@lru_cache
def _compiled(dtype: torch.dtype) -> _Loops | None:
    made = library(Path(__file__).with_name("carried_influences.c").read_text(), dtype)
    return None if made is None else _Loops(made)


def _loops(influences: Tensor) -> _Loops | None:
    """The loops that can pass through influences, if any can."""
    if influences.device.type != "cpu" or influences.dtype not in KINDS:
        return None
    return _compiled(influences.dtype)


def _rows(tensor: Tensor) -> Tensor:
    """A tensor whose last stride is 1."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _alike(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """Tensors of the same strides, by copying them where they differ."""
    if len({tensor.stride() for tensor in tensors}) == 1:
        return tensors
    return [tensor.contiguous() for tensor in tensors]


def _addresses(tensors: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(tensors))(*[tensor.data_ptr() for tensor in tensors])
