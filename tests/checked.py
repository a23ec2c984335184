"""How signatures are checked in tests: types and shapes of what goes in and comes out of a call."""

import ast
import functools
import random
from collections.abc import Callable
from typing import Any

import jaxtyping
import torch
from beartype import BeartypeConf, beartype
from beartype._check.code import codemain
from jaxtyping import _import_hook

PACKAGES = ["areas", "objectives", "brainmodel.learning"]
"""Whose signatures are checked. Training pays nothing: the check is put in by the tests alone."""

FIRST_CALLS = 10
"""How many calls of a function are checked in each test: steps of a window are much alike, and to
check them all would take as long as the tests themselves."""

# Of a list one item is checked, drawn at random. It is not to be drawn from Python's own generator,
# whose state training keeps in checkpoints.
codemain.getrandbits = random.Random(0).getrandbits  # pyright: ignore[reportPrivateImportUsage]
_check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a whole number will do for a float
_calls: dict[int, int] = {}
_jaxtyped = jaxtyping.jaxtyped


def check_signatures() -> None:
    """From here on, modules of `PACKAGES` are imported with their signatures checked."""
    jaxtyping.jaxtyped = _checked_at_first  # pyright: ignore[reportAttributeAccessIssue]
    _import_hook.JaxtypingTransformer = _OfModulesAndClasses
    jaxtyping.install_import_hook(PACKAGES, "tests.checked.typechecker")


def start_test() -> None:
    """A test begins: the next calls of each function are checked."""
    _calls.clear()


def typechecker(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing arguments and results that are not as its signature says."""
    return _check(function)


def _checked_at_first(**how: Any) -> Callable[..., Any]:
    def decorate(function: Any) -> Any:
        held = _jaxtyped(**how)(function)
        if isinstance(function, type):
            return held

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            if torch.compiler.is_compiling():  # what is compiled has no checks within
                return function(*args, **kwargs)
            calls = _calls[id(function)] = _calls.get(id(function), 0) + 1
            return (held if calls <= FIRST_CALLS else function)(*args, **kwargs)

        return called

    return decorate


class _OfModulesAndClasses(_import_hook.JaxtypingTransformer):
    """Puts checks on functions of modules and methods of classes, not on functions inside them,
    which would be made at every call of the outer one and their checks with them."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:  # noqa: N802 - ast's
        body, node.body = node.body, []
        super().visit_FunctionDef(node)
        node.body = body
        return node
