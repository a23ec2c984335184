"""A recording in MATLAB's .mat and its stimuli in an .npy."""

from collections.abc import Sequence

from brainmodel.probing.experiment import Experiment, read_frames
from brainmodel.probing.presentation import Stimuli
from brainmodel.probing.readers.arrays import Layout
from brainmodel.probing.readers.mat import read_mat
from brainmodel.probing.recording import Recording


class MatFile(Experiment):
    """Responses as the layout says, frames as `read_frames` reads them.

    Args:
        path: of the .mat file.
        layout: which variable is what.
        frames: path of the .npy with what was shown, in the order of the stimuli: of their names,
            sorted, where trials name them; otherwise that of the file.
        frame_edges: [frame + 1] s from stimulus onset between which each frame is on the screen;
            for stills onset and offset.
    """

    def __init__(
        self, path: str, layout: Layout, frames: str, frame_edges: Sequence[float]
    ) -> None:
        self.path, self.layout = path, layout
        self.frames, self.frame_edges = frames, list(frame_edges)

    def open(self) -> tuple[Recording, Stimuli]:
        return read_mat(self.path, self.layout), read_frames(self.frames, self.frame_edges)
