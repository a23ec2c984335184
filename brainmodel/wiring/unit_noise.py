"""Noise of units: each has its own, and the same whatever the windows, the batch and the processes.

    I(t) = synaptic currents + deviation n(t),     n(t) normal, of mean 0 and variance 1

It is added to the currents onto which the drive has synapses, to each by itself, and is independent
from unit to unit, step to step and stream to stream (see `stream_noise`).
"""

from math import prod
from zlib import crc32

import torch
from torch import Tensor

from brainmodel.learning.credit.stream_noise import Noise, noise_at_start
from brainmodel.wiring.outside import ByAddress, current_into, currents_of, gains_of, open_gains
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


def from_outside(
    brain: Wiring,
    reset: Tensor,
    state: BrainState,
    gains: ByAddress | None = None,
    currents: ByAddress | None = None,
) -> tuple[dict[str, Tensor], BrainState]:
    """All that comes from outside in a window besides its inputs; see `outside`.

    Args:
        brain: the brain; areas get gains where some are given.
        reset: of the window, [time, batch].
        state: before the window.
        gains: by address.
        currents: by address.

    Returns:
        gains and currents by the names under which they stand among inputs; the state, with the
        noise of streams that begin where units have noise.

    Raises:
        ValueError: as of `gains_of`, `currents_of` and `open_gains`.
    """
    found = gains_of(brain, gains or {}, reset) | currents_of(brain, currents or {}, reset)
    open_gains(brain, found, state)
    if not brain.noise:
        return found, state
    stands = state.noise or noise_at_start(reset[0])
    for name, current in noise_currents(brain, stands, len(reset)).items():
        key = current_into(name)
        found[key] = found[key] + current if key in found else current
    return found, state._replace(noise=stands)


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
        reached = area.cell.receives("drive", area.units[0]).to(area.bias)
        shape = (len(area.bias), *area.units[1:])
        seed = noise.seed + crc32(name.encode())
        drawn = [stands.later(t).normal(seed, prod(shape), area.bias) for t in range(steps)]
        size = noise.deviation * reached.view(-1, *[1] * (len(shape) - 1))
        found[name] = size * torch.stack(drawn).unflatten(2, shape)
    return found
