"""Brains that differ in more than their weights are refused: they would become one of a kind."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from areas import Area
from brainmodel.brain import Brain

DRAWN = ("seed",)
"""What each seed may have of its own."""
KEPT = ("_kernels", "_count", "_listeners", "reused", "_handles")
"""What parts note of their own use."""
TORCH = frozenset(vars(nn.Module()))


def require_alike(brains: Sequence[Brain]) -> None:
    """Refuse brains that are not alike but for their weights.

    Args:
        brains: two or more.

    Raises:
        ValueError: naming the first difference.
    """
    if len(brains) < 2:
        raise ValueError(f"brains: need two or more to train together, got {len(brains)}")
    for k, brain in enumerate(brains[1:], 1):
        if brain is brains[0]:
            raise ValueError(f"brains: number {k} is the first once more; make one for each seed")
        if brain.steps_taken != brains[0].steps_taken:
            raise ValueError(
                f"brains: number {k} has taken {brain.steps_taken} steps, the first "
                f"{brains[0].steps_taken}; begin all at one age"
            )
        place = difference(brains[0], brain, set())
        if place is not None:
            raise ValueError(
                f"brains: number {k} differs from the first in {place}; seeds together are alike "
                "but for their weights"
            )


def difference(
    one: Any, other: Any, seen: set[tuple[int, int]], place: str = "brain"
) -> str | None:
    """Where two objects differ in more than numbers of tensors; None if nowhere.

    Args:
        one, other: whatever a brain is made of.
        seen: pairs that have been looked at.
        place: what they are, in words.
    """
    if one is other or (id(one), id(other)) in seen:
        return None
    seen.add((id(one), id(other)))
    if type(one) is not type(other):
        return place
    if isinstance(one, Tensor):
        same = one.shape == other.shape and one.dtype == other.dtype and one.device == other.device
        return None if same and one.requires_grad == other.requires_grad else place
    for name, mine, theirs in _inner(one, other):
        if (found := difference(mine, theirs, seen, f"{place}.{name}".rstrip("."))) is not None:
            return found
    return None if _same_content(one, other) else place


def _inner(one: Any, other: Any) -> list[tuple[Any, Any, Any]]:
    """Pairs of what is within two objects of one type, by name; a missing one is None."""
    if isinstance(one, Mapping):
        return [(key, one.get(key), other.get(key)) for key in dict.fromkeys([*one, *other])]
    if isinstance(one, list | tuple):
        if len(one) != len(other):
            return [("", len(one), len(other))]
        return [(k, *pair) for k, pair in enumerate(zip(one, other, strict=True))]
    if isinstance(one, partial):
        return [(n, getattr(one, n), getattr(other, n)) for n in ("func", "args", "keywords")]
    own, theirs = _attributes(one), _attributes(other)
    return [(key, own.get(key), theirs.get(key)) for key in dict.fromkeys([*own, *theirs])]


def _attributes(part: Any) -> dict[str, Any]:
    """What an object holds, but for what each seed may have of its own."""
    if callable(part) and hasattr(part, "__code__") or not hasattr(part, "__dict__"):
        return {}
    if isinstance(part, type):
        return {}
    left_out = {*DRAWN, *KEPT} | (TORCH if isinstance(part, nn.Module) else set())
    found = {name: value for name, value in vars(part).items() if name not in left_out}
    if isinstance(part, nn.Module):
        for kind in ("_parameters", "_buffers", "_modules"):
            found |= vars(part)[kind]
    if isinstance(part, Area):
        found.pop("constants")
    return found


def _same_content(one: Any, other: Any) -> bool:
    """Whether two objects are alike that hold nothing, or all of which has been looked at."""
    if callable(one) and hasattr(one, "__code__"):
        return one.__code__ is other.__code__
    if isinstance(one, Mapping | list | tuple | partial) or _attributes(one):
        return True
    if hasattr(one, "__dict__") and not isinstance(one, type):
        return True
    return bool(one == other) or one != one
