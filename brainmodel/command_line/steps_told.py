"""What will take the steps of a brain, in words, as far as its config tells."""

from collections.abc import Iterator, Mapping
from pydoc import locate
from typing import Any

import torch

from areas.loops.triton_kernel import which_loops_on
from brainmodel.engines import Plain
from brainmodel.scopes import Local

NAMES = {"cpu": "the CPU", "cuda": "a graphics processor"}
"""Of kinds of devices; others have their own."""


def steps_told(files: Mapping[str, Any]) -> Iterator[str]:
    """Sentences on what takes steps on the devices that a config may mean.

    Args:
        files: the config, as it was parsed.
    """
    for device in _devices(files["trainer"].get("accelerator") or "auto"):
        where = NAMES.get(device, device)
        yield f"On {where}, steps are taken by {steps_on(device, files['model'])}."


def steps_on(device: str, model: Mapping[str, Any]) -> str:
    """What takes steps on a kind of device; cells may still stand in the way of native loops.

    Args:
        device: "cpu", "cuda", ...
        model: the section of the config.
    """
    scope, engine = _kind(model.get("scope"), Local), _kind(model.get("engine"), Plain)
    loops = which_loops_on(device)
    if not scope.steps_literally:
        return loops
    how = "tensor calls" if engine is Plain else f"the engine {engine.__name__}"
    return f"{how} where the brain learns (scope {scope.__name__}), else by {loops}"


def _devices(accelerator: str) -> list[str]:
    """The kinds that a config means; where it leaves it to the machine, those of other machines."""
    if accelerator == "auto":
        return ["cuda"] if torch.cuda.is_available() else ["cpu", "cuda"]
    return ["cuda" if accelerator == "gpu" else accelerator]


def _kind(part: Any, usual: type) -> Any:
    """The class of a part, or the usual one where the config says nothing of it."""
    path = part.get("class_path") if isinstance(part, Mapping) else None
    return locate(path) if path else usual
