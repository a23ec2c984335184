"""Kinds of windows: whatever the host decides in one that a recording has frozen.

Windows of one kind may be replayed from one recording. What a kind is made of: shapes and types of
all tensors, where weights lie, whether streams begin, which schedules stand at 0 or at 1, what
every part of the brain holds besides tensors of its own, and torch's own settings.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten

from areas.loops.precision import kind_of_products
from brainmodel.wiring.wiring import Wiring

OF_MODULES = frozenset(vars(nn.Module())) - {"training"}
"""What torch keeps in every part of a brain; its parameters, buffers and parts are looked at."""
LISTENERS = "_listeners"
"""Who only looks on; they are told of replays, too."""
PLAIN = (bool, int, float, str, type(None), torch.dtype, torch.device)

WindowKind = Mapping[str, Hashable]
"""What the host decides, by what it is called."""


class Same:
    """An object, which equals itself alone; held, so that no other gets its place."""

    def __init__(self, thing: object):
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


def kind_of(brain: Wiring, given: Any, reset: Tensor) -> dict[str, Hashable]:
    """The kind of a window; the device is waited for once, to learn whether streams begin.

    Args:
        brain: the brain.
        given: a tree of all that the window is computed from, `reset` included.
        reset: [time, batch] bool.
    """
    leaves, spec = tree_flatten(given)
    found: dict[str, Hashable] = {"the form of what it is given": str(spec)}
    found["whether streams begin"] = bool(reset.any())
    found |= {f"value {place} of what it is given": _told(v) for place, v in enumerate(leaves)}
    found["schedules"] = tuple(levels_of(brain).values())
    found |= held_by(brain)
    found["settings of torch"] = _settings(reset.device.type)
    return found


def levels_of(brain: Wiring) -> dict[int, float | None]:
    """Levels that decide how a window is computed, by the `id` of their schedule.

    None for those between 0 and 1, which are but a number.
    """
    age = brain.steps_taken
    now = {id(schedule): schedule.level(age) for schedule in brain.schedules}
    return {own: float(level) if level in (0, 1) else None for own, level in now.items()}


def held_by(brain: Wiring) -> dict[str, Hashable]:
    """What the parts of a brain hold, by its name."""
    found: dict[str, Hashable] = {}
    for name, part in brain.named_modules():
        own = vars(part)
        for key in own.keys() - OF_MODULES - {LISTENERS}:
            found[f"{name}.{key}"] = _value(own[key])
        for key, tensor in (*own["_parameters"].items(), *own["_buffers"].items()):
            if tensor is not None:
                found[f"{name}.{key}"] = tensor.data_ptr(), tensor.requires_grad, _told(tensor)
    return found


def differing(kind: WindowKind, other: WindowKind) -> Iterator[str]:
    """What two kinds differ in."""
    for name in kind.keys() | other.keys():
        if name not in kind or name not in other or kind[name] != other[name]:
            yield name.removeprefix(".")


def _told(leaf: Any) -> Hashable:
    if isinstance(leaf, Tensor):
        return leaf.shape, leaf.dtype, leaf.device
    return _value(leaf)


def _value(value: Any) -> Hashable:
    """Numbers and words as they are, what a container holds, and else which object it is."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, dict):
        return tuple((key, _shallow(own)) for key, own in value.items())
    if isinstance(value, list | tuple):
        return tuple(_shallow(own) for own in value)
    return Same(value)


def _shallow(value: Any) -> Hashable:
    return value if isinstance(value, PLAIN) else Same(value)


def _settings(device: str) -> Hashable:
    return (
        torch.is_autocast_enabled(device),
        torch.get_autocast_dtype(device),
        kind_of_products(),
        torch.get_default_dtype(),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.allow_tf32,
    )
