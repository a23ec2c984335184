"""Flash lag: of two bars that are seen at one place, that which moves is foreseen ahead.

    index = (centroid of the predicted moving bar - that of the predicted flash) / speed

in steps, along the motion. Both bars were seen last at the same place and at the same step; the
predictions are those of the next frame. 0 for who repeats the last frame, 1 for who carries on the
motion. A centroid is that of |prediction - prediction to gray|, within `REACH` pixels of the bar.

Nijhawan (1994), Nature 370:256, of observers; of a predictive network Lotter, Kreiman & Cox (2020),
Nat. Mach. Intell. 2:210.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.figures import views
from brainmodel.physiology.eye_of import show
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import FAINT, eye_size
from brainmodel.physiology.stimulus_checks import contrast_of, require_above_zero
from brainmodel.wiring.outside import ByAddress

STEPS = 10  # for which the bar has moved
DIRECTIONS, WIDTH, REACH = 8, 2, 5  # pixels
PLACES = (-2.0, 0.0, 2.0)  # pixels from the middle, at which the bars are seen


class FlashLag(Phenomenon):
    """Where bars that move, and bars that are flashed, are predicted.

    Args:
        speed: pixels per step.
        contrast: of the bars, bright and dark ones on gray.
    """

    title = "Flash lag"
    index = "lead of the moving bar over the flash, in steps of the motion"
    published = "observers: some 80 ms (Nijhawan 1994); PredNet: above 0 (Lotter et al. 2020)"
    axis = "pixels ahead of where the moving bar is seen"
    samples = "bars"
    nothing = "no area predicts pictures, or none foresees the bars"
    smallest_eye = 16

    def __init__(self, speed: float = 1.0, contrast: float = 0.8):
        require_above_zero("speed", speed, REACH - WIDTH / 2, "pixels per step")
        self.speed, self.contrast = speed, contrast_of(contrast)

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`."""
        return [float(k) for k in range(-REACH, REACH + 1)]

    def frames(self, size: int) -> Float[Tensor, "time stream size size"]:
        """Moving bars, flashed ones and gray, side by side; the last frame is gray for all."""
        moving, flashed = [], []
        for angle, place, sign in bars():
            path = place + self.speed * torch.arange(1.0 - STEPS, 1)
            course = torch.stack([bar(angle, float(at), size) for at in path])
            course = 0.5 + 0.5 * sign * self.contrast * course
            flash = torch.full_like(course, 0.5)
            flash[-1] = course[-1]
            moving.append(course)
            flashed.append(flash)
        both = torch.stack([*moving, *flashed, torch.full_like(moving[0], 0.5)], dim=1)
        return torch.cat([both, torch.full_like(both[:1], 0.5)])

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; of areas that predict pictures."""
        last = foreseen(brain, self.frames(eye_size(brain)), gains)
        return {name: self._shown(predicted) for name, predicted in last.items()}

    def _shown(self, predicted: Tensor) -> Showing:
        """Of predictions [stream, channel, size, size] of the frame after the bars."""
        moving, flashed = energy_of(predicted).unflatten(0, (2, -1))
        lead = leads(moving) - leads(flashed)
        ahead = torch.stack([along(a, moving.shape[-1]) - p for a, p, _ in bars()])
        bins = torch.stack([(ahead.round() == k).double() for k in self.points(0)])
        curve = (moving * bins).sum((1, 2, 3)) / bins.sum((1, 2, 3))
        curve = curve / curve.max().clamp_min(1e-12)
        return Showing(lead.float() / self.speed, curve.float())


def foreseen(
    brain: Brain, frames: Float[Tensor, "time stream size size"], gains: ByAddress | None
) -> dict[str, Float[Tensor, "stream channel size size"]]:
    """What areas that predict pictures foresee at the last of some frames."""
    last: dict[str, Tensor] = {}
    for activities in show(brain, frames, gains):
        seen = views(brain, activities)
        last = {name: predicted[-1] for name, (_, predicted, _) in seen.items()}
    return {n: p for n, p in last.items() if brain.area(n).predictor is not None}


def energy_of(
    predicted: Float[Tensor, "stream channel size size"],
) -> Float[Tensor, "bar size size"]:
    """How much of a bar is predicted where: the distance to what is predicted of gray, the last."""
    return (predicted[:-1] - predicted[-1:]).abs().sum(1).double()


def leads(energy: Float[Tensor, "*course bar size size"]) -> Float[Tensor, "*course bar"]:
    """How far the centroid of what is predicted lies ahead of each of `bars`, pixels; not a number
    where next to nothing is."""
    ahead = torch.stack([along(a, energy.shape[-1]) - p for a, p, _ in bars()])
    near = energy * (ahead.abs() <= REACH)
    seen = near.sum((-2, -1))
    seen = torch.where(seen > FAINT * seen.max(), seen, torch.nan)
    return (near * ahead).sum((-2, -1)) / seen


def bars() -> list[tuple[float, float, float]]:
    """Direction (radians), place (pixels along it) and sign of each bar."""
    angles = [2 * math.pi * k / DIRECTIONS for k in range(DIRECTIONS)]
    return [(a, p, sign) for a in angles for p in PLACES for sign in (1.0, -1.0)]


def along(angle: float, size: int) -> Tensor:
    """How far each pixel lies along a direction from the middle, [size, size]."""
    place = torch.arange(size, dtype=torch.double) - (size - 1) / 2
    return math.cos(angle) * place + math.sin(angle) * place[:, None]


def bar(angle: float, at: float, size: int) -> Tensor:
    """1 on a bar across a direction, `at` pixels along it, [size, size]."""
    return (WIDTH / 2 - (along(angle, size) - at).abs() + 0.5).clamp(0, 1).float()
