"""Errors that the user reads, one sentence each. Free of torch, as the command line needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real


class Refused(Exception):  # noqa: N818 - what happened to the configuration
    """A configuration that is wrong; the message is one sentence for the user."""


class NotFinite(Exception):  # noqa: N818 - what happened to training
    """Something became infinite or no number; the message is one sentence for the user."""


class ProcessLost(Exception):  # noqa: N818 - what happened to another process
    """Another process of the run has ended; the message is one sentence for the user."""


class Unrecordable(Exception):  # noqa: N818 - what cannot be done with a window
    """A window that cannot be recorded; the message is a clause that says why."""


class TrainsAlone(Exception):  # noqa: N818 - what a run cannot do
    """A run that cannot learn together with other seeds; the message says why and what to do."""


class Stopped(SystemExit):
    """Training was asked to stop, and has saved its last step; its code is the exit status."""


def require_seconds(field: str, value: float, least: float, most: float) -> None:
    """Refuse a time that is implausible in seconds, as milliseconds are.

    Args:
        field: what it is, for the message.
        value: s.
        least: s, the shortest that is plausible.
        most: s, the longest.

    Raises:
        ValueError: in one sentence, if it is no number between the two, both included.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        if least <= value <= most:
            return
        meant = float(value) / 1000
        if abs(value) > 1 and least <= meant <= most:
            raise ValueError(
                f"{field} is {value:g} s: give seconds, not milliseconds ({meant:g}), from "
                f"{least:.3g} to {most:g}."
            )
    raise ValueError(f"{field} is {value!r}: give seconds, from {least:.3g} to {most:g}.")


@contextmanager
def named(place: str) -> Iterator[None]:
    """Put the place in the configuration before the message of a ValueError raised inside."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
