"""Recorded windows: on a graphics processor each is one launch forward and one back.

The first window of each kind (`brainmodel.engines.kinds`) is computed as it is written, the second
is recorded, and from then on it is replayed. What a window is computed from (inputs, labels, the
state of streams, levels of schedules) is copied into the recording before each replay, and what
comes of it copied out, so nothing else knows of it. The same numbers, random ones included; but
where streams begin at some step of a window, states of all its steps are multiplied by 0 or 1, and
sums are made in another order.
"""

import torch

from brainmodel.engines.recorder import CudaGraphs, Recorder
from brainmodel.wiring.engine import Engine
from brainmodel.wiring.wiring import Wiring


class Replayed(Engine):
    """Whole windows of training recorded as CUDA graphs; literal steps as they are written.

    Where a window cannot be recorded there is one warning, with the reason, and windows are
    computed as they are written.

    Args:
        kinds: how many kinds of windows may be recorded, 1 or more; each keeps the memory of one
            window. Where there are more, none is recorded any more.
        recorder: what records them; CUDA graphs unless given, and then only on a graphics
            processor.

    Raises:
        ValueError: if `kinds` is below 1.
    """

    def __init__(self, kinds: int = 8, recorder: Recorder | None = None):
        if kinds < 1:
            raise ValueError(f"engine.kinds: need 1 or more kinds of windows, got {kinds}")
        self.kinds, self.recorder = kinds, recorder

    def require_serves(self, brain: Wiring, *, literal: bool) -> None:
        """See `Engine.require_serves`."""
        del literal
        if brain.environments:
            raise ValueError(
                f"engine: Replayed cannot record what environments reply, and there is "
                f"{next(iter(brain.environments))}; leave engine out"
            )

    def recorder_on(self, device: torch.device) -> Recorder | None:
        """What records windows on a device, made anew if it is not given; None if nothing can."""
        if self.recorder is not None:
            return self.recorder
        return CudaGraphs() if device.type == "cuda" else None
