"""Random numbers that depend on seed, stream, step and place alone: drawn again, they are the same.

A rule sees a window twice, when it learns and when it remembers, and both must meet the same noise.
So a number is not taken from a generator but computed from where it stands, by the mixing function
of Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators" (SplitMix64). What
is carried from window to window, saved and moved to a device, is where each stream stands.
"""

from abc import abstractmethod
from typing import NamedTuple

import torch
import torch.distributed
from jaxtyping import Float, Int64, Shaped
from torch import Tensor

from areas import Area
from areas.record import Record
from brainmodel.learning.rule import Memory, Rule

GAMMA = -0x61C8864680B583EB  # the odd number next to 2^64 over the golden ratio, as signed
FIRST, SECOND = -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15


class Noise(NamedTuple):
    """Where the noise of each stream stands."""

    stream: Int64[Tensor, "batch"]  # which stream it is, of all processes
    clock: Int64[Tensor, "batch"]  # steps so far

    def later(self, steps: int = 1) -> "Noise":
        """The noise so many steps later."""
        return self._replace(clock=self.clock + steps)

    def signs(self, seed: int, count: int, like: Tensor) -> Float[Tensor, "batch count"]:
        """-1 or 1 with equal chances, of the dtype of `like`."""
        return 1 - 2 * (self._bits(seed, count) & 1).to(like.dtype)

    def normal(self, seed: int, count: int, like: Tensor) -> Float[Tensor, "batch count"]:
        """Standard normal numbers, of the dtype of `like`."""
        uniform = ((self._bits(seed, count) & (2**23 - 1)).to(like.dtype) + 0.5) / 2**23
        return torch.special.ndtri(uniform)

    def _bits(self, seed: int, count: int) -> Int64[Tensor, "batch count"]:
        place = torch.arange(1, count + 1, device=self.stream.device)
        mixed = _mix(_mix(seed + self.stream * GAMMA) + self.clock * GAMMA)
        return _mix(mixed[:, None] + place * GAMMA)


class NoisyRule(Rule):
    """A rule with noise of its own, different in each stream.

    Args:
        seed: of the noise. Areas of one seed and size share their noise.
    """

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    @abstractmethod
    def begin(self, area: Area, noise: Noise) -> Memory:
        """What the rule remembers of streams that begin."""

    def begun(self, area: Area, record: Record, memory: Memory) -> Memory:
        """The memory before a window; before the very first, that of streams that begin."""
        return self.begin(area, noise_at_start(record.currents[0])) if memory is None else memory


def noise_at_start(like: Shaped[Tensor, "batch ..."]) -> Noise:
    """Noise of streams that begin: one for each row of `like`, different in every process."""
    batch, device = like.shape[0], like.device
    rank = 0
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        rank = torch.distributed.get_rank()
    stream = torch.arange(rank * batch, (rank + 1) * batch, device=device)
    return Noise(stream, torch.zeros_like(stream))


def _mix(z: Tensor) -> Tensor:
    """SplitMix64's finaliser on signed 64-bit numbers, which wrap around."""
    z = (z ^ _shift(z, 30)) * FIRST
    z = (z ^ _shift(z, 27)) * SECOND
    return z ^ _shift(z, 31)


def _shift(z: Tensor, bits: int) -> Tensor:
    """Logical shift to the right; torch's own keeps the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)
