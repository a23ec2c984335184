"""Errors that the user reads, one sentence each; free of torch, for the command line's sake."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):  # noqa: N818 - what happened to the configuration
    """A configuration that is wrong; the message is one sentence for the user."""


class NotFinite(Exception):  # noqa: N818 - what happened to training
    """Something became infinite or no number; the message is one sentence for the user."""


@contextmanager
def named(place: str) -> Iterator[None]:
    """Errors raised inside begin with the place in the configuration they belong to."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
