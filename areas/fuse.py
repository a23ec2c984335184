"""Fuse a pointwise function of tensors into one native loop, when a C compiler is at hand.

The function is traced once, written as C with one statement per operation, compiled with the
system's compiler and kept in the user's cache. An element-wise chain of a dozen tensor calls, each
with its own trip through memory, becomes one call and one trip. Without a compiler, or for an
operation not in the table below, `fuse` answers None and the caller goes on with tensor calls.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# aten operation -> C expression; {0}, {1}, ... are its arguments
EXPRESSIONS: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "exp": "exp_({0})",
    "log": "log_({0})",
    "sqrt": "sqrt_({0})",
    "sigmoid": "(1 / (1 + exp_(-{0})))",
    "tanh": "tanh_({0})",
    "relu": "({0} < 0 ? 0 : {0})",
    "abs": "({0} > 0 ? {0} : -{0})",
    "reciprocal": "(1 / {0})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "logical_and": "({0} && {1})",
    "logical_not": "(!{0})",
    "where": "({0} ? {1} : {2})",
    "scalar_tensor": "({0})",
    "full_like": "({1})",
    "clone": "({0})",
    "alias": "({0})",
    "detach": "({0})",
    "_to_copy": "({0})",
}

# gcc's vector mathematics is asked for by name; other compilers ignore the attribute
PROLOGUE = """
#include <math.h>
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define VECTOR __attribute__((simd("notinbranch")))
#else
#define VECTOR
#endif
VECTOR float expf(float); VECTOR float logf(float);
VECTOR double exp(double); VECTOR double log(double);
typedef {real} real;
#define SHARED 4000  /* elements from which on the cores share a loop */
#define exp_ exp{suffix}
#define log_ log{suffix}
#define sqrt_ sqrt{suffix}
static inline real tanh_(real x) {{
    real far = 1 - 2 / (exp_(2 * x) + 1);  /* cancels near 0: there the odd series */
    real y = x * x, near = x - x * y * (((real)1 / 3) - y * ((real)2 / 15));
    return y < {border} ? near : far;
}}
"""
FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC"]
THREADS = ("-fopenmp", "-fopenmp-simd")  # the second where a compiler has no OpenMP library
KINDS = {torch.float32: ("float", "f", "1e-2f"), torch.float64: ("double", "", "1e-6")}


class Kernel:
    """A compiled pointwise loop; `call(rows, columns, *addresses)` runs it."""

    def __init__(self, library: Path, arrays: int):
        self.call = ctypes.CDLL(str(library)).kernel
        self.call.argtypes = [ctypes.c_long] * 2 + [ctypes.c_void_p] * arrays
        self.call.restype = None


def fuse(
    function: Callable[..., Sequence[Tensor]],
    inputs: tuple[int, int],
    outputs: tuple[int, int],
    dtype: torch.dtype,
) -> Kernel | None:
    """Compile a pointwise function into one loop over rows and columns.

    Args:
        function: takes tensors of one shape, returns a sequence of tensors of that shape.
        inputs: (grouped, single): so many first inputs share ONE array [rows, grouped, columns],
            as the synaptic currents of an area do; each of the others is an array [rows, columns].
        outputs: likewise for what the function returns.
        dtype: float32 or float64.

    Returns:
        A kernel that takes the addresses of the arrays, inputs first; an output may be written
        over an input. None where there is no compiler or no C expression for an operation.
    """
    compiler = _compiler()
    if compiler is None or dtype not in KINDS:
        return None
    try:
        text = _prologue(dtype) + _write(_trace(function, sum(inputs), dtype), inputs, outputs)
    except (KeyError, RuntimeError):  # no C expression, or more than operations on tensors
        return None
    library = _compile(text, compiler)
    arrays = sum(bool(group) + single for group, single in (inputs, outputs))
    return None if library is None else Kernel(library, arrays)


def _compiler() -> str | None:
    if os.environ.get("BRAINMODEL_NATIVE") == "0":
        return None
    wanted = (os.environ.get("CC"), "cc", "gcc", "clang")
    return next((name for name in wanted if name and shutil.which(name)), None)


def _prologue(dtype: torch.dtype) -> str:
    real, suffix, border = KINDS[dtype]
    return PROLOGUE.format(real=real, suffix=suffix, border=border)


def _trace(function: Callable[..., Any], inputs: int, dtype: torch.dtype) -> torch.fx.Graph:
    from torch._decomp import core_aten_decompositions
    from torch.fx.experimental.proxy_tensor import make_fx

    table: Any = core_aten_decompositions()
    examples = [torch.full((2,), 0.5, dtype=dtype) for _ in range(inputs)]
    graph = make_fx(function, decomposition_table=table)(*examples).graph
    graph.eliminate_dead_code()
    return graph


def _write(graph: torch.fx.Graph, inputs: tuple[int, int], outputs: tuple[int, int]) -> str:
    """The loop as C. Raises KeyError for an operation that has no C expression."""
    names: dict[torch.fx.Node, str] = {}
    lines: list[str] = []
    for node in graph.nodes:
        name = names[node] = f"v{len(names)}"
        if node.op == "placeholder":
            lines.append(f"real {name} = {_place('x', len(names) - 1, inputs[0])};")
        elif node.op == "output":
            for k, result in enumerate(node.args[0]):
                lines.append(f"{_place('y', k, outputs[0])} = {_word(result, names)};")
        else:
            expression = EXPRESSIONS[_operation(node)]
            words = [_word(argument, names) for argument in node.args]
            lines.append(f"real {name} = {expression.format(*words)};")
    arrays = [f"const real *{name}" for name in _arrays("x", inputs)]
    arrays += [f"real *{name}" for name in _arrays("y", outputs)]
    head = f"void kernel(long rows, long n, {', '.join(arrays)}) {{\n"
    share = "#pragma omp parallel for if (rows * n > SHARED)\n"
    loop = "for (long b = 0; b < rows; b++)\n#pragma omp simd\nfor (long j = 0; j < n; j++) {\n"
    return head + share + loop + "\n".join(lines) + "\n}\n}\n"


def _operation(node: torch.fx.Node) -> str:
    """Name of an operation, made unknown where the table does not tell all of it."""
    name = getattr(getattr(node.target, "overloadpacket", None), "__name__", "not an operation")
    kind = node.kwargs.get("dtype")
    rounds = name == "_to_copy" and isinstance(kind, torch.dtype) and not kind.is_floating_point
    other = rounds or "alpha" in node.kwargs or "rounding_mode" in node.kwargs
    return f"{name} by other rules" if other else name


def _arrays(letter: str, counts: tuple[int, int]) -> list[str]:
    grouped, single = counts
    return [letter] * bool(grouped) + [f"{letter}{k}" for k in range(grouped, grouped + single)]


def _place(letter: str, k: int, grouped: int) -> str:
    if k < grouped:
        return f"{letter}[(b * {grouped} + {k}) * n + j]"
    return f"{letter}{k}[b * n + j]"


def _word(argument: Any, names: dict[torch.fx.Node, str]) -> str:
    if isinstance(argument, torch.fx.Node):
        return names[argument]
    return f"((real){float(argument)!r})"


def _compile(text: str, compiler: str) -> Path | None:
    """Path of the shared library for a C text, from the cache or made now; None if that fails."""
    key = hashlib.sha256("\n".join([text, compiler, platform.node(), *FLAGS]).encode()).hexdigest()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    library = home / "brainmodel" / f"{key[:24]}.so"
    if library.exists():
        return library
    for threads in THREADS:
        try:
            _make(text, [compiler, *FLAGS, threads], library)
            return library
        except (OSError, subprocess.SubprocessError):
            continue
    return None


def _make(text: str, command: list[str], library: Path) -> None:
    """Compile, then move into place at once: another process may be doing the same."""
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        source, made = Path(folder, "kernel.c"), Path(folder, "kernel.so")
        source.write_text(text)
        whole = [*command, str(source), "-o", str(made), "-lm"]
        subprocess.run(whole, check=True, capture_output=True, timeout=120)
        made.replace(library)
