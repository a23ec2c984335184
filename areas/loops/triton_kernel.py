"""Triton loops: a cell's steps over a window as one program per block of batch rows.

Triton comes with torch's wheels for Linux and graphics processors. It compiles the text that
`triton_text` writes when it is first launched, and keeps what it made in its own cache
(`~/.triton`). With TRITON_INTERPRET=1 in the environment it runs the same text in Python, on the
processor: slow, and how it is tested where there is no graphics processor.
"""

import linecache
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from areas.loops import triton_text
from areas.loops.compiled import Unavailable, Unsuited, require_wanted, switched_off, which_loops
from areas.loops.fuse import require_kind
from areas.loops.precision import is_short, kind_of_products

ROWS = 16  # of the batch that one program takes; the least that tensor cores multiply
UNITS = 128  # columns that are summed at once
DEPTH = 128  # bytes of each of them that are read at once
AHEAD = {"num_warps": 8, "num_stages": 4}  # so that weights are under way while others are used
ELEMENTS = 512  # that one program takes where units do not meet
NO_TRITON = "there is no Triton; it comes with torch's wheels for Linux and graphics processors"
NONE_FOR = "there are no native loops for"
MOST = 2**18  # weights, beyond which one program would read them too slowly at each step


class Array(NamedTuple):
    """What a loop reads or writes: its place at the first step, elements from there to the next."""

    first: Tensor
    stride: int = 0


class Mixing(NamedTuple):
    """y(t) += x(t) W for every step of a loop; see `native.Product`."""

    weight: Tensor
    x: Tensor
    y: Tensor
    steps: tuple[int, int]
    after: bool


class TritonKernel:
    """The Triton loops of one cell.

    Args:
        launched: the function that Triton launches, `sweep` of `triton_text`.
    """

    def __init__(self, launched: Any):
        self.launched = launched

    def sweep(
        self, size: tuple[int, int], steps: int, arrays: Sequence[Array], product: Mixing | None
    ) -> None:
        """Many steps by one launch, each with the product before or after it.

        Args:
            size: rows of the batch, and units.
            steps: how many.
            arrays: in the order of `triton_text.loops`.
            product: what mixes the units between steps.
        """
        rows, units = size
        if rows * units == 0:
            return
        places, strides = zip(*arrays, strict=True)
        blocks = _blocks(size, places[0].element_size(), product)
        grid = (-(-rows // blocks["ROWS"]), 1 if product else -(-units // blocks["UNITS"]), 1)
        mixing = (places[0], 0, 0, 0, 0, places[0], 0, 0, places[0], 0, 0)
        if product is not None:
            weight, x, y, (x_by, y_by), _ = product
            mixing = (weight, *weight.shape, *weight.stride(), x, x.stride(0), x_by)
            mixing += (y, y.stride(0), y_by)
        with on(places[0].device):
            self.launched[grid](
                rows, units, steps, *places, *strides, *mixing,
                BEFORE=product is not None and not product.after,
                AFTER=product is not None and product.after,
                **_numbers(places[0].dtype), **blocks, **(AHEAD if product else {}),
            )  # fmt: skip


def _blocks(size: tuple[int, int], bytes_each: int, product: Mixing | None) -> dict[str, int]:
    """How much one program takes at once, in powers of 2."""
    rows, units = map(_power, size)
    if product is not None:
        return {"ROWS": ROWS, "UNITS": min(UNITS, max(ROWS, units)), "DEPTH": DEPTH // bytes_each}
    columns = min(ELEMENTS, units)
    return {"ROWS": min(ELEMENTS // columns, rows), "UNITS": columns, "DEPTH": 1}


def _power(number: int) -> int:
    """The least power of 2 that is not below a number."""
    return 1 << (number - 1).bit_length()


def _numbers(dtype: torch.dtype) -> dict[str, Any]:
    """How numbers of a type are multiplied."""
    import triton.language as tl

    short = kind_of_products() if is_short(dtype) else dtype
    kinds = {torch.bfloat16: tl.bfloat16, torch.float32: tl.float32, torch.float64: tl.float64}
    taken = dtype if interpreted() else short  # interpreted, bfloat16 has no products
    return {"PRECISION": precision(), "SHORT": kinds[short], "TAKEN": kinds[taken]}  # type: ignore


def precision() -> str:
    """How float32 is multiplied: in full, or in TF32 where `set_float32_matmul_precision` says."""
    return "ieee" if torch.get_float32_matmul_precision() == "highest" else "tf32"


def on(device: torch.device) -> AbstractContextManager[Any]:
    """With this device as the one that is launched on; interpreted, 1 / 0 is a number as there."""
    return torch.cuda.device(device) if device.type == "cuda" else np.errstate(all="ignore")


def interpreted() -> bool:
    """Whether Triton runs in Python, on the processor."""
    return os.environ.get("TRITON_INTERPRET") == "1"


def takes(device: str) -> bool:
    """Whether Triton is what loops on a kind of device are made with."""
    return device == "cuda" or (device == "cpu" and interpreted())


def works(device: str) -> bool:
    """Whether Triton makes loops for a kind of device that it `takes`, and the user wants them."""
    return not switched_off() and _trouble(device) is None


def which_loops_on(device: str) -> str:
    """What takes the steps of areas on a kind of device, as far as can be told without a brain.

    Where there is no such device here, that Triton is there is all that can be told.
    """
    if not takes(device):
        return which_loops() if device == "cpu" else f"tensor calls ({NONE_FOR} {device})"
    try:
        require_wanted()
        if device == "cpu" or torch.cuda.is_available():
            _require_triton(device)
        elif find_spec("triton") is None:
            raise Unsuited(NO_TRITON)
    except Unavailable as reason:
        return f"tensor calls ({reason})"
    return f"native loops (compiled by {name_of_triton()})"


def name_of_triton() -> str:
    """Triton as logs name it."""
    from triton import __version__

    return f"Triton {__version__}" + (", interpreted: TRITON_INTERPRET=1" if interpreted() else "")


def fuse_in_triton(
    function: Callable[..., Sequence[Tensor]],
    inputs: tuple[int, int],
    outputs: tuple[int, int],
    dtype: torch.dtype,
) -> TritonKernel:
    """A pointwise function as Triton loops; arguments as of `fuse`.

    Raises:
        Unavailable: where native loops are switched off.
        Unsuited: where Triton does not work, for numbers of another type, or an operation without
            a Triton expression.
    """
    require_wanted()
    require_kind(dtype)
    _require_triton("cpu" if interpreted() else "cuda")
    return _kernel(function, inputs, outputs, dtype)


def _kernel(function: Callable[..., Any], *numbers_of_arrays: Any) -> TritonKernel:
    return TritonKernel(functions(triton_text.loops(function, *numbers_of_arrays))["sweep"])


def _require_triton(device: str) -> None:
    """Raise `Unsuited` where Triton cannot make even the least of loops."""
    if trouble := _trouble(device):
        raise Unsuited(trouble)


@cache
def _trouble(device: str) -> str | None:
    """Why there are no Triton loops on a kind of device, tried once in a process."""
    if find_spec("triton") is None:
        return NO_TRITON
    one, made = torch.ones(1, 1, device=device), torch.zeros(1, 1, device=device)
    try:
        kernel = _kernel(lambda x: (x + 1,), (0, 1), (0, 1), one.dtype)
        kernel.sweep((1, 1), 1, [Array(one), Array(made)], None)
    except Exception as error:  # of a compiler, a driver, a device: nobody lists them
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return f"Triton fails: {lines[-1]}"
    return None if made.item() == 2 else "Triton computes something else than it is told"


def functions(text: str) -> dict[str, Any]:
    """What the text of a Python module defines, functions that Triton launches among it."""
    return _defined(text, interpreted())


@cache
def _defined(text: str, interpreted: bool) -> dict[str, Any]:
    """Python and Triton find the text's lines by a name that stands for no file."""
    del interpreted  # Triton looks for itself
    digest = sha256(text.encode()).hexdigest()[:24]
    name = f"<loops {digest}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    made: dict[str, Any] = {"__name__": f"areas.loops.made_{digest}"}
    exec(compile(text, name, "exec"), made)
    return made
