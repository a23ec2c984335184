"""Noise of units: each has its own, and the same whatever the windows, the batch and the processes.

    I(t) = synaptic currents + deviation n(t),     n(t) normal, of mean 0 and variance 1

It is added to the currents onto which the drive has synapses, to each by itself, and is independent
from unit to unit, step to step and stream to stream (see `stream_noise`).
"""

from math import prod
from zlib import crc32

import torch
from torch import Tensor

from brainmodel.learning.credit.stream_noise import Noise
from brainmodel.wiring.wiring import Wiring


def noise_currents(brain: Wiring, stands: Noise, steps: int) -> dict[str, Tensor]:
    """Noise [time, batch, current * unit, ...] by area whose units have some.

    Args:
        brain: the brain.
        stands: where the noise of each stream stands before the window.
        steps: of the window.
    """
    found = {}
    for name, noise in brain.noise.items():
        area = brain.area(name)
        reached = area.get_buffer("noisy").to(area.bias)
        shape = (len(area.bias), *area.units[1:])
        seed = noise.seed + crc32(name.encode())
        drawn = [stands.later(t).normal(seed, prod(shape), area.bias) for t in range(steps)]
        size = noise.deviation * reached.view(-1, *[1] * (len(shape) - 1))
        found[name] = size * torch.stack(drawn).unflatten(2, shape)
    return found
