"""Noise that is a function of seed, stream, step and place: independent, and the same again."""

import pytest
import torch

from brainmodel.learning.credit.stream_noise import Noise, noise_at_start

LIKE = torch.zeros((), dtype=torch.float64)


def at(streams: list[int], clock: int = 0) -> Noise:
    return Noise(torch.tensor(streams), torch.full((len(streams),), clock))


def test_the_finaliser_is_that_of_splitmix64() -> None:
    """Against whole numbers of Python's, which do not wrap around."""
    from brainmodel.learning.credit.stream_noise import _mix

    for value in (0, 1, 12345, -1, 2**62, -(2**63)):
        z = value % 2**64
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        assert int(_mix(torch.tensor(value))) % 2**64 == z ^ (z >> 31)


def test_noise_does_not_depend_on_who_else_is_in_the_batch() -> None:
    together = at([0, 1, 2], clock=5).signs(3, 7, LIKE)
    alone = torch.cat([at([k], clock=5).signs(3, 7, LIKE) for k in range(3)])
    assert torch.equal(together, alone)


@pytest.mark.parametrize("other", ["seed", "stream", "step", "place"])
def test_seeds_streams_steps_and_places_have_noise_of_their_own(other: str) -> None:
    """Correlations of 10 000 signs are those of chance, and not of one with itself."""
    first = at([0]).signs(0, 10_000, LIKE)[0]
    second = {
        "seed": at([0]).signs(1, 10_000, LIKE)[0],
        "stream": at([1]).signs(0, 10_000, LIKE)[0],
        "step": at([0]).later().signs(0, 10_000, LIKE)[0],
        "place": first.roll(1),
    }[other]
    assert abs(float((first * second).mean())) < 0.04  # four standard errors
    assert float((first * first).mean()) == 1.0
    assert abs(float(first.mean())) < 0.04


def test_normal_numbers_have_the_moments_of_a_normal_distribution() -> None:
    normal = at([4]).normal(0, 100_000, LIKE)[0]
    for power, moment in ((1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)):
        assert float(normal.pow(power).mean()) == pytest.approx(moment, abs=0.1)


def test_normal_numbers_are_finite_in_single_precision() -> None:
    assert at([0]).normal(0, 10**6, LIKE.float()).isfinite().all()


def test_streams_that_begin_are_numbered() -> None:
    noise = noise_at_start(torch.zeros(3, 2))
    assert noise.stream.tolist() == [0, 1, 2] and noise.clock.tolist() == [0, 0, 0]
