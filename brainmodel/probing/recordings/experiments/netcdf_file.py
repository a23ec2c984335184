"""A recording in netCDF and its stimuli in an .npy or a folder of pictures."""

from collections.abc import Sequence

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.labelled import USUAL_NAMES, Labelled, read_labelled
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class NetcdfFile(Experiment):
    """Responses as `read_labelled` reads them, frames as `read_frames` does.

    Args:
        path: of the .nc file.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the order of
            the stimuli: of their names, sorted (numbers as numbers), where trials name them;
            otherwise that of the file.
        frame_edges: [frame + 1] s from stimulus onset between which each frame is on the screen;
            for stills onset and offset.
        labelled: what is what in the file.
        leave_out: what to leave out of the recording; `frames` are those of the stimuli that stay.
    """

    def __init__(
        self,
        path: str,
        frames: str,
        frame_edges: Sequence[float],
        labelled: Labelled = USUAL_NAMES,
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.path, self.labelled, self.leave_out = path, labelled, leave_out
        self.frames, self.frame_edges = frames, list(frame_edges)

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_labelled(self.path, self.labelled, self.leave_out)
        return recording, read_frames(self.frames, self.frame_edges)
