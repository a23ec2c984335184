"""Mismatch of the eye's own movement: what is seen stands still although the eye moves on.

    index = (error, copy goes on - error, copy halts) / (sum of both)

The eye moves over a grating, and its efference copy tells the brain so. Then what is seen halts,
to the same frame in both cases: the copy goes on to tell of movement (a mismatch), or had told of
the halt (the eye did stop). The error is the mean absolute prediction error of the unit's drive
over `AFTER` steps from the halt. Frames are the same, so the difference is of the copy alone; 0 for
a brain that does not listen to it.

Keller, Bonhoeffer & Hübener (2012), Neuron 74:809, who halted the flow that a mouse's own running
made.
"""

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.checks import require_whole
from brainmodel.physiology.eye_of import show
from brainmodel.physiology.phenomena.mismatch import AFTER, BEFORE, DIRECTIONS
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import CYCLE, eye_size, gratings, middle
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

MOTION = "motion"
"""The input that tells how the eye moves, as `Photographs` gives it: [2 or 3], in pixels."""


class MismatchOfOwnMovement(Phenomenon):
    """Prediction errors when what is seen halts, and the eye is told to have moved on or not.

    Args:
        cycles: spatial frequency, per frame width.
        contrast: of the gratings.
        lead: steps by which the brain was told of movements before they came (that of its data).
    """

    title = "Mismatch of the eye's own movement"
    index = "(error when the copy goes on - when it halts) / (sum of both)"
    published = "mouse V1, layer 2/3: above 0 in a part of the cells (Keller et al. 2012)"
    axis = "steps from the halt, while the copy goes on"
    samples = "prediction errors"
    nothing = "no area predicts its drive, or nothing of it moves"
    needs_motion = True

    def __init__(self, cycles: float = 3, contrast: float = 0.8, lead: int = 1):
        require_whole("lead", lead, 0, CYCLE)
        self.cycles, self.contrast, self.lead = frequencies(cycles), contrast_of(contrast), lead

    def require(self, brain: Brain) -> None:
        """See `Phenomenon.require`; it needs an efference copy."""
        super().require(brain)
        if tuple(brain.inputs.get(MOTION, ())) not in ((2,), (3,)):
            raise ValueError(
                f"this brain has no input {MOTION!r}, the efference copy of how its eye moves; "
                "train one that has (configs/corollary_discharge.yaml), or leave it out"
            )

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k) for k in range(-BEFORE, BEFORE)]

    def stimuli(self, size: int) -> tuple[Tensor, Tensor, int]:
        """Frames [time, stream, size, size], movements [time, stream, 2] in pixels, and the halt.

        The second half of the streams sees the same and is told of the halt. To see a grating
        drift one way the eye moves the other way.
        """
        angle = 2 * torch.pi * torch.arange(DIRECTIONS) / DIRECTIONS
        drift = gratings(angle, self.contrast, self.cycles[0], size)
        frames = torch.cat([drift, drift[-1:].expand(CYCLE, -1, -1, -1)])
        step = size / (self.cycles[0] * CYCLE)  # pixels
        moved = -step * torch.stack([angle.cos(), angle.sin()], dim=1)
        going = moved.expand(len(frames), -1, -1)
        told = going.clone()
        told[len(drift) - self.lead :] = 0
        return torch.cat([frames, frames], 1), torch.cat([going, told], 1), len(drift)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; of areas that predict."""
        frames, moved, halt = self.stimuli(eye_size(brain))
        copy = moved.new_zeros(*moved.shape[:2], *brain.inputs[MOTION])
        copy[..., :2] = moved
        found: dict[str, list[Tensor]] = {}
        for activities in show(brain, frames, gains, {MOTION: copy}):
            for name, own in activities.items():
                if brain.area(name).predictor is not None:
                    error = middle((own.drive - own.prediction).abs())
                    found.setdefault(name, []).append(error.cpu().float())
        return {name: _shown(torch.cat(own), halt) for name, own in found.items()}


def _shown(error: Tensor, halt: int) -> Showing:
    """Of absolute errors [time, stream, drive], of which the second half were told of the halt."""
    on, told = error.unflatten(1, (2, -1)).mean(2).unbind(1)  # [time, drive]
    goes_on, stops = (own[halt : halt + AFTER].mean(0) for own in (on, told))
    shown = on[halt - BEFORE : halt + BEFORE]
    curve = (shown / shown.amax(0).clamp_min(1e-12)).mean(1)
    return Showing((goes_on - stops) / (goes_on + stops), curve)
