"""The V4 benchmark: what an area adds is nothing for a copy, what is planted for news."""

import numpy as np
import pytest

from benchmarks.v4_encoding import V4, alike, encode, encode_beside, figures, pool
from brainmodel.probing.metrics import Responses, RidgeEncoding
from brainmodel.probing.recordings import Stimuli


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def test_an_area_adds_what_the_baselines_lack_and_no_more() -> None:
    known, news = drawn(300, 6), drawn(300, 6, seed=1)
    signal = known @ drawn(6, 8, seed=2) + news @ drawn(6, 8, seed=3)
    responses = Responses(signal[:, None], np.arange(300))
    stimuli = Stimuli(np.zeros((300, 1, 2, 2, 1)), np.array([0.0, 1.0]))
    held = V4(responses, stimuli, {"pixels + edges": known})
    plain, copy = encode(known, held), known @ drawn(6, 20, seed=4)
    assert plain == pytest.approx(RidgeEncoding()(known, responses).value) and plain < 0.9
    little = 0.01  # r that ridge loses or gains by chance in 300 images
    assert encode(copy, held) == pytest.approx(plain, abs=little)
    assert encode_beside(copy, held) == pytest.approx(plain, abs=little)
    assert encode_beside(news, held) == pytest.approx(1, abs=little)


def test_matrices_are_compared_with_each_subject() -> None:
    patterns = drawn(12, 5)
    own = 1 - np.corrcoef(patterns)[np.triu_indices(12, 1)]
    assert alike(patterns, np.stack([own, -own])) == pytest.approx(0, abs=1e-9)
    assert alike(patterns, own[None] ** 3) == pytest.approx(1, abs=1e-9)  # ranks alone count


def test_gains_are_those_of_a_seed_over_its_own_beginning() -> None:
    found = [{0: {"V4": 0.1}, 9: {"V4": 0.3}}, {0: {"V4": 0.4}, 9: {"V4": 0.5}}]
    values = {figure.what: list(figure.values) for figure in figures(found)}
    assert values["V4, 9 steps: gain"] == pytest.approx([0.2, 0.1])
    assert values["V4, 0 steps"] == [0.1, 0.4] and "V4, 0 steps: gain" not in values


def test_maps_are_pooled_over_grids_and_dense_areas_left_alone() -> None:
    maps = drawn(40, 3, 8, 8)
    pooled = pool(maps)
    assert [grid.shape for grid in pooled] == [(40, 12), (40, 48), (40, 192)]
    means = maps.reshape(40, 3, 2, 4, 2, 4).mean((3, 5))
    assert pooled[0] == pytest.approx(np.moveaxis(means, 1, -1).reshape(40, -1))
    assert pooled[2] == pytest.approx(np.moveaxis(maps, 1, -1).reshape(40, -1))
    (dense,) = pool(maps[:, :, 0, 0])
    assert dense == pytest.approx(maps[:, :, 0, 0])
