"""How signatures are checked in tests: types and shapes of what goes in and comes out of a call."""

import random
from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype
from beartype._check.code import codemain

PACKAGES = ["areas", "objectives", "brainmodel.learning"]
"""Whose signatures are checked. Training pays nothing: the check is put in by the tests alone."""

# Of a list one item is checked, drawn at random. It is not to be drawn from Python's own generator,
# whose state training keeps in checkpoints.
codemain.getrandbits = random.Random(0).getrandbits  # pyright: ignore[reportPrivateImportUsage]
_check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # a whole number will do for a float


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing arguments and results that are not as its signature says."""
    return _check(function)
