"""A recording in a file whose variables a layout names, and its stimuli in an .npy."""

from abc import abstractmethod
from collections.abc import Sequence

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.arrays import Layout
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class LaidOutFile(Experiment):
    """Responses as the layout says, frames as `read_frames` reads them.

    Args:
        path: of the file with the recording.
        layout: which variable is what.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the order of
            the stimuli: of their names, sorted (numbers as numbers), where trials name them;
            otherwise that of the file.
        frame_edges: [frame + 1] s from stimulus onset between which each frame is on the screen;
            for stills onset and offset.
        leave_out: what to leave out of the recording; `frames` are those of the stimuli that stay.
    """

    def __init__(
        self,
        path: str,
        layout: Layout,
        frames: str,
        frame_edges: Sequence[float],
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.path, self.layout, self.leave_out = path, layout, leave_out
        self.frames, self.frame_edges = frames, list(frame_edges)

    @abstractmethod
    def recording(self) -> Recording:
        """The recording."""

    def open(self) -> tuple[Recording, Stimuli]:
        return self.recording(), read_frames(self.frames, self.frame_edges)
