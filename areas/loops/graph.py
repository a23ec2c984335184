"""A pointwise function of tensors as a list of statements, in whichever language.

The function is traced once; each operation becomes one statement, from a table that a language
brings (`fuse` that of C, `triton_text` that of Triton).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import torch

from areas.loops.compiled import Unsuited


class Language(NamedTuple):
    """How operations are written.

    Args:
        name: of the language.
        expressions: by aten operation; {0}, {1}, ... are its arguments.
        number: writes a number.
    """

    name: str
    expressions: Mapping[str, str]
    number: Callable[[float], str]


class Statements(NamedTuple):
    """A function, written out.

    Args:
        made: expressions by name, in order; the arguments are v0, v1, ... before them.
        results: what the function returns, names or numbers.
    """

    made: dict[str, str]
    results: list[str]


def written(
    function: Callable[..., Any], inputs: int, dtype: torch.dtype, language: Language
) -> Statements:
    """A pointwise function as statements of a language.

    Args:
        function: takes tensors of one shape, returns a sequence of tensors of that shape.
        inputs: how many it takes.
        dtype: of their numbers.
        language: which it is.

    Raises:
        Unsuited: for a function that is not pointwise, or an operation that the language has no
            expression of.
    """
    try:
        return _write(_trace(function, inputs, dtype), language)
    except KeyError as operation:
        known = f"no {language.name} expression is known"
        raise Unsuited(f"{known} of the operation {operation}") from None
    except (IndexError, RuntimeError):
        raise Unsuited("a cell's step is not of pointwise operations alone") from None


def _trace(function: Callable[..., Any], inputs: int, dtype: torch.dtype) -> torch.fx.Graph:
    from torch.fx.experimental.proxy_tensor import make_fx

    examples = [torch.full((2,), 0.5, dtype=dtype) for _ in range(inputs)]
    graph = make_fx(function, decomposition_table=_decompositions())(*examples).graph
    graph.eliminate_dead_code()
    return graph


@cache
def _decompositions() -> dict[Any, Any]:
    """How torch writes operations in its core ones; torch itself makes the table at each use."""
    from torch._decomp import core_aten_decompositions

    return dict(core_aten_decompositions().items())


def _write(graph: torch.fx.Graph, language: Language) -> Statements:
    names: dict[torch.fx.Node, str] = {}
    found = Statements({}, [])

    def word(argument: Any) -> str:
        if isinstance(argument, torch.fx.Node):
            return names[argument]
        return language.number(float(argument))

    for node in graph.nodes:
        if node.op == "output":
            found.results.extend(word(result) for result in node.args[0])
            continue
        name = f"v{len(names)}"
        if node.op != "placeholder":
            expression = language.expressions[_operation(node)]
            found.made[name] = expression.format(*(word(argument) for argument in node.args))
        names[node] = name
    return found


def _operation(node: torch.fx.Node) -> str:
    """Name of an operation; one that is not in the table if its options change what it does."""
    packet = getattr(node.target, "overloadpacket", None)
    name = getattr(packet, "__name__", str(node.target))
    kind = node.kwargs.get("dtype")
    rounds = name == "_to_copy" and isinstance(kind, torch.dtype) and not kind.is_floating_point
    other = rounds or "alpha" in node.kwargs or "rounding_mode" in node.kwargs
    return f"{name} by other rules" if other else name
