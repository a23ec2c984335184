"""Fuse a pointwise function of tensors into one native loop, when a C compiler is at hand.

The function is traced once (`graph`), written as C with one statement per operation, and made into
a loop (`native`). An element-wise chain of a dozen tensor calls, each of which reads and writes
memory, becomes one call that reads and writes it once. Without a compiler, or for an operation that
is not in the table below, `fuse` raises `Unavailable` and the caller goes on with tensor calls.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from areas.loops.compiled import Unsuited, require_wanted
from areas.loops.graph import Language, Statements, written
from areas.loops.native import KINDS, Kernel, build

# aten operation -> C expression; {0}, {1}, ... are its arguments
EXPRESSIONS: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "exp": "exp_({0})",
    "log": "log_({0})",
    "log1p": "log1p_({0})",
    "sqrt": "sqrt_({0})",
    "sigmoid": "(1 / (1 + exp_(-{0})))",
    "tanh": "tanh_({0})",
    "relu": "({0} < 0 ? 0 : {0})",
    "hardtanh": "({0} < {1} ? {1} : {0} > {2} ? {2} : {0})",
    "abs": "({0} > 0 ? {0} : -{0})",
    "reciprocal": "(1 / {0})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "logical_and": "({0} && {1})",
    "logical_not": "(!{0})",
    "bitwise_or": "({0} || {1})",
    "where": "({0} ? {1} : {2})",
    "scalar_tensor": "({0})",
    "full_like": "({1})",
    "clone": "({0})",
    "alias": "({0})",
    "detach": "({0})",
    "_to_copy": "({0})",
}
C = Language("C", EXPRESSIONS, lambda number: f"((real){number!r})")


def fuse(
    function: Callable[..., Sequence[Tensor]],
    inputs: tuple[int, int],
    outputs: tuple[int, int],
    dtype: torch.dtype,
) -> Kernel:
    """Compile a pointwise function into one loop over rows and columns.

    Args:
        function: takes tensors of one shape, returns a sequence of tensors of that shape.
        inputs: (grouped, single): so many first inputs share ONE array [rows, grouped, columns],
            as the synaptic currents of an area do; each of the others is an array [rows, columns].
        outputs: likewise for what the function returns.
        dtype: float32 or float64.

    Returns:
        A kernel that takes the addresses of the arrays, inputs first; an output may be written
        over an input.

    Raises:
        Unavailable: where there is none, for want of a compiler; the message says why.
        Unsuited: likewise, for numbers of another type, or an operation without a C expression.
    """
    require_wanted()
    require_kind(dtype)
    text = _write(written(function, sum(inputs), dtype, C), inputs, outputs)
    return build(text, len(_arrays("x", inputs) + _arrays("y", outputs)), dtype)


def require_kind(dtype: torch.dtype) -> None:
    """Raise `Unsuited` for numbers that there are no native loops for."""
    if dtype not in KINDS:
        kind = str(dtype).removeprefix("torch.")
        raise Unsuited(f"native loops take numbers of type float32 or float64, not {kind}")


def _write(cell: Statements, inputs: tuple[int, int], outputs: tuple[int, int]) -> str:
    """The loop as C."""
    lines = [f"real v{k} = {_place('x', k, inputs[0])};" for k in range(sum(inputs))]
    lines += [f"real {name} = {expression};" for name, expression in cell.made.items()]
    lines += [f"{_place('y', k, outputs[0])} = {made};" for k, made in enumerate(cell.results)]
    names_of_arrays = _arrays("x", inputs) + _arrays("y", outputs)
    arrays = [f"real *{name} = at[{k}];" for k, name in enumerate(names_of_arrays)]
    head = "static void cell(long first, long last, long n, real *const *at) {"
    loops = [
        "for (long b = first; b < last; b++)",
        "#pragma omp simd",
        "for (long j = 0; j < n; j++) {",
    ]
    count = f"enum {{ ARRAYS = {len(arrays)} }};"
    return "\n".join([count, head, *arrays, *loops, *lines, "}", "}"])


def _arrays(letter: str, counts: tuple[int, int]) -> list[str]:
    grouped, single = counts
    return [letter] * bool(grouped) + [f"{letter}{k}" for k in range(grouped, grouped + single)]


def _place(letter: str, k: int, grouped: int) -> str:
    if k < grouped:
        return f"{letter}[(b * {grouped} + {k}) * n + j]"
    return f"{letter}{k}[b * n + j]"
