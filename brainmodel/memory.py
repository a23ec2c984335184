"""Whether what a configuration asks for fits into the memory of this machine: told beforehand.

The estimates are lower bounds, so that nothing is refused which would have fitted.
"""

import os
from functools import cache
from pathlib import Path

GROUP = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says what a container, or a job of a cluster, may use."""
NUMBER = 4
"""Bytes of a number in single precision."""


@cache
def memory() -> int:
    """Bytes of memory that this process may use at the most."""
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # no such question on this system
        return 2**63
    try:
        return min(most, int(GROUP.read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return most


def require_memory(field: str, value: object, numbers: float, remedy: str) -> None:
    """Refuse a value that makes more numbers than there is memory for.

    Args:
        field: what the option is called.
        value: of the option.
        numbers: that are held at the same time, in single precision.
        remedy: what would be right.

    Raises:
        ValueError: with the memory that would be needed and that there is.
    """
    if numbers * NUMBER > memory():
        needed, there = numbers * NUMBER / 2**30, memory() / 2**30
        raise ValueError(
            f"{field}: {value} needs {needed:,.0f} GB of memory or more, and this machine has "
            f"{there:,.0f}; {remedy}"
        )
