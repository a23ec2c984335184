"""What tables of NWB refer to: electrodes, areas, imaging planes and series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainmodel.probing.recordings import NwbRois, NwbUnits
from brainmodel.probing.recordings.readers.nwb import read_rois, read_units
from brainmodel.probing.recordings.readers.nwb_places import Place, place_of, plane_place
from tests.probing.nwb_sessions import (
    add_electrodes,
    add_intervals,
    add_units,
    save,
    session,
)

pynwb: Any = pytest.importorskip("pynwb")
PLACES = ["VISp", "VISl", "LGd", "VISp"]
ONSETS = np.arange(1, 9, 1.0)
NAMES = list("abcdabcd")
TRAIN = [1.1, 2.2]


def units_read(file: Any, folder: Path, **options: Any) -> Any:
    add_intervals(file, "scenes", ONSETS, image=NAMES)
    return read_units(save(file, folder / "u.nwb"), "scenes", "image", [0, 0.5], **options)


def test_a_unit_is_at_the_first_of_its_own_electrodes_and_without_any_nowhere(
    tmp_path: Path,
) -> None:
    file = session()
    add_electrodes(file, PLACES)
    add_units(file, [TRAIN] * 5, electrodes=[[1, 0], [], [2], [3, 1, 0], []])
    found = units_read(file, tmp_path)
    assert found.areas.tolist() == ["VISl", "unknown", "LGd", "VISp", "unknown"]
    several = "2 of 5 units have electrodes in several areas; each counts in that of its first"
    assert several in found.left_out
    file = session()
    add_electrodes(file, PLACES)
    add_units(file, [TRAIN] * 3, electrodes=[[0, 3], [], [1]])
    assert not any("several" in said for said in units_read(file, tmp_path).left_out)


def test_ids_of_electrodes_are_no_row_numbers(tmp_path: Path) -> None:
    file = session()
    add_electrodes(file, PLACES)  # ids 850, 852, 854, 856
    add_units(file, [TRAIN] * 4, peak_channel_id=[854.0, np.nan, 850.0, -1.0])
    found = units_read(file, tmp_path)
    assert found.areas.tolist() == ["LGd", "unknown", "VISp", "unknown"]


def test_electrodes_of_one_id_are_refused(tmp_path: Path) -> None:
    file = session()
    add_electrodes(file, PLACES)
    add_units(file, [TRAIN])
    add_intervals(file, "scenes", ONSETS, image=NAMES)
    path = save(file, tmp_path / "twice.nwb")
    h5py: Any = pytest.importorskip("h5py")
    with h5py.File(path, "r+") as opened:
        opened["general/extracellular_ephys/electrodes/id"][1] = 850
    with pytest.raises(ValueError, match=r"twice.nwb: 1 electrodes have the id of another: give"):
        read_units(path, "scenes", "image", [0, 0.5])


@pytest.mark.parametrize("column", ["location", "brain_area", "region", "structure_acronym"])
def test_areas_stand_in_a_column_of_units(column: str, tmp_path: Path) -> None:
    file = session()
    add_units(file, [TRAIN] * 3, **{column: ["VISp", "VISl", ""], "peak_channel_id": [0, 0, 0]})
    assert units_read(file, tmp_path).areas.tolist() == ["VISp", "VISl", "unknown"]


def test_a_column_of_units_says_where_electrodes_do_not(tmp_path: Path) -> None:
    file = session()
    add_electrodes(file, ["unknown", "VISl"])
    add_units(
        file,
        [TRAIN] * 3,
        electrodes=[[0], [1], []],
        location=["VISp", "LGd", "CA1"],
        area=[5.0, 6.0, 7.0],  # of the waveform
    )
    assert units_read(file, tmp_path).areas.tolist() == ["VISp", "VISl", "CA1"]


def test_the_column_of_areas_can_be_named(tmp_path: Path) -> None:
    file = session()
    add_electrodes(file, PLACES)
    add_units(file, [TRAIN] * 2, peak_channel_id=[850, 852], histology=["V1", "V2"], rank=[1, 2])
    assert units_read(file, tmp_path, area="histology").areas.tolist() == ["V1", "V2"]
    path = tmp_path / "u.nwb"
    for wrong in ("rank", "atlas"):
        with pytest.raises(
            ValueError, match=rf"no column of text of units or electrodes '{wrong}'"
        ):
            read_units(path, "scenes", "image", [0, 0.5], area=wrong)
    np.save(tmp_path / "f.npy", np.zeros((4, 4, 4), np.uint8))
    asked: Any = (str(path), "scenes", "image", [0, 0.5], str(tmp_path / "f.npy"), [0, 0.5])
    assert NwbUnits(*asked, area="histology").open()[0].area_names == ["V1", "V2"]


def test_units_of_a_group_of_electrodes_are_where_it_is(tmp_path: Path) -> None:
    file = session()
    device = file.create_device("probes")
    groups = [file.create_electrode_group(name, "a", name, device) for name in ("V1", "V4")]
    add_units(file, [TRAIN] * 2, electrode_group=[groups[1], groups[0]])
    assert units_read(file, tmp_path).areas.tolist() == ["V4", "V1"]
    bare = session()
    bare.add_unit(spike_times=TRAIN)
    with pytest.raises(
        ValueError, match=r"u.nwb: units have neither peak_channel_id, electrodes n"
    ):
        units_read(bare, tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{'area': 'VISp', 'depth': 175}", Place("VISp", 175.0)),
        ('{"Area": "VISp", "depth": "175 um", "layer": null}', Place("VISp", 175.0)),
        ("{'location': 'V1', 'layer': '2/3'}", Place("V1", None, "2/3")),
        ("{'hemisphere': 'left'}", Place("unknown")),
        ("{not a dictionary", Place("{not a dictionary")),
        ("Primary visual cortex", Place("Primary visual cortex")),
        ("N/A", Place("unknown")),
    ],
)
def test_places_are_words_or_dictionaries(text: str, place: Place, tmp_path: Path) -> None:
    assert place_of(text) == place
    file = session()
    add_electrodes(file, [text])
    add_units(file, [TRAIN])
    found = units_read(file, tmp_path)
    assert found.areas.tolist() == [place.area]
    assert found.depths == (None if place.depth is None else pytest.approx([place.depth]))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("VISp, layer 2/3, 175 um", "VISp"),
        ("Primary visual cortex", "Primary visual cortex"),
        ("Primary visual cortex layer 5", "Primary visual cortex"),
        ("V1 L2/3", "V1"),
        ("VISp distal apical dendrites", "VISp"),
        ("VISp 275 um", "VISp"),
        ("area 18; left", "area 18"),
        ("", "unknown"),
    ],
)
def test_of_a_plane_the_area_is_what_the_place_begins_with(text: str, area: str) -> None:
    assert plane_place(text).area == area


Planes = Sequence[tuple[str, str, str]]  # interface, series, location of the plane


def two_photon(planes: Planes, same: bool = False, types: bool = True) -> tuple[Any, list[Any]]:
    """Three ROIs in each plane, 10 frames/s; the file and the traces [time, ROI] of each series."""
    file = session()
    device = file.create_device("scope")
    module = file.create_processing_module("ophys", "ophys")
    segmentation = pynwb.ophys.ImageSegmentation()
    module.add(segmentation)
    interfaces: dict[str, Any] = {}
    cells, traces = None, []
    for number, (interface, series, location) in enumerate(planes):
        if cells is None or not same:
            plane = file.create_imaging_plane(
                name=f"plane{number}",
                optical_channel=pynwb.ophys.OpticalChannel(
                    name="green", description="g", emission_lambda=520.0
                ),
                imaging_rate=10.0,
                description="a plane",
                device=device,
                excitation_lambda=910.0,
                indicator="GCaMP6f",
                location=location,
            )
            cells = segmentation.create_plane_segmentation(
                name=f"cells{number}", description="c", imaging_plane=plane
            )
            cells.add_column("accepted", "by hand")
            for roi in range(3):
                cells.add_roi(image_mask=np.ones((2, 2)), accepted=roi != 1)
        if interface not in interfaces:
            kind = pynwb.ophys.DfOverF if "f" in interface and types else pynwb.ophys.Fluorescence
            interfaces[interface] = kind(name=interface)
            module.add(interfaces[interface])
        traces.append(np.random.default_rng(number).standard_normal((100, 3)))
        interfaces[interface].create_roi_response_series(
            name=series,
            data=traces[-1],
            rois=cells.create_roi_table_region(region=[0, 1, 2], description="all"),
            unit="dF/F",
            rate=10.0,
            starting_time=0.02 * number,
        )
    add_intervals(file, "scenes", ONSETS, image=NAMES)
    return file, traces


def by_hand(traces: np.ndarray, late: float) -> np.ndarray:
    """[ROI, stimulus, repeat, 1] means of the frames in the half second after each onset."""
    seconds = late + np.arange(100) / 10
    rows = [traces[(seconds >= t) & (seconds < t + 0.5)].mean(0) for t in ONSETS]
    return np.array(rows).reshape(2, 4, 3).transpose(2, 1, 0)[..., None]


def test_planes_of_an_interface_are_joined_each_with_its_own_times(tmp_path: Path) -> None:
    planes = [
        ("DfOverF", "traces0", "{'area': 'VISp', 'depth': 175}"),
        ("DfOverF", "traces1", "Lateral visual area"),
    ]
    file, traces = two_photon(planes)
    path = save(file, tmp_path / "p.nwb")
    found = read_rois(path, "scenes", "image", [0, 0.5])
    assert found.areas.tolist() == ["VISp"] * 3 + ["Lateral visual area"] * 3
    expected = np.concatenate([by_hand(traces[0], 0.0), by_hand(traces[1], 0.02)])
    assert found.responses == pytest.approx(expected)
    assert found.depths is not None
    np.testing.assert_array_equal(found.depths, [175.0] * 3 + [np.nan] * 3)
    for name in ("traces1", "DfOverF/traces1", "ophys/DfOverF/traces1"):
        one = read_rois(path, "scenes", "image", [0, 0.5], name)
        assert one.responses == pytest.approx(expected[3:])
    chosen = read_rois(path, "scenes", "image", [0, 0.5], select={"accepted": [True]})
    assert chosen.responses == pytest.approx(expected[[0, 2, 3, 5]])
    assert chosen.left_out[0] == "1 of 3 ROIs of cells0 whose accepted is not True"
    np.save(tmp_path / "f.npy", np.zeros((4, 4, 4), np.uint8))
    asked: Any = (str(path), "scenes", "image", [0, 0.5], str(tmp_path / "f.npy"), [0, 0.5])
    assert NwbRois(*asked, series="traces1").open()[0].area_names == ["Lateral visual area"]


def test_the_only_series_of_change_in_fluorescence_needs_no_name(tmp_path: Path) -> None:
    planes = [("raw", "RoiResponseSeries", "VISp"), ("dff", "RoiResponseSeries", "VISp")]
    file, traces = two_photon(planes, same=True)
    path = save(file, tmp_path / "p.nwb")
    found = read_rois(path, "scenes", "image", [0, 0.5])
    assert found.responses == pytest.approx(by_hand(traces[1], 0.02))
    raw = read_rois(path, "scenes", "image", [0, 0.5], "raw")
    assert raw.responses == pytest.approx(by_hand(traces[0], 0.0))


def test_series_that_are_not_those_of_planes_are_refused(tmp_path: Path) -> None:
    planes = [("raw", "one", "VISp"), ("dff", "one", "VISp"), ("raw", "neuropil", "VISp")]
    file, _ = two_photon(planes, same=True)
    path = save(file, tmp_path / "p.nwb")
    for name in ("one", "raw"):  # two measures, and the same ROIs twice
        with pytest.raises(
            ValueError, match=rf"p.nwb: '{name}' names several series, not one of ea"
        ):
            read_rois(path, "scenes", "image", [0, 0.5], name)
    assert len(read_rois(path, "scenes", "image", [0, 0.5], "raw/neuropil").areas) == 3
    with pytest.raises(
        ValueError, match=r"no ROI response series 'dF': there are \['dff', 'dff/one'"
    ):
        read_rois(path, "scenes", "image", [0, 0.5], "dF")
    file, _ = two_photon([("a", "x", "VISp"), ("b", "x", "VISl")])
    with pytest.raises(
        ValueError, match=r"no ROI response series 'DfOverF': there are \['a', 'a/x'"
    ):
        read_rois(save(file, tmp_path / "q.nwb"), "scenes", "image", [0, 0.5])


def test_invalid_times_of_a_plane_are_missing_there_alone(tmp_path: Path) -> None:
    file, _ = two_photon([("DfOverF", "traces0", "VISp"), ("DfOverF", "traces1", "VISl")])
    file.add_invalid_time_interval(start_time=2.1, stop_time=2.2, tags=["plane1"])
    found = read_rois(save(file, tmp_path / "p.nwb"), "scenes", "image", [0, 0.5])
    missing = np.asarray(np.isnan(found.responses).any((2, 3)))
    assert not missing[:3].any() and missing[3:].tolist() == [[False, True, False, False]] * 3
    assert found.left_out == ("1 of 8 events within invalid_times of plane1, for its 3 neurons",)
