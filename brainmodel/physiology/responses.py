"""What units answer to stimuli that lie side by side as streams, each beside gray.

The response r to a drifting grating is the larger of what the mean rate of the last cycle rises
above that to gray (complex cells) and of the amplitude of the rate at the frequency with which bars
pass (simple cells).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.gratings import drifting_grating
from brainmodel.physiology.eye_of import eye_of, show
from brainmodel.wiring.outside import ByAddress

CYCLE = 12  # steps in which a bar passes
CYCLES = 2  # that are shown; the last one counts, when the beginning has been forgotten
FAINT = 1e-3  # of the area's strongest response: weaker ones are none

Frames = Float[Tensor, "time stream size size"]
RateCourse = Float[Tensor, "time stream unit"]
ByGrating = Float[Tensor, "stream unit"]


def eye_size(brain: Brain) -> int:
    """Pixels along a side of the eye's image."""
    eye = eye_of(brain)
    assert eye is not None
    return brain.inputs[eye][1]


def rates_of(brain: Brain, frames: Frames, gains: ByAddress | None = None) -> dict[str, RateCourse]:
    """Rates of each area; of maps those of the units in the middle.

    Args:
        brain: the brain, which has an eye; it does not learn and is left as it was.
        frames: in [0, 1].
        gains: numbers by address.
    """
    found: dict[str, list[Tensor]] = {}
    for activities in show(brain, frames, gains):
        for name, activity in activities.items():
            found.setdefault(name, []).append(middle(activity.rate).cpu().float())
    return {name: torch.cat(own) for name, own in found.items()}


def middle(rate: Tensor) -> RateCourse:
    """[time, stream, unit] of rates [time, stream, *units]; of a map the unit in its middle."""
    return rate[..., rate.shape[3] // 2, rate.shape[4] // 2] if rate.dim() == 5 else rate


def grating_responses(
    brain: Brain, frames: Frames, gains: ByAddress | None = None
) -> dict[str, ByGrating]:
    """Responses, 0 or more, of each area to gratings that drift once in `CYCLE` steps.

    Args:
        brain: the brain, which has an eye.
        frames: of `CYCLE` steps or more; a stream of gray is shown beside them.
        gains: numbers by address.
    """
    found = rates_of(brain, with_gray(frames), gains)
    return {name: _responses(rate) for name, rate in found.items()}


def with_gray(frames: Frames) -> Frames:
    """Frames with one stream more, of gray."""
    return torch.cat([frames, torch.full_like(frames[:, :1], 0.5)], dim=1)


def gratings(
    directions: Tensor, contrast: float, cycles: float, size: int, window: Tensor | None = None
) -> Frames:
    """Gratings of `CYCLES` * `CYCLE` steps, a stream for each direction.

    Args:
        directions: [stream] radians.
        contrast: in [0, 1].
        cycles: per frame width.
        size: pixels.
        window: [stream, size, size] from 0 (gray) to 1 (grating); the whole frame unless given.
    """
    phase = torch.arange(CYCLES * CYCLE) / CYCLE
    each = torch.meshgrid(phase, directions, indexing="ij")
    full = torch.full_like(each[0], contrast)
    frames = drifting_grating(each[1], each[0], full, cycles, size)
    return frames if window is None else 0.5 + (frames - 0.5) * window


def responsive(responses: Float[Tensor, "... unit"]) -> Tensor:
    """Whether a unit responds to any stimulus of all axes before the last, [unit] bool."""
    largest = responses.flatten(0, -2).amax(0)
    return largest > FAINT * largest.max()


def _responses(rate: RateCourse) -> ByGrating:
    """Of rates whose last stream is that to gray."""
    cycle = rate[-CYCLE:]
    rise = cycle[:, :-1].mean(0) - cycle[:, -1:].mean(0)
    amplitude = torch.fft.rfft(cycle[:, :-1], dim=0)[1].abs() * 2 / CYCLE
    return torch.maximum(rise, amplitude)
