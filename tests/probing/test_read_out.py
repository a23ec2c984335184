"""Read-outs: means and amplitudes over patches, in the place of units."""

from pathlib import Path

import numpy as np
import pytest

from brainmodel.probing.activity import Pooled, Source, read_out, record_model
from brainmodel.probing.array_types import Floats
from tests.probing.brains import looking, pictures
from tests.probing.test_model_activity import SHOWN


def by_hand(values: Floats, shape: list[int], grid: int) -> tuple[Floats, Floats]:
    """Means and amplitudes [stimulus, step, feature], patch by patch."""
    maps = values.reshape(*values.shape[:2], *shape)
    deviations = maps - maps.mean(0)
    side = shape[1] // grid
    patches = [slice(k * side, (k + 1) * side) for k in range(grid)]
    means, amplitudes = [], []
    for channel in range(shape[0]):
        for y in patches:
            for x in patches:
                means.append(maps[:, :, channel, y, x].mean((2, 3)))
                square = deviations[:, :, channel, y, x] ** 2
                amplitudes.append(np.sqrt(square.mean((2, 3))))
    return np.stack(means, 2), np.stack(amplitudes, 2)


def test_means_and_amplitudes_are_those_of_each_patch() -> None:
    values = np.random.default_rng(0).normal(size=(5, 3, 2 * 8 * 8)).astype(np.float32)
    found = Pooled(grids=(1, 4))(values, values.mean(0), [2, 8, 8])
    each = [by_hand(values, [2, 8, 8], grid) for grid in (1, 4)]
    expected = np.concatenate([means for means, _ in each] + [a for _, a in each], 2)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    plain = Pooled(grids=(1, 4), amplitudes=False)(values, values.mean(0), [2, 8, 8])
    np.testing.assert_array_equal(plain, found[:, :, : 2 * (1 + 16)])


def test_an_amplitude_does_not_hang_on_the_phase_of_a_grating() -> None:
    phases = np.linspace(0, 2 * np.pi, 8, endpoint=False)[:, None, None, None]
    x = np.arange(8) * 2 * np.pi / 4
    gratings = np.cos(x + phases).repeat(8, 2).reshape(8, 1, -1)
    found = Pooled(grids=(2,))(gratings, gratings.mean(0), [1, 8, 8])
    assert np.ptp(found[:, :, :4], axis=0).max() < 1e-6, "whole periods have no mean"
    np.testing.assert_allclose(found[:, :, 4:], 0.5**0.5, rtol=1e-6)


def test_no_grid_is_finer_than_the_map_and_dense_units_stay_as_they_are() -> None:
    values = np.random.default_rng(1).normal(size=(4, 2, 32)).astype(np.float32)
    fine = Pooled(grids=(9,), amplitudes=False)(values, values.mean(0), [2, 4, 4])
    np.testing.assert_array_equal(fine, values)
    assert Pooled()(values, values.mean(0), [32]) is values
    with pytest.raises(ValueError, match=r"read_out\.grids: need 1 patch or more a side, got \[0"):
        Pooled(grids=(0, 2))


def test_brains_are_read_out_and_baselines_are_not(tmp_path: Path) -> None:
    brain = looking()
    recorded = record_model(brain, pictures(), SHOWN, ("rate", "error"))
    sources = {name: Source("trained", "a", 1, name) for name in recorded}
    pixels = Source("baseline", "pixels", None, "frames")
    activity = {sources[name]: areas for name, areas in recorded.items()}
    activity |= {pixels: {"pixels": recorded["rate"]["V1"]}}
    by = Pooled(grids=(2,))
    found = read_out(activity, brain, by, tmp_path)
    assert found[pixels] is activity[pixels] and list(tmp_path.iterdir()) == []
    assert read_out(activity, brain, None, tmp_path) is activity
    for name, shape in (("rate", brain.area("V1").units), ("error", brain.area("V1").errors)):
        values = np.asarray(recorded[name]["V1"])
        expected = by(values, values.mean(0), shape)
        np.testing.assert_array_equal(found[sources[name]]["V1"], expected)
