"""Dissimilarity matrices in an .npz, stimuli in an .npy: fMRI, judgements, published RDMs."""

from collections.abc import Sequence

from brainmodel.probing.recordings.dissimilarity_data import DissimilarityData
from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.readers.npz_matrices import read_npz_matrices
from brainmodel.probing.recordings.stimuli import Stimuli


class NpzMatrices(Experiment):
    """Matrices as `read_npz_matrices` reads them, frames as `read_frames` does.

    Args:
        path: of the .npz with the matrices.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the
            matrices' order.
        frame_edges: [frame + 1] s from stimulus onset between which each frame is on the screen;
            for stills onset and offset.
    """

    def __init__(self, path: str, frames: str, frame_edges: Sequence[float]) -> None:
        self.path, self.frames, self.frame_edges = path, frames, list(frame_edges)

    def open(self) -> tuple[DissimilarityData, Stimuli]:
        return read_npz_matrices(self.path), read_frames(self.frames, self.frame_edges)
