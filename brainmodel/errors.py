"""Errors that the user reads, one sentence each. Free of torch, as the command line needs them."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):  # noqa: N818 - what happened to the configuration
    """A configuration that is wrong; the message is one sentence for the user."""


class NotFinite(Exception):  # noqa: N818 - what happened to training
    """Something became infinite or no number; the message is one sentence for the user."""


class Stopped(SystemExit):
    """Training was asked to stop, and has saved its last step; its code is the exit status."""


@contextmanager
def named(place: str) -> Iterator[None]:
    """Put the place in the configuration before the message of a ValueError raised inside."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
