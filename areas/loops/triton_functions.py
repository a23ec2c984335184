"""What every Triton loop begins with: mathematics, and the product between two steps.

This file is read as a text that goes before the cell (`triton_text`); nothing imports it.
"""

import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]


@triton.jit
def tanh_(x):
    """tanh by exponentials, which cancel near 0: there by its odd series."""
    small = tl.full([], 1e-6 if x.dtype == tl.float64 else 1e-2, x.dtype)
    third = tl.full([], 1 / 3, x.dtype)
    fifteenth = tl.full([], 2 / 15, x.dtype)
    squared = x * x
    near = x - x * squared * (third - squared * fifteenth)
    return tl.where(squared < small, near, 1 - 2 / (tl.exp(2 * x) + 1))


@triton.jit
def log1p_(x):
    """log(1 + x), corrected for what is lost in 1 + x; Goldberg (1991), theorem 4."""
    sum = 1 + x
    near = tl.where(sum == 1, x, tl.log(sum) * (x / (sum - 1)))
    return tl.where(sum == x, tl.log(sum), near)


@triton.jit
def multiply(
    r, rows, weight, depth, width, by_depth, by_width, x, x_row, y, y_row,
    ROWS: tl.constexpr, UNITS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
    SHORT: tl.constexpr, TAKEN: tl.constexpr,
):  # fmt: skip
    """y += x W of some rows of the batch, with W[k][j] = weight[k * by_depth + j * by_width].

    Factors are rounded to SHORT, then multiplied as TAKEN: the same, unless interpreted.
    """
    real = y.dtype.element_ty
    for first in range(0, width, UNITS):
        j = first + tl.arange(0, UNITS)
        sum = tl.full((ROWS, UNITS), 0.0, real)
        for above in range(0, depth, DEPTH):
            k = above + tl.arange(0, DEPTH)
            left_there = (r < rows)[:, None] & (k < depth)[None, :]
            left = tl.load(x + r[:, None] * x_row + k[None, :], mask=left_there, other=0.0)
            right_there = (k < depth)[:, None] & (j < width)[None, :]
            place = weight + k[:, None] * by_depth + j[None, :] * by_width
            right = tl.load(place, mask=right_there, other=0.0)
            left, right = left.to(SHORT).to(TAKEN), right.to(SHORT).to(TAKEN)
            sum = tl.dot(left, right, sum, input_precision=PRECISION, out_dtype=real)
        there = (r < rows)[:, None] & (j < width)[None, :]
        place = y + r[:, None] * y_row + j[None, :]
        tl.store(place, tl.load(place, mask=there, other=0.0) + sum, mask=there)
