"""Recordings in NWB, of units or of two-photon ROIs, and their stimuli in an .npy."""

from collections.abc import Sequence

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.nwb import read_rois, read_units
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class NwbFile(Experiment):
    """A file of NWB and what was shown.

    Args:
        path: of the .nwb file.
        intervals: table of stimuli, e.g. "natural_scenes_presentations".
        stimulus: column that names the stimulus, or columns, joined.
        edges: [time + 1] of the bins, s from onset.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the sorted
            order of the stimuli's names (numbers as numbers), without those that are left out.
        frame_edges: [frame + 1] s from onset between which each frame is on the screen.
        onset: column of the times at which the stimulus came on, s.
        movie_frame: column that numbers the frames of a movie, where each row is one frame.
        leave_out: what to leave out of the recording.
    """

    def __init__(
        self,
        path: str,
        intervals: str,
        stimulus: str | Sequence[str],
        edges: Sequence[float],
        frames: str,
        frame_edges: Sequence[float],
        onset: str = "start_time",
        movie_frame: str | None = None,
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.path, self.intervals, self.stimulus = path, intervals, stimulus
        self.edges, self.frames, self.frame_edges = list(edges), frames, list(frame_edges)
        self.onset, self.movie_frame, self.leave_out = onset, movie_frame, leave_out


class NwbUnits(NwbFile):
    """Spikes of sorted units; arguments as of NwbFile, and:

    Args:
        area: column of units or electrodes that holds the areas, if it is no usual one.
        select: values to keep, by column of the table of units, e.g. {"quality": ["good"]}.
    """

    def __init__(
        self,
        path: str,
        intervals: str,
        stimulus: str | Sequence[str],
        edges: Sequence[float],
        frames: str,
        frame_edges: Sequence[float],
        onset: str = "start_time",
        movie_frame: str | None = None,
        leave_out: LeaveOut = USUAL,
        area: str | None = None,
        select: dict[str, list[str | float]] | None = None,
    ) -> None:
        shown = (frames, frame_edges, onset, movie_frame)
        super().__init__(path, intervals, stimulus, edges, *shown, leave_out)
        self.area, self.select = area, select or {}

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_units(
            self.path,
            self.intervals,
            self.stimulus,
            self.edges,
            onset=self.onset,
            movie_frame=self.movie_frame,
            area=self.area,
            select=self.select,
            leave_out=self.leave_out,
        )
        return recording, read_frames(self.frames, self.frame_edges)


class NwbRois(NwbFile):
    """Mean traces (dF/F) of two-photon ROIs; arguments as of NwbFile, and:

    Args:
        series: interface or ROI response series to read, or both, "Fluorescence/plane0"; unless
            given "DfOverF", or the only one of dF/F. The planes of an interface are joined.
        select: values to keep, by column of the tables of ROIs, e.g. {"accepted": [1]}.
    """

    def __init__(
        self,
        path: str,
        intervals: str,
        stimulus: str | Sequence[str],
        edges: Sequence[float],
        frames: str,
        frame_edges: Sequence[float],
        onset: str = "start_time",
        movie_frame: str | None = None,
        leave_out: LeaveOut = USUAL,
        series: str | None = None,
        select: dict[str, list[str | float]] | None = None,
    ) -> None:
        shown = (frames, frame_edges, onset, movie_frame)
        super().__init__(path, intervals, stimulus, edges, *shown, leave_out)
        self.series, self.select = series, select or {}

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_rois(
            self.path,
            self.intervals,
            self.stimulus,
            self.edges,
            self.series,
            onset=self.onset,
            movie_frame=self.movie_frame,
            select=self.select,
            leave_out=self.leave_out,
        )
        return recording, read_frames(self.frames, self.frame_edges)
