"""Random numbers that depend on nothing but what they are for: the stream, the trial, the step.

Philox4x32-10 turns a counter of four 32-bit words into four others that look random, under a key of
two words: Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11.
There is no state that goes on from number to number, so all streams and trials are drawn at once,
in whatever order and by whichever process, and are the same.

    counter = (number, its upper half, stream, which four)      key = hash of (seed, part, purpose)
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainmodel.data.streams import Share

Words = NDArray[np.uint64]
"""32-bit words, each in the lower half of 64 bits."""
Uniform = NDArray[np.float64]
"""Numbers in [0, 1), multiples of 2^-32."""

ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
BUMPS = (0x9E3779B9, 0xBB67AE85)  # of the key, after each round
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, ...]:
    """Four words for each counter; arrays of any shapes that broadcast.

    Args:
        counter: four words.
        key: two.
    """
    a, b, c, d = counter
    for turn in range(ROUNDS):
        first, second = (
            np.uint64((word + turn * bump) & 0xFFFFFFFF)
            for word, bump in zip(key, BUMPS, strict=True)
        )
        one, other = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (other >> HALF) ^ b ^ first, other & LOW, (one >> HALF) ^ d ^ second, one & LOW
    return a, b, c, d


class CounterDraws:
    """The random numbers of one purpose, for all streams of a part of the data.

    Args:
        share: whose seed and part they are.
        purpose: a number of one's own for each thing that is drawn.
    """

    def __init__(self, share: Share, purpose: int) -> None:
        mixed = np.random.SeedSequence([share.seed, int(share.part), purpose])
        first, second = mixed.generate_state(2, np.uint32)
        self.key = int(first), int(second)

    def uniform(self, stream: ArrayLike, number: ArrayLike, count: int) -> Uniform:
        """Numbers in [0, 1), [count, ...].

        Args:
            stream: its number, [...].
            number: of the trial or the step, from 0, [...]; the two broadcast.
            count: how many for each of them.
        """
        streams, numbers = (np.asarray(values, dtype=np.uint64) for values in (stream, number))
        shape = np.broadcast_shapes(streams.shape, numbers.shape)
        fours = np.arange(-(-count // 4), dtype=np.uint64).reshape(-1, *[1] * len(shape))
        words = philox((numbers & LOW, numbers >> HALF, streams, fours), self.key)
        found = np.empty((len(fours), 4, *shape))
        for place, word in enumerate(words):
            np.multiply(word, 2.0**-32, out=found[:, place])
        return found.reshape(-1, *shape)[:count]

    def normal(self, stream: ArrayLike, number: ArrayLike, count: int) -> Uniform:
        """Normally distributed numbers of mean 0 and variance 1, [count, ...]; see `uniform`."""
        return box_muller(self.uniform(stream, number, 2 * -(-count // 2)))[:count]


def box_muller(uniform: Uniform) -> NDArray[np.float64]:
    """As many normal numbers of mean 0 and variance 1, from an even number of uniform ones.

    sqrt(-2 log(1 - u)) cos(2 pi v), and with the sine: Box & Muller (1958).

    Args:
        uniform: in [0, 1), [number, ...].
    """
    half = len(uniform) // 2
    far, angle = np.sqrt(-2 * np.log1p(-uniform[:half])), 2 * np.pi * uniform[half:]
    return np.concatenate([far * np.cos(angle), far * np.sin(angle)])


def whole(uniform: Uniform, count: ArrayLike) -> NDArray[np.int64]:
    """Integers numbers from 0 to count - 1, each as likely as the others, of uniform ones.

    Args:
        uniform: in [0, 1), [...].
        count: how many they may be, at most 2^20 (beyond it some would be likelier), [...].
    """
    return (uniform * np.asarray(count)).astype(np.int64)
