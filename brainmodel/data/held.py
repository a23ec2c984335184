"""Streams whose frames are held: each is shown for several steps, so that inference may settle.

    input(t) = frame( t // hold ),      label "last"(t) = whether t is the last step of its frame

An objective that counts where "last" is true learns from what inference settled on.
"""

import torch
from torch import Tensor

from brainmodel.data.loaders import Windows
from brainmodel.data.window import Window

LAST = "last"
"""The label that is true at the last step of each frame."""


class HeldStream:
    """Streams with every step held for several.

    Args:
        frames: streams of a step for each frame.
        hold: steps for which each is held, 2 or more.
    """

    def __init__(self, frames: Windows, hold: int):
        self.frames, self.hold = frames, hold

    def window(self, index: int) -> Window:
        """Window `index`: whole frames; a stream begins anew at the first step of one."""
        inputs, reset, labels = self.frames.window(index)
        phase = torch.arange(len(reset) * self.hold) % self.hold
        last = (phase == self.hold - 1)[:, None].expand(-1, reset.shape[1])
        begins = self._held(reset) & (phase == 0)[:, None]
        return Window(
            {name: self._held(signal) for name, signal in inputs.items()},
            begins,
            {name: self._held(label) for name, label in labels.items()} | {LAST: last.clone()},
        )

    def _held(self, signal: Tensor) -> Tensor:
        return signal.repeat_interleave(self.hold, 0)


def require_whole_frames(hold: int, **steps: int) -> None:
    """Refuse numbers of steps in which frames would be cut.

    Args:
        hold: steps for which each frame is held.
        steps: by the name of an option.

    Raises:
        ValueError: naming the option.
    """
    for field, value in steps.items():
        if value % hold:
            raise ValueError(
                f"{field} is {value!r}: give a multiple of hold, {hold} steps, so that no frame is "
                "cut."
            )
