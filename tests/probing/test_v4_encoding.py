"""The V4 benchmark's unique part: nothing for a copy of the baselines, what is planted for news."""

import numpy as np
import pytest

from benchmarks.v4_encoding import Session, judge, pool
from brainmodel.probing.metrics import Responses, RidgeEncoding
from brainmodel.probing.recordings import Stimuli


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def test_an_area_adds_what_the_baselines_lack_and_no_more() -> None:
    known, news = drawn(300, 6), drawn(300, 6, seed=1)
    signal = known @ drawn(6, 8, seed=2) + news @ drawn(6, 8, seed=3)
    responses = Responses(signal[:, None], np.arange(300))
    stimuli = Stimuli(np.zeros((300, 1, 2, 2, 1)), np.array([0.0, 1.0]))
    held = Session(responses, stimuli, {"pixels + edges": known})
    plain = RidgeEncoding()(known, responses)
    copy = judge(known @ drawn(6, 20, seed=4), plain, held)
    assert copy.alone == pytest.approx(plain.value, abs=0.01)
    assert copy.unique == pytest.approx(0, abs=0.01)
    assert copy.low < 0.01
    new = judge(news, plain, held)
    assert plain.value + new.unique == pytest.approx(1, abs=0.01)
    assert 0.1 < new.low < new.unique < new.high


def test_maps_are_pooled_over_grids_and_dense_areas_left_alone() -> None:
    maps = drawn(40, 3, 8, 8)
    pooled = pool(maps)
    assert [grid.shape for grid in pooled] == [(40, 12), (40, 48), (40, 192)]
    means = maps.reshape(40, 3, 2, 4, 2, 4).mean((3, 5))
    assert pooled[0] == pytest.approx(np.moveaxis(means, 1, -1).reshape(40, -1))
    assert pooled[2] == pytest.approx(np.moveaxis(maps, 1, -1).reshape(40, -1))
    (dense,) = pool(maps[:, :, 0, 0])
    assert dense == pytest.approx(maps[:, :, 0, 0])
