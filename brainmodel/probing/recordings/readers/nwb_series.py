"""Response series of two-photon ROIs in NWB: where they are, when, and means over their frames."""

from pathlib import Path
from typing import Any

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.readers.files import require_field


def response_series(source: Path, file: Any, name: str) -> Any:
    """The ROI response series of that name, or the only one within the interface of that name."""
    require_field(source, "processing module", "ophys", file.processing)
    module = file.processing["ophys"].data_interfaces
    held = {}
    for interface_name, interface in module.items():
        inside = getattr(interface, "roi_response_series", None)
        held |= dict(inside) if inside else {}
        if inside and len(inside) == 1:
            held[interface_name] = next(iter(inside.values()))
        elif hasattr(interface, "rois"):
            held[interface_name] = interface
    require_field(source, "ROI response series", name, held)
    return held[name]


def timestamps(source: Path, series: Any) -> Floats:
    """[frame] times of the frames of a series, s, rising.

    Raises:
        ValueError: if they do not rise.
    """
    if series.timestamps is not None:
        found = np.asarray(series.timestamps[:], float)
        if not (np.diff(found) > 0).all():
            raise ValueError(
                f"{source}: timestamps of {series.name} do not rise: write its frames in their "
                "order in time, each once."
            )
        return found
    return float(series.starting_time) + np.arange(series.data.shape[0]) / float(series.rate)


def require_shape(source: Path, name: str, series: Any, times: int) -> None:
    """ValueError, in one sentence, if the data of a series are not [time, ROI]."""
    shape = (times, len(series.rois))
    if tuple(series.data.shape) != shape:
        raise ValueError(
            f"{source}: {name} has data of shape {tuple(series.data.shape)} for {times} times and "
            f"{len(series.rois)} ROIs: write it as [time, ROI], {shape}."
        )


def frame_means(series: Any, seconds: Floats, edges: Floats) -> Floats:
    """[neuron, time] means of the frames in each bin; only these frames are read."""
    places = np.searchsorted(seconds, edges)
    frames = np.asarray(series.data[int(places[0]) : int(places[-1])], float)
    found = np.full((series.data.shape[1], len(edges) - 1), np.nan)
    for step, (first, last) in enumerate(zip(places[:-1], places[1:], strict=True)):
        if last > first:
            found[:, step] = frames[first - places[0] : last - places[0]].mean(0)
    return found
