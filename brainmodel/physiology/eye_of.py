"""Pictures shown to a brain, whatever its inputs are."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.wiring.outside import ByAddress
from brainmodel.wiring.state import BrainState
from objectives import Activity

PIECE = 8  # steps that are held at once


def eye_of(brain: Brain) -> str | None:
    """The first input that is a square picture, [1 or 3, size, size]; None if there is none."""
    for name, shape in brain.inputs.items():
        if len(shape) == 3 and shape[0] in (1, 3) and shape[1] == shape[2]:
            return name
    return None


def show(
    brain: Brain,
    frames: Tensor,
    gains: ByAddress | None = None,
    others: Mapping[str, Tensor] | None = None,
) -> Iterator[Mapping[str, Activity]]:
    """What areas do when their eye sees frames, and all other inputs are silent; piece by piece.

    Args:
        brain: the brain, which has an eye; it does not learn.
        frames: [time, stream, size, size] in [0, 1], gray; a stream begins at the first.
        gains: numbers by address, as of `Brain.forward`.
        others: further inputs that are not silent, by name, [time, stream, ...].

    Yields:
        activities of `PIECE` steps after the other, so that not all have to be held at once.
    """
    eye = eye_of(brain)
    assert eye is not None
    state: BrainState | None = None
    for start in range(0, len(frames), PIECE):
        piece = frames[start : start + PIECE].to(next(brain.parameters()))
        shape = piece.shape[:2]
        inputs = {name: piece.new_zeros(*shape, *own) for name, own in brain.inputs.items()}
        inputs[eye] = piece[:, :, None].expand(-1, -1, brain.inputs[eye][0], -1, -1).contiguous()
        for name, signal in (others or {}).items():
            inputs[name] = signal[start : start + PIECE].to(piece)
        reset = torch.zeros(shape, dtype=torch.bool, device=piece.device)
        reset[0] = start == 0
        with torch.no_grad():
            activities, state = brain(inputs, reset, state, gains)
        yield activities
