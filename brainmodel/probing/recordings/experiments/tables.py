"""A recording in tables of trials and of spikes, and its stimuli in an .npy or a folder."""

from collections.abc import Sequence
from typing import Any

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.tables import USUAL_COLUMNS, Columns, read_tables
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class Tables(Experiment):
    """Spikes around the onsets of trials, as `read_tables` reads them.

    Args:
        trials: path of a .csv, .tsv or .parquet file (in Python also a DataFrame), a row for each
            trial.
        spikes: the same, a row for each spike.
        edges: [time + 1] of the bins, s from onset.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the sorted
            order of the stimuli's names (numbers as numbers), without those that are left out.
        frame_edges: [frame + 1] s from onset between which each frame is on the screen.
        units: as trials, a row for each unit; those that have spikes, unless given.
        columns: which columns of the tables are what.
        leave_out: what to leave out of the recording.
    """

    def __init__(
        self,
        trials: Any,
        spikes: Any,
        edges: Sequence[float],
        frames: str,
        frame_edges: Sequence[float],
        units: Any = None,
        columns: Columns = USUAL_COLUMNS,
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.trials, self.spikes, self.units = trials, spikes, units
        self.edges, self.columns, self.leave_out = list(edges), columns, leave_out
        self.frames, self.frame_edges = frames, list(frame_edges)

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_tables(
            self.trials,
            self.spikes,
            self.edges,
            units=self.units,
            columns=self.columns,
            leave_out=self.leave_out,
        )
        return recording, read_frames(self.frames, self.frame_edges)
