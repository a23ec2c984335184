"""Area, layer, depth and compartment of neurons in NWB, from electrodes and imaging planes."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEPTHS = ("probe_vertical_position", "depth", "z")
UNKNOWN = "unknown"


def electrode_labels(source: Path, file: Any) -> dict[str, NDArray[Any]]:
    """Labels of units: of the electrode `peak_channel_id`, or the first of `electrodes`.

    Raises:
        ValueError: if units name no electrodes, or electrodes that there are not.
    """
    units, electrodes = file.units, file.electrodes
    if electrodes is None or not {"peak_channel_id", "electrodes"} & set(units.colnames):
        raise ValueError(
            f"{source}: units have neither peak_channel_id nor electrodes: their areas are "
            "unknown; write one of them into the file."
        )
    rows = _peak_rows(source, units, electrodes)
    places = np.asarray(electrodes["location"][:]).astype(str)[rows]
    labels: dict[str, NDArray[Any]] = {"areas": np.where(places == "", UNKNOWN, places)}
    for name in DEPTHS:
        if name in electrodes.colnames:
            labels["depths"] = np.asarray(electrodes[name][:], float)[rows]
            break
    if "layer" in electrodes.colnames:
        labels["layers"] = np.asarray(electrodes["layer"][:]).astype(str)[rows]
    return labels


def _peak_rows(source: Path, units: Any, electrodes: Any) -> NDArray[Any]:
    """[unit] row of its electrode."""
    if "peak_channel_id" in units.colnames:
        row_of = {identity: row for row, identity in enumerate(electrodes.id[:])}
        peaks = units["peak_channel_id"][:]
        if unknown := [peak for peak in peaks if peak not in row_of]:
            raise ValueError(
                f"{source}: {len(unknown)} of {len(peaks)} units have a peak_channel_id that is no "
                f"electrode's id, such as {unknown[0]}: write the table of electrodes whole."
            )
        return np.array([row_of[peak] for peak in peaks])
    index = units["electrodes"]
    ends = np.asarray(index.data[:])
    starts = np.concatenate([[0], ends[:-1]]).astype(int)
    return np.asarray(index.target.data[:])[starts]


def plane_labels(series: Any) -> dict[str, NDArray[Any]]:
    """Labels of the ROIs of a series, from the location and description of their imaging plane.

    "VISp, layer 2/3, 175 um, dendrites" and the like; what the texts lack is left out.
    """
    plane = series.rois.table.imaging_plane
    text = f"{plane.location} {plane.description or ''}"
    count = series.data.shape[1]
    area = re.split(r"[\s,;(]", str(plane.location).strip())[0] or UNKNOWN
    labels: dict[str, NDArray[Any]] = {"areas": np.array([area] * count)}
    layer = re.search(r"\b(?:layers?|L)\s*(\d(?:/\d)?)", text)
    depth = re.search(r"(\d+(?:\.\d+)?)\s*(?:um|µm|microns?)\b", text)
    part = re.search(r"soma|dendrit", text, re.IGNORECASE)
    if layer:
        labels["layers"] = np.array([layer.group(1)] * count)
    if depth:
        labels["depths"] = np.full(count, float(depth.group(1)))
    if part:
        names = {"soma": "soma", "dendrit": "apical dendrite"}
        labels["compartments"] = np.array([names[part.group(0).lower()]] * count)
    return labels
