"""What lies at the edge of a bin is in the bin that begins there, however seconds add up."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from brainmodel.probing.recordings.readers.nwb_planes import mean_traces
from brainmodel.probing.recordings.readers.spikes import rates

ONSETS = np.random.default_rng(0).choice(1_000_000, 200, replace=False) * 10  # ms
EDGES = np.arange(0, 260, 50)  # ms


def test_spikes_in_whole_milliseconds_are_counted_as_whole_numbers_are() -> None:
    """Bins of whole milliseconds are known without rounding."""
    spikes = np.unique(ONSETS[:, None] + np.arange(0, 250, 25))
    expected = [
        [
            ((spikes >= o + a) & (spikes < o + b)).sum()
            for a, b in zip(EDGES, EDGES[1:], strict=False)
        ]
        for o in ONSETS
    ]
    found = rates(spikes / 1000, ONSETS / 1000, EDGES / 1000) * 0.05
    np.testing.assert_allclose(found, expected)
    sums = ONSETS[:, None] / 1000 + EDGES / 1000
    assert (sums > (ONSETS[:, None] + EDGES) / 1000).any()  # the control: some add up to more


def test_frames_that_begin_with_bins_are_in_these() -> None:
    """Stimuli are shown with the frames of the microscope, 20 a second: one frame for each bin."""
    onsets = np.sort(ONSETS[:50]) % 50_000
    onsets -= onsets % 50
    count = 1100
    series: Any = SimpleNamespace(
        name="r",
        timestamps=None,
        starting_time=0.0,
        rate=20.0,
        data=np.arange(count, dtype=float)[:, None],
        rois=[0],
        conversion=1.0,
        offset=0.0,
    )
    found = mean_traces(None, series, onsets / 1000, EDGES / 1000)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found[0], onsets[:, None] // 50 + np.arange(5))
