"""Random numbers by counter: against the published answers, and as random as they should be."""

import numpy as np
import pytest
from numpy.typing import NDArray

from brainmodel.data.streams import Part, Share
from brainmodel.data.tasks.counter_draws import CounterDraws, box_muller, philox, whole

SHARE = Share(seed=7, part=Part.TRAINING, first=0, batch=2, steps=5, episode=10)


def words(*numbers: int) -> tuple[NDArray[np.uint64], ...]:
    return tuple(np.array([number], dtype=np.uint64) for number in numbers)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # kat_vectors of Random123, the code of Salmon et al. (2011)
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    one, two, three, four = words(*counter)
    assert tuple(int(word[0]) for word in philox((one, two, three, four), key)) == expected


def test_a_number_depends_on_its_place_alone() -> None:
    draws = CounterDraws(SHARE, 0)
    streams, numbers = np.arange(6), np.arange(1000, 1010)[:, None]
    everywhere = draws.uniform(streams, numbers, 7)
    assert everywhere.shape == (7, 10, 6)
    for stream, number in ((0, 1000), (5, 1009), (2, 1003)):
        alone = CounterDraws(SHARE, 0).uniform(stream, number, 7)
        assert np.array_equal(alone, everywhere[:, number - 1000, stream])
    assert np.array_equal(draws.uniform(streams, numbers, 3), everywhere[:3])
    far = 2**32 + 1000  # the upper half of the number counts, too
    assert not np.array_equal(draws.uniform(0, far, 7), everywhere[:, 0, 0])


def test_every_purpose_part_and_seed_has_numbers_of_its_own() -> None:
    shares = [SHARE, SHARE._replace(part=Part.TEST), SHARE._replace(seed=8)]
    keys = {CounterDraws(share, purpose).key for share in shares for purpose in (0, 1)}
    assert len(keys) == 6
    assert CounterDraws(SHARE, 0).key == CounterDraws(SHARE._replace(first=4, batch=9), 0).key


def test_uniform_numbers_are_uniform_and_do_not_know_each_other() -> None:
    drawn = CounterDraws(SHARE, 0).uniform(np.arange(50), np.arange(400)[:, None], 6)
    assert 0 <= drawn.min() < drawn.max() < 1
    count = np.bincount(whole(drawn, 20).ravel(), minlength=20)
    expected = drawn.size / 20
    assert ((count - expected) ** 2 / expected).sum() < 43.8, "chi-square of 19, p = .001"
    centred = drawn - 0.5
    pairs = [
        (centred[:, :-1], centred[:, 1:]),  # of successive trials
        (centred[..., :-1], centred[..., 1:]),  # of neighbouring streams
        (centred[:-1], centred[1:]),  # within a trial
    ]
    for one, other in pairs:
        correlation = (one * other).mean() * 12
        assert abs(correlation) < 4 / np.sqrt(one.size)


def test_normal_numbers_are_normal() -> None:
    drawn = CounterDraws(SHARE, 1).normal(np.arange(50), np.arange(400)[:, None], 5)
    assert drawn.shape == (5, 400, 50)
    size = drawn.size
    assert abs(drawn.mean()) < 4 / np.sqrt(size)
    assert abs(drawn.var() - 1) < 4 * np.sqrt(2 / size)
    assert abs((drawn**4).mean() - 3) < 4 * np.sqrt(96 / size)
    assert (np.abs(drawn) < 1.959964).mean() == pytest.approx(0.95, abs=4 * 0.22 / np.sqrt(size))
    assert abs((drawn[0] * drawn[3]).mean()) < 4 / np.sqrt(drawn[0].size)  # cosine and sine


def test_box_and_muller_by_hand() -> None:
    found = box_muller(np.array([1 - np.exp(-2.0), 0.0, 0.25, 0.5]))
    np.testing.assert_allclose(found, [0.0, 0.0, 2.0, 0.0], atol=1e-12)


def test_whole_numbers_are_below_their_count() -> None:
    assert whole(np.array([0.0, 0.24, 0.26, 0.999999]), 4).tolist() == [0, 0, 1, 3]
    assert whole(np.array([0.5, 0.5]), np.array([2, 10])).tolist() == [1, 5]
