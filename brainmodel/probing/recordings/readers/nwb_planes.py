"""Traces of ROIs in an NWB file: which series, of which planes, and what is known of the ROIs."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.readers.conditions import UNKNOWN
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.nwb_places import plane_place
from brainmodel.probing.recordings.readers.spikes import SLACK

USUAL_NAME = "DfOverF"


class Found(NamedTuple):
    """A ROI response series, and where it stands."""

    parts: tuple[str, ...]  # module, interface and series; no interface where it has none
    series: Any

    @property
    def interface(self) -> str:
        """What joins the series of several planes."""
        return self.parts[1]

    @property
    def name(self) -> str:
        """Interface and series."""
        return "/".join(self.parts[1:])


def find_series(source: Path, file: Any, name: str | None) -> list[Any]:
    """The ROI response series of a name, one for each imaging plane.

    Args:
        source, file: to look in.
        name: of an interface or a series, or both, "Fluorescence/plane0"; unless given, "DfOverF"
            or, where there is none, the only interface of dF/F, or the only one.

    Raises:
        ValueError: if there is none, or several that are not those of several planes.
    """
    held = _all_series(file)
    if not held:
        require_field(source, "processing module", "ophys", file.processing)
    found = [one for one in held if _is_called(one, name or USUAL_NAME)]
    if not found and name is None:
        found = [one for one in held if _is_relative(one.series)] or held
    there = {one.interface for one in held} | {one.name for one in held}
    if not found or (name is None and len({one.interface for one in found}) > 1):
        require_field(source, "ROI response series", name or USUAL_NAME, there - {name})
    _require_planes(source, name or USUAL_NAME, found)
    return [one.series for one in found]


def _all_series(file: Any) -> list[Found]:
    places = [(name, module.data_interfaces) for name, module in file.processing.items()]
    found = []
    for module, interfaces in [*places, ("acquisition", file.acquisition)]:
        for name, interface in interfaces.items():
            if hasattr(interface, "rois"):
                found.append(Found((module, name), interface))
            inside = getattr(interface, "roi_response_series", None) or {}
            found += [Found((module, name, inner), one) for inner, one in dict(inside).items()]
    return found


def _is_called(one: Found, name: str) -> bool:
    """Whether the name is that of its parts, or of some that follow each other."""
    wanted = tuple(name.split("/"))
    ends = range(len(wanted), len(one.parts) + 1)
    return any(one.parts[end - len(wanted) : end] == wanted for end in ends)


def _is_relative(series: Any) -> bool:
    return type(series.parent).__name__ == USUAL_NAME


def _require_planes(source: Path, name: str, found: Sequence[Found]) -> None:
    """Refuse several series that are not the same measure of different ROIs."""
    rois = [(id(one.series.rois.table), roi) for one in found for roi in one.series.rois.data[:]]
    several = len({one.interface for one in found}) > 1
    if several or len(set(rois)) < len(rois) or len({one.series.unit for one in found}) > 1:
        raise ValueError(
            f"{source}: {name!r} names several series, not one of each plane: give as series one "
            f"of {sorted('/'.join(one.parts) for one in found)}."
        )


def timestamps(source: Path, series: Any) -> Floats:
    """[frame] s, rising."""
    if series.timestamps is None:
        first = float(series.starting_time)
        return first + np.arange(series.data.shape[0]) / float(series.rate)
    found = np.asarray(series.timestamps[:], float)
    if not (np.diff(found) > 0).all():
        raise ValueError(
            f"{source}: timestamps of {series.name} do not rise: write its frames in their "
            "order in time, each once."
        )
    return found


def mean_traces(source: Path, series: Any, onsets: Floats, edges: Floats) -> Floats:
    """[neuron, event, time] means of the frames in each bin; only these frames are read.

    In the unit of the series: what is stored times its `conversion`, and its `offset`.
    """
    seconds = timestamps(source, series)
    shape = (len(seconds), len(series.rois))
    if tuple(series.data.shape) != shape:
        raise ValueError(
            f"{source}: {series.name} has data of shape {tuple(series.data.shape)} for "
            f"{len(seconds)} times and {len(series.rois)} ROIs: write it as [time, ROI], {shape}."
        )
    found = np.stack([_means(series, seconds, onset + edges) for onset in onsets], axis=1)
    return found * float(series.conversion) + float(series.offset)


def _means(series: Any, seconds: Floats, edges: Floats) -> Floats:
    """[neuron, time] means of the frames between edges in s of the session.

    Where frames and onsets come from one clock, a frame at an edge is in the bin that begins there,
    however its time adds up.
    """
    places = np.searchsorted(seconds, edges - SLACK)
    frames = np.asarray(series.data[int(places[0]) : int(places[-1])], float)
    found = np.full((series.data.shape[1], len(edges) - 1), np.nan)
    for step, (first, last) in enumerate(zip(places[:-1], places[1:], strict=True)):
        if last > first:
            found[:, step] = frames[first - places[0] : last - places[0]].mean(0)
    return found


def roi_labels(planes: Sequence[Any], counts: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Labels of the ROIs of imaging planes, one after the other.

    From the location and description of each plane: "VISp, layer 2/3, 175 um, dendrites" and the
    like; what no plane says is left out.
    """
    each = [_plane_labels(plane) for plane in planes]
    found: dict[str, NDArray[Any]] = {}
    for name in ("areas", "layers", "depths", "compartments"):
        unknown: Any = np.nan if name == "depths" else UNKNOWN
        if any(name in labels for labels in each):
            held = [labels.get(name, unknown) for labels in each]
            found[name] = np.repeat(np.array(held), counts)
    return found


def _plane_labels(plane: Any) -> dict[str, Any]:
    text = f"{plane.location} {plane.description or ''}"
    place = plane_place(str(plane.location))
    layer = re.search(r"\b(?:layers?|L)\s*(\d(?:/\d)?)", text)
    depth = re.search(r"(\d+(?:\.\d+)?)\s*(?:um|µm|microns?)\b", text)
    part = re.search(r"soma|dendrit", text, re.IGNORECASE)
    labels: dict[str, Any] = {"areas": place.area}
    if place.layer or layer:
        labels["layers"] = place.layer or (layer.group(1) if layer else UNKNOWN)
    if place.depth is not None or depth:
        labels["depths"] = float(depth.group(1)) if place.depth is None and depth else place.depth
    if part:
        names = {"soma": "soma", "dendrit": "apical dendrite"}
        labels["compartments"] = names[part.group(0).lower()]
    return labels
