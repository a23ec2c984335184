"""A cell's loops as Triton: the same graph that `fuse` writes as C, for a graphics processor.

One program takes some rows of the batch through all steps, as a core does in `loops.c`; without
synapses in between, it takes some of their units only. What a program wrote at one step it reads
at the next, behind a barrier.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

import torch
from torch import Tensor

from areas.loops.graph import Language, written

# aten operation -> Triton expression; {0}, {1}, ... are its arguments. All values are `real`.
EXPRESSIONS: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "exp": "tl.exp({0})",
    "log": "tl.log({0})",
    "log1p": "log1p_({0})",
    "sqrt": "tl.sqrt({0})",
    "sigmoid": "(1 / (1 + tl.exp(-{0})))",
    "tanh": "tanh_({0})",
    "relu": "tl.where({0} < 0, 0, {0})",
    "hardtanh": "tl.where({0} < {1}, {1}, tl.where({0} > {2}, {2}, {0}))",
    "abs": "tl.abs({0})",
    "reciprocal": "(1 / {0})",
    "gt": "({0} > {1}).to(real)",
    "ge": "({0} >= {1}).to(real)",
    "lt": "({0} < {1}).to(real)",
    "le": "({0} <= {1}).to(real)",
    "logical_and": "(({0} != 0) & ({1} != 0)).to(real)",
    "logical_not": "({0} == 0).to(real)",
    "bitwise_or": "(({0} != 0) | ({1} != 0)).to(real)",
    "where": "tl.where({0} != 0, {1}, {2})",
    "scalar_tensor": "tl.full((ROWS, UNITS), {0}, real)",
    "full_like": "tl.full((ROWS, UNITS), {1}, real)",
    "clone": "{0}",
    "alias": "{0}",
    "detach": "{0}",
    "_to_copy": "{0}",
}
TRITON = Language("Triton", EXPRESSIONS, lambda number: f"tl.full([], {_literal(number)}, real)")

LOOPS = Template('''

@triton.jit
def cell(r, j, rows, n, $arrays, ROWS: tl.constexpr, UNITS: tl.constexpr):
    """One step of some units in some rows."""
    real = $first.dtype.element_ty
    there = (r < rows)[:, None] & (j < n)[None, :]
    at = r[:, None] * n + j[None, :]
$cell


@triton.jit(do_not_specialize=["rows", "steps"])
def sweep(
    rows, n, steps, $arrays, $strides,
    weight, depth, width, by_depth, by_width, source, source_row, source_by, target, target_row,
    target_by, BEFORE: tl.constexpr, AFTER: tl.constexpr, ROWS: tl.constexpr,
    UNITS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr, SHORT: tl.constexpr,
    TAKEN: tl.constexpr,
):
    """Many steps, each with the product before or after it, or with none."""
    r = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)).to(tl.int64)
    for _ in range(steps):
        if BEFORE:
            multiply(
                r, rows, weight, depth, width, by_depth, by_width, source, source_row,
                target, target_row, ROWS, UNITS, DEPTH, PRECISION, SHORT, TAKEN,
            )
            tl.debug_barrier()
        for first in range(tl.program_id(1) * UNITS, n, tl.num_programs(1) * UNITS):
            cell(r, first + tl.arange(0, UNITS), rows, n, $arrays, ROWS, UNITS)
        tl.debug_barrier()
        if AFTER:
            multiply(
                r, rows, weight, depth, width, by_depth, by_width, source, source_row,
                target, target_row, ROWS, UNITS, DEPTH, PRECISION, SHORT, TAKEN,
            )
            tl.debug_barrier()
$moves
        source += source_by
        target += target_by
''')


def loops(
    function: Callable[..., Sequence[Tensor]],
    inputs: tuple[int, int],
    outputs: tuple[int, int],
    dtype: torch.dtype,
) -> str:
    """The loops of a cell as the text of a Python module; `sweep` takes inputs, then outputs.

    Args:
        function, inputs, outputs, dtype: as of `fuse`.

    Raises:
        Unsuited: for a function that is not pointwise, or an operation without an expression.
    """
    step = written(function, sum(inputs), dtype, TRITON)
    lines = [f"v{k} = tl.load({_place('x', k, inputs[0])}, mask=there, other=0.0)"
             for k in range(sum(inputs))]  # fmt: skip
    lines += [f"{name} = {expression}" for name, expression in step.made.items()]
    lines += [
        f"tl.store({_place('y', k, outputs[0])}, {made}, mask=there)"
        for k, made in enumerate(step.results)
    ]
    arrays = [*_arrays("x", inputs), *_arrays("y", outputs)]
    text = LOOPS.substitute(
        arrays=", ".join(arrays),
        strides=", ".join(f"{name}_by" for name in arrays),
        first=arrays[0],
        cell="\n".join(f"    {line}" for line in lines),
        moves="\n".join(f"        {name} += {name}_by" for name in arrays),
    )
    return Path(__file__).with_name("triton_functions.py").read_text() + text


def _literal(number: float) -> str:
    return repr(number) if number - number == 0 else f'float("{number}")'


def _arrays(letter: str, counts: tuple[int, int]) -> list[str]:
    grouped, single = counts
    return [letter] * bool(grouped) + [f"{letter}{k}" for k in range(grouped, grouped + single)]


def _place(letter: str, k: int, grouped: int) -> str:
    if k < grouped:
        return f"{letter} + ((r * {grouped} + {k})[:, None] * n + j[None, :])"
    return f"{letter}{k} + at"
