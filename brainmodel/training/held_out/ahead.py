"""How far ahead an area's rates tell what will drive it, beside what the last drives tell.

    brain       u_hat(t+k) = R_k h(t) + b
    linear      u_hat(t+k) = A_k u(t) + B_k u(t-1) + b
    repeating   u_hat(t+k) = u(t)

R, A and B are fitted by ridge to training streams, for each k by themselves: dense, or on maps
convolutions, R as wide as the area's predictor, A and B as far as one unit reaches (see
`linear_predictor`). Nothing is told of steps between which a stream began anew. Only of areas whose
drive comes from inputs alone: all other drives change as the brain learns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from sklearn.linear_model import Ridge
from torch import Tensor
from torch.nn import functional as F

from areas import Area
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.training.held_out.errors import follow_streams
from brainmodel.training.held_out.input_drives import from_inputs
from brainmodel.training.held_out.linear_predictor import (
    MOST_FEATURES,
    PENALTY,
    around,
    bordered,
    features_of,
    reach_of,
    some_places,
)
from brainmodel.training.held_out.tally import ALL, BRAIN, LINEAR, REPEATING, Tally
from brainmodel.training.processes import gather

Ahead = dict[str, dict[int, Tally]]
"""By area and number of steps."""


class Told(NamedTuple):
    """What is known at some steps, and what came some steps later; [step, ...], valid ones only."""

    rate: Tensor
    last: Tensor  # u(t)
    before: Tensor  # u(t-1); u(t) where the stream began at t
    came: Tensor  # u(t+k)


class LinearMap(NamedTuple):
    """A linear map between signals of units, or a convolution between maps."""

    weight: Tensor  # [to, from], or [to, from, reach, reach]
    bias: Tensor

    def __call__(self, signal: Tensor) -> Tensor:
        """Of signals [step, ...]."""
        if self.weight.dim() == 2:
            return F.linear(signal, self.weight, self.bias)
        return F.conv2d(bordered(signal, self.weight.shape[-1]), self.weight, self.bias)


def errors_ahead(
    brain: Brain,
    training: Iterable[Window],
    held_out: Iterable[Window],
    steps: Sequence[int],
    device: torch.device | None = None,
) -> Ahead:
    """Errors of predictions some steps ahead, on held-out streams.

    Args:
        brain: the brain; it does not learn.
        training: windows of streams from their beginning, to which read-outs are fitted.
        held_out: likewise, on which they are tried.
        steps: how far ahead, 1 or more.
        device: where to move windows.
    """
    names = [
        name
        for name in brain.areas
        if from_inputs(brain, name) and features_of(brain.area(name)) <= MOST_FEATURES
    ]
    samples: dict[tuple[str, int], list[list[Tensor]]] = {}
    for number, (name, k, told) in enumerate(_told(brain, training, names, steps, device)):
        samples.setdefault((name, k), []).append(_samples(brain.area(name), told, number))
    maps = {key: _fit(brain.area(key[0]), found) for key, found in samples.items()}
    tallies = {key: Tally() for key in maps}
    for name, k, told in _told(brain, held_out, names, steps, device):
        if (name, k) in maps:
            missed = _errors(told, *maps[name, k])
            everywhere = torch.ones(len(told.came), dtype=torch.bool)
            tallies[name, k].see(missed, {ALL: everywhere})
    found: Ahead = {}
    for (name, k), tally in tallies.items():
        found.setdefault(name, {})[k] = tally.of_all_processes()
    return found


def _told(
    brain: Brain,
    windows: Iterable[Window],
    names: Sequence[str],
    steps: Sequence[int],
    device: torch.device | None,
) -> Iterator[tuple[str, int, Told]]:
    """What was known and what came, by area and number of steps, window for window."""
    past: dict[str, tuple[Tensor, ...]] = {}
    for _, activities in follow_streams(brain, windows if names else (), device):
        for name in names:
            own = activities[name]
            new = own.rate, own.drive, ~own.valid
            held = past.get(name)
            whole = new if held is None else tuple(map(torch.cat, zip(held, new, strict=True)))
            early = len(whole[0]) - len(own.valid)
            for k in steps:
                told = _pairs(whole, early, k)
                if len(told.came):
                    yield name, k, told
            past[name] = tuple(signal[-max(steps) - 1 :] for signal in whole)


def _pairs(whole: Sequence[Tensor], early: int, k: int) -> Told:
    """Of all steps from `early` on, what was known k steps before, and what came.

    Args:
        whole: rates, drives, and where streams began, [time, batch, ...].
        early: the first step that has not been asked for.
        k: how far ahead.
    """
    rate, drive, begun = whole
    first = max(early, k + 1)
    known = slice(first - k, len(drive) - k)
    broken = torch.stack([begun[first - j : len(drive) - j] for j in range(k)]).any(0)
    last, earlier = drive[known], drive[first - k - 1 : len(drive) - k - 1]
    fresh = begun[known].view(*begun[known].shape, *[1] * (drive.dim() - 2))
    earlier = torch.where(fresh, last, earlier)
    return Told(*(signal[~broken] for signal in (rate[known], last, earlier, drive[first:])))


def _samples(area: Area, told: Told, number: int) -> list[Tensor]:
    """Rates, drives and what came, [sample, feature] each; of maps, around some places."""
    if told.came.dim() == 2:
        return [told.rate, torch.cat([told.last, told.before], 1), told.came]
    assert area.predictor is not None
    places, reach = some_places(area, number), reach_of(area)
    drives = [around(signal, reach, places) for signal in (told.last, told.before)]
    came = rearrange(told.came.flatten(2)[:, :, places], "n c p -> (n p) c")
    return [around(told.rate, area.predictor.kernel, places), torch.cat(drives, 1), came]


def _fit(area: Area, samples: Sequence[Sequence[Tensor]]) -> tuple[LinearMap, LinearMap]:
    """From rates, and from the last two drives; by ridge, on the samples of all processes."""
    own = [torch.cat(parts).cpu().numpy() for parts in zip(*samples, strict=True)]
    rate, drives, came = (np.concatenate(parts) for parts in zip(*gather(own), strict=True))
    return _ridge(area, rate, came, area.units[0]), _ridge(area, drives, came, 2 * area.drive[0])


def _ridge(area: Area, known: np.ndarray, came: np.ndarray, channels: int) -> LinearMap:
    """A linear map, of `channels` of maps if it is one between maps."""
    ridge = Ridge(alpha=PENALTY).fit(known, came)
    weight = torch.from_numpy(np.atleast_2d(ridge.coef_)).to(area.bias)
    bias = torch.from_numpy(np.atleast_1d(ridge.intercept_)).to(area.bias)
    if len(area.drive) == 3:
        reach = round((weight.shape[1] / channels) ** 0.5)
        weight = weight.view(len(weight), channels, reach, reach)
    return LinearMap(weight, bias)


def _errors(told: Told, from_rate: LinearMap, from_drives: LinearMap) -> Mapping[str, Tensor]:
    """Mean squared errors [step] by prediction."""
    guesses = {
        BRAIN: from_rate(told.rate),
        REPEATING: told.last,
        LINEAR: from_drives(torch.cat([told.last, told.before], 1)),
    }
    return {
        name: (told.came - guess).square().flatten(1).mean(1) for name, guess in guesses.items()
    }
