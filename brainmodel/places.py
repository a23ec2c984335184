"""Errors that say to which place of the configuration they belong."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def named(place: str) -> Iterator[None]:
    """Errors raised inside begin with the place in the configuration they belong to."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
