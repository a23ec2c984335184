"""Pictures shown to a brain, whatever its inputs are."""

from collections.abc import Mapping

import torch
from torch import Tensor

from brainmodel.brain import Brain
from objectives import Activity


def eye_of(brain: Brain) -> str | None:
    """The first input that is a square picture, [1 or 3, size, size]; None if there is none."""
    for name, shape in brain.inputs.items():
        if len(shape) == 3 and shape[0] in (1, 3) and shape[1] == shape[2]:
            return name
    return None


def show(brain: Brain, frames: Tensor) -> Mapping[str, Activity]:
    """What areas do when their eye sees frames, and all other inputs are silent.

    Args:
        brain: the brain, which has an eye; it does not learn.
        frames: [time, stream, size, size] in [0, 1], gray; a stream begins at the first.
    """
    eye = eye_of(brain)
    assert eye is not None
    frames = frames.to(next(brain.parameters()))
    steps, streams = frames.shape[:2]
    inputs = {n: frames.new_zeros(steps, streams, *shape) for n, shape in brain.inputs.items()}
    inputs[eye] = frames[:, :, None].expand(-1, -1, brain.inputs[eye][0], -1, -1).contiguous()
    reset = torch.zeros(steps, streams, dtype=torch.bool, device=frames.device)
    reset[0] = True
    with torch.no_grad():
        return brain(inputs, reset)[0]
