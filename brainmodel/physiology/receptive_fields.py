"""Receptive fields by reverse correlation with noise.

    F_l(y, x) = sum over steps and places of ( r(t) - mean r ) s(t - l, y, x)

of the noise s around a unit, l steps before. Units of a map share their synapses, so that all
places of a map are averaged. Source: Chichilnisky (2001), doi:10.1088/0954-898X/12/2/306, eq. 3;
for noise that is white up to the blur of the eye they are the linear filters, blurred.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

from brainmodel.brain import Brain
from brainmodel.physiology.eye_of import eye_of, show
from brainmodel.wiring.outside import ByAddress

WARM = 4  # steps until the beginning has been forgotten


def receptive_fields(
    brain: Brain,
    area: str,
    lags: int = 2,
    reach: int = 7,
    frames: int = 1000,
    seed: int = 0,
    gains: ByAddress | None = None,
) -> Tensor | None:
    """Of an area's maps, [lag, map, pixel, pixel], each scaled to a largest value of 1.

    Args:
        brain: the brain; it does not learn and is left as it was.
        area: whose units lie in maps.
        lags: steps before a response; 0 is the frame at which it is.
        reach: pixels to each side of the middle of a unit's place.
        frames: of noise, in all.
        seed: of the noise.
        gains: what is silenced meanwhile, numbers by address.

    Returns:
        None if the brain has no eye, the area no maps, or these do not divide the eye's image.
    """
    eye, units = eye_of(brain), brain.area(area).units
    if eye is None or len(units) != 3 or brain.inputs[eye][1] % units[1]:
        return None
    size = brain.inputs[eye][1]
    stride = size // units[1]
    noise = _blurred(_white(frames // 16 + WARM + lags, size, seed))
    width, first = 2 * reach + stride, WARM + lags
    fields = torch.zeros(lags, units[0], width, width)
    start = 0
    for activities in show(brain, (0.5 + 0.2 * noise[:, :, 0]).clamp(0, 1), gains):
        rate = activities[area].rate.cpu().float()
        counted = rate[max(0, first - start) :]
        counted = counted - counted.mean((0, 1, 3, 4), keepdim=True)
        stop = start + len(rate)
        for lag in range(lags if len(counted) else 0):
            seen = noise[stop - len(counted) - lag : stop - lag].flatten(0, 1)
            around = F.pad(seen, [reach] * 4)
            shape = (units[0], 1, width, width)
            fields[lag] += conv2d_weight(around, shape, counted.flatten(0, 1), stride=stride)[:, 0]
        start = stop
    largest = fields.abs().amax((0, 2, 3), keepdim=True)
    return fields / largest.clamp_min(1e-12)


def _white(steps: int, size: int, seed: int) -> Tensor:
    """Noise, [step, stream, 1, size, size], of variance 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, 16, 1, size, size, generator=generator)


def _blurred(noise: Tensor) -> Tensor:
    """White noise as an eye sees it, of variance 1: blurred by a Gaussian of one pixel."""
    line = torch.exp(-0.5 * torch.arange(-3.0, 4.0).square())
    kernel = line[:, None] * line
    kernel = kernel / kernel.square().sum().sqrt()
    return F.conv2d(noise.flatten(0, 1), kernel[None, None], padding=3).view_as(noise)
