"""Influences moved on and credited in one pass each, by Triton; see `carried_influences`.

A program takes a tile of rows and sources: of one stream, to move it on; of all streams one after
the other, to credit them, so that the sum has one order. This file is read as a text
(`triton_kernel.functions`); nothing imports it.
"""

import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]


@triton.jit
def move(
    old, moved, back, weights, signal, streams, lanes, fields, steps, rows, units, sources,
    old_by_stream, old_by_lane, signal_by_step, signal_by_stream,
    ROWS: tl.constexpr, SOURCES: tl.constexpr, STEPS: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """moved[l] = sum_f back[l][f] old[f] + sum_t weights[l](t) (x) signal(t)."""
    stream = tl.program_id(0).to(tl.int64)
    r = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    m = tl.program_id(2) * SOURCES + tl.arange(0, SOURCES)
    in_rows, in_sources = r < rows, m < sources
    there = in_rows[:, None] & in_sources[None, :]
    at = r[:, None] * sources + m[None, :]
    for lane in range(lanes):
        sum = tl.full((ROWS, SOURCES), 0.0, moved.dtype.element_ty)
        for first in range(0, steps, STEPS):
            t = first + tl.arange(0, STEPS)
            written = weights + ((lane * steps + t[None, :]) * streams + stream) * rows + r[:, None]
            left = tl.load(written, mask=in_rows[:, None] & (t < steps)[None, :], other=0.0)
            place = signal + t[:, None] * signal_by_step + stream * signal_by_stream + m[None, :]
            right = tl.load(place, mask=(t < steps)[:, None] & in_sources[None, :], other=0.0)
            sum = tl.dot(left, right, sum, input_precision=PRECISION, out_dtype=sum.dtype)
        for field in range(fields):
            bar = back + ((lane * fields + field) * streams + stream) * units + r % units
            left = tl.load(bar, mask=in_rows, other=0.0)
            place = old + stream * old_by_stream + field * old_by_lane + at
            sum += left[:, None] * tl.load(place, mask=there, other=0.0)
        tl.store(moved + (stream * lanes + lane) * rows * sources + at, sum, mask=there)


@triton.jit
def credit(
    kept, bars, found, streams, fields, rows, units, sources, kept_by_stream, kept_by_lane,
    ROWS: tl.constexpr, SOURCES: tl.constexpr,
):  # fmt: skip
    """found += sum over streams, sum_f bar[f] kept[f]."""
    r = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    m = tl.program_id(1) * SOURCES + tl.arange(0, SOURCES)
    there = (r < rows)[:, None] & (m < sources)[None, :]
    at = r[:, None] * sources + m[None, :]
    sum = tl.load(found + at, mask=there, other=0.0)
    for _ in range(streams):
        for field in range(fields):
            left = tl.load(bars + field * streams * units + r % units, mask=r < rows, other=0.0)
            place = kept + field * kept_by_lane + at
            sum += left[:, None] * tl.load(place, mask=there, other=0.0)
        kept += kept_by_stream
        bars += units
    tl.store(found + at, sum, mask=there)
