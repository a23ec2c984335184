"""What passes through influences at once: native loops on the processor, Triton's elsewhere.

Both do what `carried_influences` says, in one pass through memory each way.
"""

import ctypes
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from areas.loops import triton_kernel
from areas.loops.compiled import switched_off
from areas.loops.native import KINDS, library, threads

TILE = {"ROWS": 32, "SOURCES": 64}  # of influences that one program takes at once
STEPS = 16  # that it multiplies at once; the least that tensor cores do


class Passes(ABC):
    """One pass through influences, each way."""

    @abstractmethod
    def move(
        self,
        old: Tensor,
        back: Sequence[Sequence[Tensor]],
        weights: Sequence[Tensor],
        signal: Tensor,
        moved: Tensor,
    ) -> None:
        """Fill `moved`; the others as of `move_influences`, `old` contiguous."""

    @abstractmethod
    def credit(self, kept: Tensor, bars: Sequence[Tensor], found: Tensor) -> None:
        """See `credit_influences`; each lane of `kept` contiguous."""


def passes(influences: Tensor) -> Passes | None:
    """What can pass through influences at once, if anything can."""
    device = influences.device.type
    if influences.dtype not in KINDS:
        return None
    if triton_kernel.takes(device):
        return TritonPasses() if triton_kernel.works(device) else None
    return compiled(influences.dtype) if device == "cpu" and not switched_off() else None


class NativePasses(Passes):
    """The compiled loops for one kind of numbers (`carried_influences.c`)."""

    def __init__(self, made: ctypes.CDLL):
        long, at = ctypes.c_long, ctypes.c_void_p
        self._move, self._credit = made.move, made.credit
        self._move.argtypes = [*[long] * 7, at, at, at, long, long, at, long, long, at, *[long] * 3]
        self._credit.argtypes = [*[long] * 5, at, long, long, at, long, long, at, long]
        self._move.restype = self._credit.restype = None

    def move(
        self,
        old: Tensor,
        back: Sequence[Sequence[Tensor]],
        weights: Sequence[Tensor],
        signal: Tensor,
        moved: Tensor,
    ) -> None:
        """See `Passes.move`; the cores share the streams."""
        signal, weights = _rows(signal), _alike([_rows(each) for each in weights])
        bars = _alike([bar for lane in back for bar in lane])
        self._move(
            *old.shape[:2], len(back[0]), old.shape[2], bars[0].shape[1], old.shape[3],
            len(signal), old.data_ptr(), moved.data_ptr(), _addresses(bars), *bars[0].stride(),
            _addresses(weights), *weights[0].stride()[:2],
            signal.data_ptr(), *signal.stride()[:2], min(threads(old.numel()), len(old)),
        )  # fmt: skip

    def credit(self, kept: Tensor, bars: Sequence[Tensor], found: Tensor) -> None:
        """See `Passes.credit`; the cores share the rows."""
        bars = _alike(bars)
        self._credit(
            len(kept), len(bars), kept.shape[2], bars[0].shape[1], kept.shape[3],
            kept.data_ptr(), *kept.stride()[:2], _addresses(bars), *bars[0].stride(),
            found.data_ptr(), min(threads(kept.numel()), kept.shape[2]),
        )  # fmt: skip


class TritonPasses(Passes):
    """Triton's loops (`influence_loops`): a launch each, and what brings small arrays together.

    Attributes:
        made: the functions that Triton launches, by name.
    """

    def __init__(self) -> None:
        text = Path(__file__).with_name("influence_loops.py").read_text()
        self.made = triton_kernel.functions(text)

    def move(
        self,
        old: Tensor,
        back: Sequence[Sequence[Tensor]],
        weights: Sequence[Tensor],
        signal: Tensor,
        moved: Tensor,
    ) -> None:
        """See `Passes.move`; a program takes a tile of one stream."""
        signal, bars = _rows(signal), torch.stack([bar for lane in back for bar in lane])
        streams, lanes, rows, sources = old.shape
        tiles = -(-rows // TILE["ROWS"]), -(-sources // TILE["SOURCES"])
        with triton_kernel.on(old.device):
            self.made["move"][(streams, *tiles)](
                old, moved, bars, torch.stack(list(weights)), signal, streams, lanes,
                len(back[0]), len(signal), rows, bars.shape[2], sources, *old.stride()[:2],
                *signal.stride()[:2], STEPS=STEPS, PRECISION=triton_kernel.precision(), **TILE,
            )  # fmt: skip

    def credit(self, kept: Tensor, bars: Sequence[Tensor], found: Tensor) -> None:
        """See `Passes.credit`; a program takes a tile of all streams."""
        streams, _, rows, sources = kept.shape
        tiles = -(-rows // TILE["ROWS"]), -(-sources // TILE["SOURCES"])
        with triton_kernel.on(kept.device):
            self.made["credit"][(*tiles, 1)](
                kept, torch.stack(list(bars)), found, streams, len(bars), rows, bars[0].shape[1],
                sources, *kept.stride()[:2], **TILE,
            )  # fmt: skip


@lru_cache
def compiled(dtype: torch.dtype) -> NativePasses | None:
    """The compiled loops for one kind of numbers; None, with a warning, where there are none."""
    made = library(Path(__file__).with_name("carried_influences.c").read_text(), dtype)
    return None if made is None else NativePasses(made)


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
