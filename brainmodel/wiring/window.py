"""What a brain is given for a window of time, held against what it is made for."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from brainmodel.wiring.state import BrainState


def require_window(
    shapes: Mapping[str, Sequence[int]], inputs: Mapping[str, Tensor], reset: Tensor
) -> None:
    """Refuse a window that would be read in another way than it is meant.

    Args:
        shapes: of the inputs by name, without time and batch.
        inputs: by name, [time, batch, *shape].
        reset: [time, batch] bool.

    Raises:
        ValueError: in one sentence.
    """
    if not isinstance(reset, Tensor) or reset.dtype != torch.bool or reset.ndim != 2:
        raise ValueError(
            f"reset is {_told(reset)}: give bool [time, batch], true where a stream begins anew"
        )
    if 0 in reset.shape:
        raise ValueError(f"reset has shape {tuple(reset.shape)}: give one step and stream or more")
    for name, shape in shapes.items():
        if name not in inputs:
            there = ", ".join(inputs) or "none"
            raise ValueError(
                f"inputs: there is no {name!r}, which the brain needs; there are {there}"
            )
        given, wanted = inputs[name], (*reset.shape, *shape)
        if not isinstance(given, Tensor) or given.is_complex() or tuple(given.shape) != wanted:
            raise ValueError(
                f"inputs.{name} is {_told(given)}: give real numbers [time, batch, "
                f"{', '.join(map(str, shape))}], of shape {wanted} as reset is {tuple(reset.shape)}"
            )
        if given.requires_grad and torch.is_grad_enabled():
            raise ValueError(
                f"inputs.{name} requires grad, and no rule brings one to an input: detach it, or "
                "take the steps one by one (`Brain.step`), which autograd follows"
            )


def require_state(units: Mapping[str, Sequence[int]], state: BrainState, batch: int) -> None:
    """Refuse a state of other areas, or of another number of streams; ValueError in one sentence.

    Args:
        units: of areas by name.
        state: that a window is to begin with.
        batch: streams of the window.
    """
    if set(state.areas) != set(units):
        raise ValueError(
            f"state is of areas {', '.join(state.areas)}: give one of {', '.join(units)}"
        )
    for name, shape in units.items():
        held, wanted = tuple(state.areas[name].rate.shape), (batch, *shape)
        if held != wanted:
            raise ValueError(
                f"state of areas.{name} has shape {held}: give that of a window of {batch} streams "
                f"of this brain, {wanted}, or none where all begin"
            )


def _told(given: object) -> str:
    if isinstance(given, Tensor):
        return f"{str(given.dtype).removeprefix('torch.')} of shape {tuple(given.shape)}"
    return type(given).__name__
