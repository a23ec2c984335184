"""Figures that correct use of the public recordings finds, to two digits, from the raw files."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from benchmarks import recordings as recordings_told
from brainmodel.probing.metrics import Responses, RidgeEncoding, grouped_folds, refuse_leakage
from brainmodel.probing.metrics.ridge_encoding import PENALTIES
from brainmodel.probing.recordings.readers import images92, macaque_v4
from brainmodel.probing.recordings.readers.mouse_multiarea import read_mouse_multiarea, read_trials
from brainmodel.probing.recordings.readers.mouse_sequences import read_mouse_sequences
from brainmodel.probing.recordings.readers.mouse_unexpected import read_differences, read_traces
from brainmodel.probing.scores import PerStimulus
from brainmodel.probing.statistics import unexpected_effect


@pytest.mark.parametrize("name", recordings_told.CLAIMS)
def test_figures_are_those_told_of_the_recordings(recordings: Path, name: str) -> None:
    for what, found, told, within in recordings_told.CLAIMS[name](recordings / name):
        assert found == pytest.approx(told, abs=within), what


def test_figures_that_are_off_would_be_noticed(recordings: Path) -> None:
    human, *_ = recordings_told.images_92(recordings / "images92")
    first_day = recordings_told.sequences(recordings / "mouse_v1_sequences")[0]
    for claim, slip in ((human, 0.01), (first_day, 0.01)):  # a digit off
        assert claim.found + slip != pytest.approx(claim.told, abs=claim.within)


def test_v4_averages_are_the_means_of_the_repeats(recordings: Path) -> None:
    folder = recordings / "macaque_v4"
    found = PerStimulus().responses(macaque_v4.read_macaque_v4(folder))
    average = np.load(folder / "responses_210325_avg.npy")
    assert pytest.approx(average, abs=1e-12) == found.mean.T
    assert found.shown.sum(1).min() == 6
    assert found.shown.sum(1).max() == 10
    other = macaque_v4.read_macaque_v4(folder, "210305")
    assert other.responses.shape == (70, 400, 1, 1)
    with pytest.raises(FileNotFoundError, match="session 1: there are 210305, 210325"):
        macaque_v4.read_macaque_v4(folder, "1")


@pytest.mark.slow
def test_v4_is_encoded_by_pixels_and_edges(recordings: Path) -> None:
    folder = recordings / "macaque_v4"
    recording = macaque_v4.read_macaque_v4(folder)
    responses = PerStimulus().responses(recording)
    images = macaque_v4.read_v4_images(folder / "images_210325.zip", recording.stimuli)
    refuse_leakage(images, grouped_folds(responses.groups, 5))
    baselines = recordings_told.v4_baselines(folder)
    both = baselines["pixels + edges"]
    score, alone = (RidgeEncoding()(f, responses) for f in (both, baselines["pixels"]))
    assert score.value > 0.36  # what pixels and gradients say
    assert score.value > alone.value + 0.1
    assert score.neurons == pytest.approx(_by_scikit_learn(both, responses), abs=1e-3)


def _by_scikit_learn(features: np.ndarray, responses: Responses) -> np.ndarray:
    """[neuron] the same by another route."""
    fold_of, targets = grouped_folds(responses.groups, 5), responses.mean
    found = np.zeros(targets.shape[1])
    for fold in range(5):
        test = fold_of == fold
        model = RidgeCV(2 * np.array(PENALTIES), alpha_per_target=True)  # 2: their variance
        guess = model.fit(features[~test], targets[~test]).predict(features[test])
        pairs = zip(guess.T, targets[test].T, strict=True)
        found += [np.corrcoef(p, o)[0, 1] * test.sum() / len(test) for p, o in pairs]
    return found


def test_the_unexpected_effect_of_sequences_grows_from_the_first_day_to_the_last(
    recordings: Path,
) -> None:
    (path,) = (recordings / "mouse_v1_sequences").glob("*DataForMbTDRDecoder*")
    effects = recordings_told.sequence_effects(path)
    assert list(effects) == ["day 1", "day 2", "day 3", "day 4"]
    mean = [effect.mean() for effect in effects.values()]
    assert mean[0] == min(mean)
    assert mean[3] == max(mean)
    before = read_mouse_sequences(path).of(sessions="day 4").responses[..., :2].mean(3)
    effect = unexpected_effect(before[:, 0], before[:, 1])
    assert abs(effect.mean()) < mean[3] / 2  # the control: not before the difference can arrive


def test_published_traces_and_nulls_are_read(recordings: Path) -> None:
    folder = recordings / "mouse_v1_unexpected"
    table = {(d.layer, d.compartment, d.session): d for d in read_differences(folder)}
    assert table["5", "soma", 1].difference > table["5", "soma", 1].null[2]
    traces = read_traces(folder)
    assert len(traces) == 12
    assert all(trace.mean.shape == trace.error.shape == (2, 45) for trace in traces)
    assert all(trace.seconds.shape == (45,) for trace in traces)


def test_behaviour_of_sixteen_people_is_read(recordings: Path) -> None:
    assert len(images92.read_behaviour(recordings / "images92").matrices) == 16


def test_trials_of_many_areas_become_repeats(recordings: Path) -> None:
    recording = read_mouse_multiarea(recordings / "mouse_multiarea" / "cori.rds")
    assert recording.responses.shape == (734, 16, 22, 40)
    assert np.isfinite(recording.responses[0, :, :, 0]).sum() == 100
    assert recording.area_names == ["ACA", "CA3", "DG", "LS", "MOs", "SUB", "VISp", "root"]
    counts, left, right = read_trials(recordings / "mouse_multiarea" / "cori.rds", "VISp")
    shown = (left == 1.0) & (right == 0.5)
    place = recording.stimuli.tolist().index("left 1.00 right 0.50")
    mine = recording.of(areas="VISp").responses[:, place].sum(2)
    assert pytest.approx(counts[shown]) == mine[:, : shown.sum()].T
