"""NWB files written here after the layouts of Allen Neuropixels sessions and of DANDI 000037."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainmodel.probing.recordings import NwbUnits
from brainmodel.probing.recordings.readers.nwb import read_rois, read_units

pynwb: Any = pytest.importorskip("pynwb")
EDGES = [0.0, 0.1, 0.25]
PLACES = ["VISp", "VISp", "VISl", "LGd"]


def empty() -> Any:
    return pynwb.NWBFile(
        session_description="test",
        identifier="session 1",
        session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
        subject=pynwb.file.Subject(
            subject_id="mouse 1", species="Mus musculus", age="P100D", sex="F"
        ),
    )


def save(file: Any, path: Path) -> Path:
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path


def neuropixels(by_peak_channel: bool = True) -> tuple[Any, list[np.ndarray], np.ndarray]:
    """Four units; `peak_channel_id` into electrodes whose ids are not their rows."""
    file = empty()
    device = file.create_device(name="probeA")
    group = file.create_electrode_group("probeA", "probe", "VISp", device)
    file.add_electrode_column("probe_vertical_position", "um")
    for row, place in enumerate(PLACES):
        file.add_electrode(
            id=850 + 10 * row, location=place, group=group, probe_vertical_position=100.0 * row
        )
    if by_peak_channel:
        file.add_unit_column("peak_channel_id", "electrode")
    random = np.random.default_rng(0)
    trains = [np.sort(random.uniform(0, 30, 400)) for _ in range(4)]
    for unit, train in enumerate(trains):
        where: dict[str, Any] = {"electrodes": [3 - unit]}
        if by_peak_channel:
            where = {"peak_channel_id": 850 + 10 * (3 - unit)}
        file.add_unit(spike_times=train, **where)
    table = file.create_time_intervals("natural_scenes_presentations", "images")
    table.add_column("frame", "image number")
    onsets = np.arange(12) * 2.0 + 1
    for event, onset in enumerate(onsets):
        table.add_row(start_time=onset, stop_time=onset + 0.25, frame=float(event % 5))
    return file, trains, onsets


def two_photon(rate: bool = False) -> tuple[Any, np.ndarray, np.ndarray]:
    """Three ROIs at 30 frames per second; trials with the columns of DANDI 000037."""
    file = empty()
    device = file.create_device(name="microscope")
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=pynwb.ophys.OpticalChannel(
            name="green", description="", emission_lambda=520.0
        ),
        description="distal apical dendrites, layer 5, 20 um below the pia",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="VISp",
        imaging_rate=30.0,
    )
    module = file.create_processing_module("ophys", "two-photon")
    segmentation = pynwb.ophys.ImageSegmentation()
    module.add(segmentation)
    masks = segmentation.create_plane_segmentation("rois", plane, "PlaneSegmentation")
    for _ in range(3):
        masks.add_roi(image_mask=np.ones((4, 4)))
    traces = np.random.default_rng(0).standard_normal((600, 3))
    seconds = np.arange(600) / 30 + 0.5
    dff = pynwb.ophys.DfOverF(name="DfOverF")
    module.add(dff)
    dff.create_roi_response_series(
        name="RoiResponseSeries",
        data=traces,
        rois=masks.create_roi_table_region("all", region=[0, 1, 2]),
        unit="dF/F",
        **({"rate": 30.0, "starting_time": 0.5} if rate else {"timestamps": seconds}),
    )
    file.add_trial_column("gabor_frame", "A to D, U unexpected, G gray")
    file.add_trial_column("unexpected", "0 or 1")
    for event in range(10):
        unexpected = event in (4, 7)
        file.add_trial(
            start_time=1.0 + event,
            stop_time=1.3 + event,
            gabor_frame="U" if unexpected else "ABCD"[event % 4],
            unexpected=int(unexpected),
        )
    return file, traces, seconds


@pytest.mark.parametrize("by_peak_channel", [True, False])
def test_units_are_counted_by_hand(tmp_path: Path, by_peak_channel: bool) -> None:
    file, trains, onsets = neuropixels(by_peak_channel)
    path = save(file, tmp_path / "allen.nwb")
    found = read_units(path, "natural_scenes_presentations", "frame", EDGES)
    assert found.responses.shape == (4, 5, 3, 2)
    assert found.areas.tolist() == PLACES[::-1]
    assert found.depths is not None
    assert found.depths.tolist() == [300, 200, 100, 0]
    assert found.subjects is not None
    assert found.subjects[0] == "mouse 1"
    assert found.unit == "spikes/s"
    for unit, train in enumerate(trains):
        for event, onset in enumerate(onsets):
            inside = (train >= onset + 0.1) & (train < onset + 0.25)
            value = found.responses[unit, event % 5, event // 5, 1]
            assert value == pytest.approx(inside.sum() / 0.15)
    assert np.isnan(found.responses[:, 2:, 2]).all()  # twelve events of five images


def test_rois_are_averaged_by_hand(tmp_path: Path) -> None:
    file, traces, seconds = two_photon()
    path = save(file, tmp_path / "gillon.nwb")
    found = read_rois(path, "trials", ["gabor_frame", "unexpected"], EDGES)
    assert found.stimuli.tolist() == ["A 0", "B 0", "C 0", "D 0", "U 1"]
    assert found.unit == "dF/F"
    labels = (found.areas, found.layers, found.depths, found.compartments)
    assert [label[0] for label in labels if label is not None] == [
        "VISp",
        "5",
        20.0,
        "apical dendrite",
    ]
    for repeat, event in enumerate((4, 7)):
        inside = (seconds >= 1.1 + event) & (seconds < 1.25 + event)
        assert found.responses[:, 4, repeat, 1] == pytest.approx(traces[inside].mean(0))
    by_series = read_rois(path, "trials", "unexpected", EDGES, series="RoiResponseSeries")
    assert by_series.stimuli.tolist() == ["0", "1"]


@pytest.fixture
def read_from_disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many numbers were read of each HDF5 data set, by its name, from now on."""
    h5py: Any = pytest.importorskip("h5py")
    counts: dict[str, int] = {}
    original = h5py.Dataset.__getitem__

    def watched(self: Any, *args: Any, **options: Any) -> Any:
        found = original(self, *args, **options)
        counts[self.name] = counts.get(self.name, 0) + np.size(found)
        return found

    monkeypatch.setattr(h5py.Dataset, "__getitem__", watched)
    return counts


def with_raw(file: Any) -> Any:
    """The file with a raw trace in its acquisition, as sessions have."""
    raw = pynwb.TimeSeries(name="raw", data=np.zeros((5000, 40)), unit="V", rate=30000.0)
    file.add_acquisition(raw)
    return file


def test_traces_that_are_stored_otherwise_are_in_the_unit_of_their_series(tmp_path: Path) -> None:
    path = save(two_photon()[0], tmp_path / "gillon.nwb")
    before = read_rois(path, "trials", "gabor_frame", EDGES).responses
    with pytest.importorskip("h5py").File(path, "r+") as opened:
        data = opened["processing/ophys/DfOverF/RoiResponseSeries/data"]
        data.attrs["conversion"], data.attrs["offset"] = 2.0, 1.0
    after = read_rois(path, "trials", "gabor_frame", EDGES).responses
    np.testing.assert_allclose(after, 2 * before + 1)


def test_of_traces_only_the_frames_asked_for_are_read(
    tmp_path: Path, read_from_disk: dict[str, int]
) -> None:
    file, traces, _ = two_photon()
    path = save(with_raw(file), tmp_path / "gillon.nwb")
    read_from_disk.clear()
    read_rois(path, "trials", "unexpected", EDGES)
    name = next(n for n in read_from_disk if n.endswith("RoiResponseSeries/data"))
    assert 0 < read_from_disk[name] <= 10 * 8 * 3  # ten events of a quarter second, three ROIs
    assert read_from_disk[name] < traces.size / 5
    assert read_from_disk.get("/acquisition/raw/data", 0) == 0
    assert not [n for n in read_from_disk if n.endswith("image_mask")]


def test_of_sessions_no_raw_trace_is_read(tmp_path: Path, read_from_disk: dict[str, int]) -> None:
    file, trains, _ = neuropixels()
    path = save(with_raw(file), tmp_path / "allen.nwb")
    read_from_disk.clear()
    read_units(path, "natural_scenes_presentations", "frame", EDGES)
    assert read_from_disk.get("/acquisition/raw/data", 0) == 0
    assert read_from_disk["/units/spike_times"] >= sum(map(len, trains))  # the control: it counts


def test_traces_with_a_rate_are_read_and_events_without_frames_are_missing(tmp_path: Path) -> None:
    file, traces, seconds = two_photon(rate=True)
    file.add_trial(start_time=25.0, stop_time=25.3, gabor_frame="late", unexpected=0)
    file.add_trial(start_time=20.35, stop_time=20.6, gabor_frame="last", unexpected=0)
    found = read_rois(save(file, tmp_path / "gillon.nwb"), "trials", "gabor_frame", EDGES)
    place = found.stimuli.tolist().index
    assert np.isnan(found.responses[:, place("late")]).all()
    inside = (seconds >= 20.35) & (seconds < 20.45)
    assert found.responses[:, place("last"), 0, 0] == pytest.approx(traces[inside].mean(0))
    inside = (seconds >= 5.0) & (seconds < 5.1)
    assert found.responses[:, place("U"), 0, 0] == pytest.approx(traces[inside].mean(0))


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda p: read_units(p, "movies", "frame", EDGES), r"no table of intervals 'movies'"),
        (
            lambda p: read_units(p, "natural_scenes_presentations", "image", EDGES),
            r"no column of natural_scenes_presentations called 'image': there are",
        ),
        (lambda p: read_rois(p, "trials", "frame", EDGES), r"no processing module 'ophys'"),
    ],
)
def test_missing_tables_and_columns_are_named(
    tmp_path: Path, read: Callable[[Path], object], message: str
) -> None:
    path = save(neuropixels()[0], tmp_path / "allen.nwb")
    with pytest.raises(ValueError, match=f"allen.nwb: {message}"):
        read(path)


def test_files_without_units_series_or_stimuli_are_refused(tmp_path: Path) -> None:
    path = save(two_photon()[0], tmp_path / "gillon.nwb")
    with pytest.raises(ValueError, match=r"no table of units: read_rois reads two-photon files"):
        read_units(path, "trials", "unexpected", EDGES)
    with pytest.raises(ValueError, match=r"no ROI response series 'Fluor': there are \['DfOverF'"):
        read_rois(path, "trials", "unexpected", EDGES, series="Fluor")
    bare = empty()
    bare.add_unit(spike_times=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"no table of intervals: it says nothing of stimuli"):
        read_units(save(bare, tmp_path / "bare.nwb"), "trials", "frame", EDGES)


def test_tables_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    file, *_ = neuropixels()
    file.add_unit(spike_times=[1.0, 2.0], peak_channel_id=7)
    with pytest.raises(ValueError, match=r"1 of 5 units have a peak_channel_id that is no elec"):
        read_units(save(file, tmp_path / "a.nwb"), "natural_scenes_presentations", "frame", EDGES)
    file, *_ = two_photon()
    file.add_trial(start_time=np.nan, stop_time=30.0, gabor_frame="A", unexpected=0)
    found = read_rois(save(file, tmp_path / "b.nwb"), "trials", "unexpected", EDGES)
    assert found.left_out == ("1 of 11 events without start_time (NaN or -1)",)


@pytest.mark.filterwarnings("ignore:.*Length of data does not match:UserWarning")  # pynwb's own
def test_traces_that_do_not_fit_their_times_are_refused(tmp_path: Path) -> None:
    path = save(two_photon()[0], tmp_path / "short.nwb")
    h5py: Any = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as opened:
        series = opened["processing/ophys/DfOverF/RoiResponseSeries"]
        attributes, frames = dict(series["data"].attrs), series["data"][:590]
        del series["data"]
        series.create_dataset("data", data=frames).attrs.update(attributes)
    with pytest.raises(ValueError, match=r"data of shape \(590, 3\) for 600 times and 3 ROIs"):
        read_rois(path, "trials", "unexpected", EDGES)


def test_damaged_and_missing_files_are_refused(tmp_path: Path) -> None:
    whole = save(neuropixels()[0], tmp_path / "whole.nwb").read_bytes()
    (tmp_path / "cut.nwb").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.nwb").write_text("not HDF5")
    for name in ("cut.nwb", "text.nwb"):
        with pytest.raises(ValueError, match=f"{name} is not a readable NWB file"):
            read_units(tmp_path / name, "trials", "frame", EDGES)
    with pytest.raises(FileNotFoundError, match=r"none.nwb is not a file"):
        read_units(tmp_path / "none.nwb", "trials", "frame", EDGES)


def test_files_of_nwb_1_are_refused_with_the_true_reason(tmp_path: Path) -> None:
    h5py: Any = pytest.importorskip("h5py")
    for written in ("NWB-1.0.6", np.array("NWB-1.0.5_beta", h5py.string_dtype())):
        with h5py.File(tmp_path / "old.nwb", "w") as opened:
            opened["nwb_version"] = written
            opened.create_group("stimulus/presentation")
        with pytest.raises(
            ValueError, match=r"old.nwb is of NWB-1.0.\S+, read by other software th"
        ):
            read_units(tmp_path / "old.nwb", "trials", "frame", EDGES)


def test_an_experiment_joins_a_file_with_what_was_shown(tmp_path: Path) -> None:
    path = save(neuropixels()[0], tmp_path / "session.nwb")
    np.save(tmp_path / "scenes.npy", np.zeros((5, 4, 6), np.uint8))
    frames = str(tmp_path / "scenes.npy")
    table = "natural_scenes_presentations"
    experiment = NwbUnits(str(path), table, "frame", EDGES, frames, [0.0, 0.25])
    recording, stimuli = experiment.read()
    assert len(recording.stimuli) == len(stimuli.frames) == 5
    np.save(frames, np.zeros((4, 4, 6), np.uint8))
    with pytest.raises(ValueError, match=r"session.nwb: frames of 4 stimuli for a recording of 5"):
        experiment.read()
    with pytest.raises(ValueError, match=r"session.nwb: no table of intervals 'scenes': there are"):
        NwbUnits(str(path), "scenes", "frame", EDGES, frames, [0.0, 0.25]).read()
