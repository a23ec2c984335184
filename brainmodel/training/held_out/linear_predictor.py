"""The best linear predictor of a drive, of an area's reach: what a brain must beat to be of use.

    u_hat(t) = A u(t-1) + B u(t-2) + b            A, B: dense, or convolutions for maps

Fitted by ridge (scikit-learn) to drives of training streams. On maps A and B reach as far as the
area does through one unit, from its receptive field to its predictor's; beyond its border a map
goes on as its last places, so that no border is predicted worse than need be. At the step after a
stream began there is no u(t-2), and u(t-1) stands for it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from sklearn.linear_model import Ridge
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_map_only

from areas import Area
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.training.held_out.input_drives import drive_of, from_inputs
from brainmodel.training.processes import gather

STEPS = 11_520  # of streams, to which it is fitted
MOST_FEATURES = 5_000  # that it may have; of a larger drive there is none
NUMBERS = 4e7  # that are held for a fit, about; fewer places of a map are looked at for it
PENALTY = 0.1  # of the ridge: on the sum of squared weights, in squared units of the drive


class LinearPredictor(NamedTuple):
    """Weights on the last drive and on the one before it, and what is predicted of silence."""

    last: Tensor  # [drive, drive], or of maps [channel, channel, reach, reach]
    before: Tensor  # likewise
    bias: Tensor  # [drive], or [channel]

    def __call__(self, last: Tensor, before: Tensor) -> Tensor:
        """The next drives, from the last and those before them, each [step, *drive]."""
        if self.last.dim() == 2:
            return F.linear(last, self.last, self.bias) + F.linear(before, self.before)
        reach = self.last.shape[-1]
        found = F.conv2d(bordered(last, reach), self.last, self.bias)
        return found + F.conv2d(bordered(before, reach), self.before)

    def to(self, device: torch.device) -> "LinearPredictor":
        """The same on a device."""
        return LinearPredictor(*(weights.to(device) for weights in self))


def fit_linear(
    brain: Brain, windows: Iterable[Window], device: torch.device | None = None
) -> dict[str, LinearPredictor]:
    """One for each area whose drive comes from inputs alone (`from_inputs`) and is not too large.

    There is none where windows are shorter than 3 steps.

    In a run of several processes they are fitted to the streams of all.

    Args:
        brain: the brain, whose pathways bring inputs to areas.
        windows: of training streams.
        device: where to move windows; they stay where they are unless given.
    """
    areas = {
        name: brain.area(name)
        for name in brain.areas
        if from_inputs(brain, name) and features_of(brain.area(name)) <= MOST_FEATURES
    }
    samples: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in areas}
    for number, window in enumerate(windows if areas else ()):
        if device is not None:
            window = tree_map_only(Tensor, lambda value: value.to(device), window)
        for name, area in areas.items():
            drive = drive_of(brain, name, window.inputs)
            assert drive is not None  # windows have all inputs
            if len(drive) > 2:
                samples[name].append(_samples(drive, ~window.reset, area, number))
    return {name: _fit(areas[name], found) for name, found in samples.items() if found}


def reach_of(area: Area) -> int:
    """Width of what reaches a place's prediction through one unit, in places of the drive."""
    assert area.predictor is not None
    if len(area.drive) == 1:
        return 1
    return int(area.synapses["recurrent"].weight.shape[-1]) + area.predictor.kernel - 1


def bordered(maps: Tensor, reach: int) -> Tensor:
    """Maps [step, channel, height, width] that go on beyond their borders as their last places."""
    return F.pad(maps, [reach // 2] * 4, mode="replicate")


def two_before(drive: Tensor, valid: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
    """The last drives and those before them, each as `drive`.

    Args:
        drive: [time, batch, *drive].
        valid: [time, batch] bool, false where a stream began.
        past: the two drives before the window, [2, batch, *drive].
    """
    whole = torch.cat([past, drive])
    last, before = whole[1:-1], whole[:-2]
    begun = torch.cat([torch.zeros_like(valid[:1]), ~valid[:-1]])  # at the step before
    return last, torch.where(begun.view(*begun.shape, *[1] * (drive.dim() - 2)), last, before)


def features_of(area: Area) -> int:
    """How many numbers a prediction is made of."""
    return 2 * area.drive[0] * reach_of(area) ** 2


def _samples(drive: Tensor, valid: Tensor, area: Area, number: int) -> tuple[Tensor, Tensor]:
    """What is known, [sample, feature], and what came, [sample, drive], in a window of a number."""
    drive, valid = drive.cpu().double(), valid.cpu()
    last, before = two_before(drive[2:], valid[2:], drive[:2])
    before = torch.where(valid[1:-1].view(*last.shape[:2], *[1] * (last.dim() - 2)), before, last)
    counts = valid[2:].flatten()
    known = [signal.flatten(0, 1)[counts] for signal in (last, before)]
    came = drive[2:].flatten(0, 1)[counts]
    if came.dim() == 2:
        return torch.cat(known, dim=1), came
    places = some_places(area, number)
    near = [around(signal, reach_of(area), places) for signal in known]
    return torch.cat(near, dim=1), rearrange(came.flatten(2)[:, :, places], "n c p -> (n p) c")


def around(maps: Tensor, reach: int, places: Tensor) -> Tensor:
    """What lies around some places of maps, [step * place, channel * reach * reach]."""
    windows = bordered(maps, reach).unfold(2, reach, 1).unfold(3, reach, 1)
    width = maps.shape[3]
    chosen = windows[:, :, places // width, places % width]
    return rearrange(chosen, "n c p y x -> (n p) (c y x)")


def some_places(area: Area, number: int) -> Tensor:
    """Some places of a map, others in each window, the same in all streams."""
    count = area.drive[1] * area.drive[2]
    some = max(1, min(8, round(NUMBERS / (STEPS * features_of(area)))))
    return torch.from_numpy(np.random.default_rng(number).permutation(count)[:some])


def _fit(area: Area, samples: list[tuple[Tensor, Tensor]]) -> LinearPredictor:
    """By ridge, on the samples of all processes."""
    known, came = (torch.cat(parts) for parts in zip(*samples, strict=True))
    everywhere = gather((known, came))
    known, came = (torch.cat(parts) for parts in zip(*everywhere, strict=True))
    ridge = Ridge(alpha=PENALTY).fit(known.numpy(), came.numpy())
    weights = torch.from_numpy(np.atleast_2d(ridge.coef_)).to(area.bias)
    bias = torch.from_numpy(np.atleast_1d(ridge.intercept_)).to(area.bias)
    last, before = weights.chunk(2, dim=1)
    if len(area.drive) == 3:
        reach = reach_of(area)
        last, before = (w.reshape(-1, area.drive[0], reach, reach) for w in (last, before))
    return LinearPredictor(last, before, bias)
