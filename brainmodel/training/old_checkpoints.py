"""Checkpoints of earlier versions: old names, which `brainmodel migrate` renews, and old shapes."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from areas.keys import BIAS, of_units
from brainmodel.moved_names import PACKAGES, WEIGHTS
from brainmodel.old_names import old_names, renamed
from brainmodel.training.checkpoint import content_of
from brainmodel.wiring.wiring import Wiring

log = logging.getLogger(__name__)


def migrated(path: Path) -> tuple[dict[str, Any], list[str]]:
    """A checkpoint with the names of today, and what changed in it, a line each.

    Weights keep their values. Streams whose states are of classes that are gone are left out: they
    begin anew when training goes on.

    Raises:
        Refused: if it is no checkpoint of a brain.
    """
    content = content_of(path)
    plain = content.get("hyper_parameters")
    names = old_names(plain, "model").items()
    lines = [f"{field}: {old} -> {new}" for field, (old, new) in names]
    made = content | ({"hyper_parameters": renamed(plain, "model")} if lines else {})
    weights = {name: _weights_name(name) for name in content["state_dict"]}
    if renames := {old: new for old, new in weights.items() if old != new}:
        made["state_dict"] = {weights[name]: w for name, w in content["state_dict"].items()}
        lines += [f"weights: {old} -> {new}" for old, new in renames.items()]
    gone = sorted({name for name in _classes(content.get("streams")) if not _is_there(name)})
    if gone:
        made["streams"] = []
        lines.append(f"streams: left out, they begin anew (there is no {', '.join(gone)} now)")
    return made, lines


def without_constants(
    content: dict[str, Any], brain: Wiring, parts: Sequence[Mapping[str, Any]]
) -> None:
    """Take what are constants of a cell today out of the biases of a checkpoint, in place.

    They stood behind the biases, and the optimizer had states of them. Streams begin anew, for
    what rules remember has the shapes of the biases. A checkpoint of today stays as it is.

    Args:
        content: of the checkpoint.
        brain: the brain that it is for.
        parts: the optimizer's parameter groups, in order.
    """
    weights, cut = content["state_dict"], {}
    for name in brain.areas:
        area, key = brain.area(name), f"brain.areas.{name}.{of_units(BIAS)}"
        before, now = len(area.at_rest), len(area.bias)
        if before > now and key in weights and len(weights[key]) == before:
            weights[key] = weights[key][:now].clone()
            cut[id(area.bias)] = now
    if not cut:
        return
    log.warning("the checkpoint is of an earlier version: its streams begin anew")
    content["streams"] = []
    for optimizer in content.get("optimizer_states", []):
        for part, saved in zip(parts, optimizer["param_groups"], strict=True):
            for parameter, place in zip(part["params"], saved["params"], strict=True):
                state = optimizer["state"].get(place, {})
                if id(parameter) in cut:
                    long = {k: v for k, v in state.items() if torch.is_tensor(v) and v.dim() == 1}
                    state |= {k: v[: cut[id(parameter)]].clone() for k, v in long.items()}


def write(content: dict[str, Any], place: Path) -> None:
    """Write a checkpoint."""
    torch.save(content, place)


def _weights_name(name: str) -> str:
    """What weights are called now."""
    for old, new in WEIGHTS.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def _classes(packed: Any) -> Iterator[str]:
    """The classes that `checkpoint.pack` has written down, as "module:name"."""
    if isinstance(packed, dict):
        if isinstance(packed.get("class"), str):
            yield packed["class"]
        for value in packed.values():
            yield from _classes(value)
    elif isinstance(packed, list):
        for value in packed:
            yield from _classes(value)


def _is_there(name: str) -> bool:
    """Whether a class is not ours, or is where it was."""
    module, _, kind = name.partition(":")
    if module.partition(".")[0] not in PACKAGES:
        return True
    try:
        return hasattr(import_module(module), kind)
    except ModuleNotFoundError:
        return False
