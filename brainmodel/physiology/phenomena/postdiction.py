"""Postdiction: where a bar is taken to have been depends on what it does after the flash.

    index = (lead after it went on - lead after it turned back) / 2        in steps of the motion

A bar moves, and at the step of the flash it is at one place whatever comes. One frame later it has
gone on, has turned back, stands still, or is there no more. The lead is the centroid of the
prediction that is made from this frame, ahead of the place at the flash, over the speed. 0 for who
goes by what was before the flash alone; 1 for who repeats the last frame or keeps its course from
there; 2 for who carries the new motion on.

Eagleman & Sejnowski (2000), Science 287:2036, of observers, who see the bar ahead if it goes on, in
its place if it stops, and behind if it turns back; of a predictive network Lotter, Kreiman & Cox
(2020), Nat. Mach. Intell. 2:210 (both cited from memory).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.physiology.phenomena.flash_lag import (
    REACH,
    STEPS,
    WIDTH,
    bar,
    bars,
    energy_of,
    foreseen,
    leads,
)
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import eye_size
from brainmodel.physiology.stimulus_checks import contrast_of, require_above_zero
from brainmodel.wiring.outside import ByAddress

MOVED = (None, 0.0, -1.0, 1.0)  # after the flash: no more there, stopped, turned back, gone on


class Postdiction(Phenomenon):
    """Where bars are predicted that terminate, stop, reverse or continue after a flash.

    Args:
        speed: pixels per step.
        contrast: of the bars, bright and dark ones on gray.
    """

    title = "Postdiction"
    index = "(lead after it went on - after it turned back) / 2, in steps of the motion"
    published = "observers: above 0 (Eagleman & Sejnowski 2000)"
    axis = "0 ends, 1 stops, 2 turns, 3 goes on"
    samples = "bars"
    nothing = "no area predicts pictures, or none foresees the bars"
    smallest_eye = 16

    def __init__(self, speed: float = 1.0, contrast: float = 0.8):
        require_above_zero("speed", speed, (REACH - WIDTH / 2) / 2, "pixels per step")
        self.speed, self.contrast = speed, contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; one for each course."""
        return [float(k) for k in range(len(MOVED))]

    def frames(self, size: int) -> Float[Tensor, "time stream size size"]:
        """All bars in each of the courses, and gray, side by side; the last frame is gray."""
        streams = []
        for moved in MOVED:
            for angle, place, sign in bars():
                path = [place + self.speed * (k - STEPS) for k in range(1, STEPS + 1)]
                path += [] if moved is None else [place + moved * self.speed]
                shown = torch.full((STEPS + 2, size, size), 0.5)
                for t, at in enumerate(path):
                    shown[t] += 0.5 * sign * self.contrast * bar(angle, at, size)
                streams.append(shown)
        return torch.stack([*streams, torch.full_like(streams[0], 0.5)], dim=1)

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; of areas that predict pictures."""
        last = foreseen(brain, self.frames(eye_size(brain)), gains)
        return {name: self._shown(predicted) for name, predicted in last.items()}

    def _shown(self, predicted: Tensor) -> Showing:
        """Of predictions [stream, channel, size, size] of the frame after the next."""
        energy = energy_of(predicted).unflatten(0, (len(MOVED), -1))
        lead = leads(energy).float() / self.speed  # [course, bar]
        return Showing((lead[3] - lead[2]) / 2, lead.nanmean(1))
