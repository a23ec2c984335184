"""Mismatch: what drifts stands still all at once, and prediction errors become larger.

    index = (error at the halt - error before) / (error at the halt + error before)

The error is the mean absolute prediction error of the unit's drive over `AFTER` steps from the
halt, and over as many before it. Keller, Bonhoeffer & Hübener (2012), Neuron 74:809, halted the
flow of a mouse's surroundings; there its own running foretold it, here only what was seen before.
"""

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.eye_of import show
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import CYCLE, eye_size, gratings, middle
from brainmodel.physiology.stimulus_checks import contrast_of, frequencies
from brainmodel.wiring.outside import ByAddress

DIRECTIONS = 16
AFTER = 2  # steps
BEFORE = 6  # steps that the curve shows


class Mismatch(Phenomenon):
    """Prediction errors while gratings drift, and when they halt.

    Args:
        cycles: spatial frequency, per frame width.
        contrast: of the gratings.
    """

    title = "Mismatch when flow halts"
    index = "(error at the halt - before) / (error at the halt + before)"
    published = "mouse V1, layer 2/3: above 0 in a part of the cells (Keller et al. 2012)"
    axis = "steps from the halt"
    samples = "prediction errors"
    nothing = "no area predicts its drive, or nothing of it moves"

    def __init__(self, cycles: float = 3, contrast: float = 0.8):
        self.cycles, self.contrast = frequencies(cycles), contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k) for k in range(-BEFORE, BEFORE)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; of areas that predict."""
        angle = 2 * torch.pi * torch.arange(DIRECTIONS) / DIRECTIONS
        drift = gratings(angle, self.contrast, self.cycles[0], eye_size(brain))
        frames = torch.cat([drift, drift[-1:].expand(CYCLE, -1, -1, -1)])
        found: dict[str, list[Tensor]] = {}
        for activities in show(brain, frames, gains):
            for name, own in activities.items():
                if brain.area(name).predictor is not None:
                    error = middle((own.drive - own.prediction).abs())
                    found.setdefault(name, []).append(error.cpu().float())
        return {name: _shown(torch.cat(own), len(drift)) for name, own in found.items()}


def _shown(error: Tensor, halt: int) -> Showing:
    """Of absolute errors [time, direction, drive]."""
    course = error.mean(1)
    after, before = course[halt : halt + AFTER].mean(0), course[halt - AFTER : halt].mean(0)
    index = (after - before) / (after + before)
    shown = course[halt - BEFORE : halt + BEFORE]
    return Showing(index, (shown / shown.amax(0).clamp_min(1e-12)).mean(1))
