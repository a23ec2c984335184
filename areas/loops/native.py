"""Native loops: a cell's steps over a window as compiled C, called from here.

A cell's loops are `loops.c` with the cell's equation in it (`fuse` writes that); others come with
their own text. Where nothing can be compiled there are none (see `compiled`).
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from areas.loops.compiled import find, load

KINDS = {torch.float32: ("float", "f", "1e-2f"), torch.float64: ("double", "", "1e-6")}
PANEL = 32  # at most so many columns of weights are read at once
SHARED = 4000  # elements from which on the cores share a loop


class Product(ctypes.Structure):
    """y(t) += x(t) W for every step of a loop; see `loops.c`.

    Args:
        weight: W, [depth, width], of any strides.
        x: [batch, depth] at the first step that is taken; its last stride is 1, as that of y.
        y: [batch, width], likewise.
        steps: elements from x and from y to those of the next step.
        after: whether it follows the cell's step or goes before it.
    """

    _fields_ = [
        ("weight", ctypes.c_void_p),
        *((name, ctypes.c_long) for name in ("depth", "width", "by_depth", "by_width")),
        ("panels", ctypes.c_void_p),
        ("x", ctypes.c_void_p),
        *((name, ctypes.c_long) for name in ("x_row", "x_step")),
        ("y", ctypes.c_void_p),
        *((name, ctypes.c_long) for name in ("y_row", "y_step", "after")),
    ]

    def __init__(
        self, weight: Tensor, x: Tensor, y: Tensor, steps: tuple[int, int], *, after: bool
    ):
        self.kept = weight.new_empty(weight.shape[0] * (weight.shape[1] + PANEL))
        super().__init__(
            *(weight.data_ptr(), *weight.shape, *weight.stride(), self.kept.data_ptr()),
            *(x.data_ptr(), x.stride(0), steps[0], y.data_ptr(), y.stride(0), steps[1]),
            after,
        )


class Kernel:
    """The compiled loops of one cell.

    Args:
        library: the shared library.
        arrays: number of arrays a step reads and writes.
    """

    def __init__(self, library: ctypes.CDLL, arrays: int):
        self._places, self._strides = ctypes.c_void_p * arrays, ctypes.c_long * arrays
        self._sweep = library.sweep
        pointers = ctypes.POINTER(Product), self._places, self._strides
        self._sweep.argtypes = [*[ctypes.c_long] * 4, *pointers]
        self._sweep.restype = None
        self._still = self._strides()

    def call(self, rows: int, columns: int, *addresses: int) -> None:
        """One step over arrays [rows, columns]; of a group, [rows, grouped, columns]."""
        places = self._places(*addresses)
        self._sweep(rows, columns, 1, threads(rows * columns), None, places, self._still)

    def sweep(
        self,
        rows: int,
        columns: int,
        steps: int,
        addresses: Sequence[int],
        strides: Sequence[int],
        product: Product | None,
    ) -> None:
        """Many steps, each with the product before or after it.

        Args:
            rows: of the batch; the cores share them.
            columns: units.
            steps: how many.
            addresses: of the arrays at the first step that is taken.
            strides: bytes from there to the next step; negative where time runs backwards.
            product: what mixes the units between steps.
        """
        places, moves = self._places(*addresses), self._strides(*strides)
        cores = threads(steps * rows * columns)
        self._sweep(rows, columns, steps, cores, product, places, moves)


def threads(elements: int) -> int:
    """How many cores are to share a loop over so many elements."""
    return torch.get_num_threads() if elements > SHARED else 1


def build(cell: str, arrays: int, dtype: torch.dtype) -> Kernel:
    """The loops of a cell, from the cache or made now.

    Args:
        cell: its step in C, as `loops.c` asks for it.
        arrays: number of arrays it reads and writes.
        dtype: float32 or float64.

    Raises:
        Unavailable: where they cannot be had.
    """
    loops = Path(__file__).with_name("loops.c").read_text()
    return Kernel(find(_whole(cell + "\n" + loops, dtype)), arrays)


def library(text: str, dtype: torch.dtype) -> ctypes.CDLL | None:
    """A shared library of a C text that follows `prologue.c`, from the cache or made now.

    Args:
        text: written for `real` numbers.
        dtype: float32 or float64.

    Returns:
        None where it cannot be had; a warning says why.
    """
    return load(_whole(text, dtype))


def _whole(text: str, dtype: torch.dtype) -> str:
    """A C text with what goes before it."""
    real, suffix, border = KINDS[dtype]
    words = {"real": real, "BORDER": border}
    words |= {f"{name}_": name + suffix for name in ("exp", "log", "log1p", "sqrt")}
    head = [f"#define {word} {meaning}" for word, meaning in words.items()]
    head.append(Path(__file__).with_name("prologue.c").read_text())
    return "\n".join([*head, text])
