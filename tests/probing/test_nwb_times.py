"""Times in NWB as labs write them: unsorted, invalid, of bad units, in other columns, in ms."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from brainmodel.probing.recordings import LeaveOut, MatFile, NwbUnits
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.readers.nwb import read_rois, read_units
from tests.probing.nwb_sessions import (
    add_electrodes,
    add_intervals,
    add_units,
    save,
    session,
)
from tests.probing.test_nwb import two_photon

RANDOM = np.random.default_rng(0)
TRAIN = np.sort(RANDOM.uniform(0, 60, 600))
ONSETS = np.arange(5, 45, 1.0)
EDGES = [0.0, 0.25, 0.5]
NAMES = [f"im{k % 4}" for k in range(len(ONSETS))]


def counted_by_hand(train: np.ndarray, onsets: np.ndarray = ONSETS) -> np.ndarray:
    """[stimulus, repeat, time] spikes/s, by looking at each spike."""
    rates = [
        [((train >= t + a) & (train < t + b)).sum() / (b - a) for a, b in ((0, 0.25), (0.25, 0.5))]
        for t in onsets
    ]
    return np.array(rates).reshape(-1, 4, 2).swapaxes(0, 1)


def written(folder: Path, trains: list[Any], onsets: Any = ONSETS, **units: Any) -> Path:
    file = session()
    add_electrodes(file, ["VISp", "VISl"], ["probeA", "probeB"])
    add_units(file, trains, **units)
    add_intervals(file, "flashes", onsets, image=NAMES[: len(onsets)])
    return save(file, folder / "s.nwb")


@pytest.mark.parametrize("nothing", [-1.0, np.nan])
def test_unsorted_spikes_and_spikes_at_no_time_change_no_rate(
    nothing: float, tmp_path: Path
) -> None:
    trains = [TRAIN, RANDOM.permutation(TRAIN), np.append(TRAIN, [nothing] * 20), TRAIN[:0]]
    found = read_units(written(tmp_path, trains), "flashes", "image", EDGES)
    for unit in range(3):
        assert found.responses[unit] == pytest.approx(counted_by_hand(TRAIN))
    assert not found.responses[3].any()
    unsorted = "1 of 4 units" if np.isnan(nothing) else "2 of 4 units"
    assert found.left_out == (
        "20 of 1820 spikes at no time (NaN or -1)",
        f"{unsorted} with unsorted spikes (sorted)",
    )


def test_minus_one_is_a_time_among_others_before_zero(tmp_path: Path) -> None:
    train = np.array([-2.5, -1.0, -0.9, 0.1])
    found = read_units(
        written(tmp_path, [train], [-3.0, -2.0, -1.0, 0.0]), "flashes", "image", EDGES
    )
    assert found.responses[0, :, 0].tolist() == [[0, 0], [0, 0], [8, 0], [4, 0]]
    assert found.left_out == ()


@pytest.mark.parametrize("nothing", [-1.0, np.nan])
def test_events_without_onset_are_left_out_and_counted(nothing: float, tmp_path: Path) -> None:
    onsets = np.append(ONSETS[:-4], [nothing] * 4)
    found = read_units(written(tmp_path, [TRAIN], onsets), "flashes", "image", EDGES)
    assert found.responses[0] == pytest.approx(counted_by_hand(TRAIN, ONSETS[:-4]))
    assert found.left_out == ("4 of 40 events without start_time (NaN or -1)",)
    none = written(tmp_path, [TRAIN], [np.nan] * 4)
    with pytest.raises(ValueError, match=r"s.nwb: no event of flashes is left \(4 of 4 events wi"):
        read_units(none, "flashes", "image", EDGES)


def test_onsets_stand_in_the_column_that_is_named(tmp_path: Path) -> None:
    file = session()
    add_electrodes(file, ["VISp"])
    add_units(file, [TRAIN])
    shown = [(k, f"{k}") for k in range(len(ONSETS))]
    add_intervals(file, "trials_of_mine", ONSETS - 0.7, onset_time=ONSETS, image=NAMES, many=shown)
    path = save(file, tmp_path / "s.nwb")
    found = read_units(path, "trials_of_mine", "image", EDGES, onset="onset_time")
    assert found.responses[0] == pytest.approx(counted_by_hand(TRAIN))
    frames = str(tmp_path / "f.npy")
    np.save(frames, np.zeros((4, 4, 4), np.uint8))
    asked: Any = (str(path), "trials_of_mine", "image", EDGES, frames, [0.0, 0.5])
    recording, _ = NwbUnits(*asked, onset="onset_time").open()
    assert np.array_equal(recording.responses, found.responses)
    for onset, sentence in (
        ("onset", r"no column of trials_of_mine called 'onset': there are \['image', 'many'"),
        ("image", r"image of trials_of_mine is not one time in s for each row: give as onset"),
        ("many", r"many of trials_of_mine is not one time in s"),
    ):
        with pytest.raises(ValueError, match=f"s.nwb: {sentence}"):
            read_units(path, "trials_of_mine", "image", EDGES, onset=onset)


def test_invalid_times_of_all_leave_events_out_and_those_of_a_probe_its_responses(
    tmp_path: Path,
) -> None:
    file = session()
    add_electrodes(file, ["VISp", "VISl"], ["probeA", "probeB"])
    add_units(file, [TRAIN, TRAIN], peak_channel_id=[850, 852])
    add_intervals(file, "flashes", ONSETS, image=NAMES)
    file.add_invalid_time_interval(start_time=9.4, stop_time=12.0, tags=["stimulus"])
    file.add_invalid_time_interval(start_time=20.6, stop_time=21.1, tags=["Probe", "probeB"])
    path = save(file, tmp_path / "s.nwb")
    found = read_units(path, "flashes", "image", EDGES)
    keep = ~np.isin(ONSETS, [9, 10, 11])  # 12.0 begins where the interval ends, 20 ends at 20.5
    rates = counted_by_hand(TRAIN)
    expected = np.full((2, *rates.shape), np.nan)
    for stimulus in range(4):
        kept = rates[stimulus][keep[stimulus::4]]
        expected[:, stimulus, : len(kept)] = kept
    of_first = ONSETS[keep & (np.arange(40) % 4 == 0)].tolist()
    expected[1, 0, of_first.index(21)] = np.nan
    np.testing.assert_allclose(found.responses, expected)
    assert found.left_out == (
        "3 of 40 events within invalid_times",
        "1 of 37 events within invalid_times of probeB, for its 1 neurons",
    )
    kept = read_units(path, "flashes", "image", EDGES, leave_out=LeaveOut(invalid_times=False))
    assert kept.responses[1] == pytest.approx(rates) and kept.left_out == ()


def test_units_of_bad_quality_are_left_out_and_any_column_selects(tmp_path: Path) -> None:
    trains = [TRAIN[k::4] for k in range(4)]
    path = written(
        tmp_path, trains, quality=["good", "noise", "mua", "Noise"], score=[1.0, 0.0, 0.5, 1.0]
    )
    found = read_units(path, "flashes", "image", EDGES)
    assert found.responses == pytest.approx(np.stack([counted_by_hand(trains[k]) for k in (0, 2)]))
    assert found.left_out == ("2 of 4 units of bad quality (noise)",)
    assert (
        len(read_units(path, "flashes", "image", EDGES, leave_out=LeaveOut(bad_units=False)).areas)
        == 4
    )
    good = read_units(path, "flashes", "image", EDGES, select={"quality": ["good"]})
    assert good.left_out == ("3 of 4 units whose quality is not good",) and len(good.areas) == 1
    both = read_units(path, "flashes", "image", EDGES, select={"score": [1]})
    assert both.responses == pytest.approx(counted_by_hand(trains[0])[None])
    assert both.left_out[0] == "2 of 4 units whose score is not 1"
    with pytest.raises(ValueError, match=r"s.nwb: no units are left \(4 of 4 units whose"):
        read_units(path, "flashes", "image", EDGES, select={"quality": ["fine"]})
    with pytest.raises(ValueError, match=r"s.nwb: no column of units called 'isi': there are"):
        read_units(path, "flashes", "image", EDGES, select={"isi": [0]})


@pytest.mark.parametrize(
    "edges", [[0, 50, 100, 250], [30, 80], np.linspace(0, 250, 8), [-100, 0, 100], [0, 20]]
)
def test_edges_in_milliseconds_are_refused(edges: Any, tmp_path: Path) -> None:
    path = written(tmp_path, [TRAIN])
    with pytest.raises(ValueError, match=r"s.nwb: edges run from .* but events of flashes follow"):
        read_units(path, "flashes", "image", edges)
    rois = save(two_photon()[0], tmp_path / "rois.nwb")
    with pytest.raises(ValueError, match=r"give edges in seconds, not milliseconds \("):
        read_rois(rois, "trials", "unexpected", edges)


@pytest.mark.parametrize(
    ("edges", "gap"), [([-1, 0, 1, 2, 3, 4], 3.0), (np.arange(31), 30.0), ([0, 1, 2], 1 / 30)]
)
def test_edges_in_seconds_are_not_refused(edges: Any, gap: float, tmp_path: Path) -> None:
    path = written(tmp_path, [TRAIN], 5 + gap * np.arange(8))
    assert read_units(path, "flashes", "image", edges).responses.shape[3] == len(edges) - 1


@pytest.mark.parametrize(
    ("edges", "shown", "culprit"),
    [([0, 250], [0, 0.25], "edges"), ([0, 0.25], [0, 250], "frame_e")],
)
def test_edges_and_frame_edges_of_different_units_are_refused(
    edges: Any, shown: Any, culprit: str, tmp_path: Path
) -> None:
    savemat(tmp_path / "r.mat", {"rates": RANDOM.random((3, 4))})
    np.save(tmp_path / "f.npy", np.zeros((4, 4, 4), np.uint8))
    layout = Layout("rates", "neuron stimulus", edges, "spikes/s", "V1")
    experiment = MatFile(str(tmp_path / "r.mat"), layout, str(tmp_path / "f.npy"), shown)
    with pytest.raises(ValueError, match=f"r.mat: responses last .*: give {culprit}.* in seconds"):
        experiment.read()


def test_traces_whose_times_do_not_rise_are_refused(tmp_path: Path) -> None:
    path = save(two_photon()[0], tmp_path / "t.nwb")
    h5py: Any = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as opened:
        opened["processing/ophys/DfOverF/RoiResponseSeries/timestamps"][5] = np.nan
    with pytest.raises(ValueError, match=r"t.nwb: timestamps of RoiResponseSeries do not rise"):
        read_rois(path, "trials", "unexpected", EDGES)


def test_a_unit_that_was_not_observed_is_missing_and_not_silent(tmp_path: Path) -> None:
    file = session()
    file.add_unit_column("location", "area")
    for intervals in ([[0.0, 20.25], [20.25, 30.25]], [[0.0, 60.0]], [[31.0, 60.0], [29.0, 30.0]]):
        file.add_unit(spike_times=TRAIN, obs_intervals=intervals, location="V1")
    add_intervals(file, "flashes", ONSETS, image=NAMES)
    path = save(file, tmp_path / "s.nwb")
    found = read_units(path, "flashes", "image", EDGES)
    seconds = np.arange(5, 45).reshape(10, 4).T  # [stimulus, repeat]
    rates = counted_by_hand(TRAIN)
    first, second = seconds <= 29, seconds <= 30  # the last bin observed ends at 30.25 s
    expected = np.stack([rates] * 3)
    expected[0, ..., 0][~second] = expected[0, ..., 1][~first] = np.nan
    of_third = (seconds >= 31) | (seconds == 29)
    expected[2][~of_third] = np.nan
    np.testing.assert_allclose(found.responses, expected)
    count = int(np.isnan(expected).sum())
    said = f"{count} of 240 responses of units in a bin, outside their obs_intervals"
    assert found.left_out == (said,)
    kept = read_units(path, "flashes", "image", EDGES, leave_out=LeaveOut(invalid_times=False))
    assert kept.responses == pytest.approx(np.stack([rates] * 3)) and kept.left_out == ()


def test_events_after_the_recording_stopped_are_missing_and_those_of_another_clock_refused(
    tmp_path: Path,
) -> None:
    late = np.concatenate([ONSETS, ONSETS + 200])
    path = written(tmp_path, [TRAIN], late[:40])
    file = session()
    file.add_unit_column("location", "area")
    file.add_unit(spike_times=TRAIN, location="V1")
    add_intervals(file, "flashes", late, image=NAMES * 2)
    found = read_units(save(file, path), "flashes", "image", EDGES)
    assert found.responses[0, :, :10] == pytest.approx(counted_by_hand(TRAIN))
    assert np.isnan(found.responses[0, :, 10:]).all()
    assert found.left_out == (
        "40 of 80 events before the first or after the last spike of all units",
    )
    few = read_units(written(tmp_path, [TRAIN[:50]]), "flashes", "image", EDGES)
    assert not np.isnan(few.responses).any(), "of few spikes nothing is concluded"
    with pytest.raises(
        ValueError, match=r"events run from 1005 to 1044 s, all spikes from .*clock"
    ):
        read_units(written(tmp_path, [TRAIN], ONSETS + 1000), "flashes", "image", EDGES)
    with pytest.raises(
        ValueError, match=r"all spike times are whole numbers, such as .*: give sec"
    ):
        read_units(written(tmp_path, [np.round(TRAIN * 30000)]), "flashes", "image", EDGES)
