"""A recording in MATLAB's .mat and its stimuli in an .npy."""

from brainmodel.probing.recordings.experiments.laid_out_file import LaidOutFile
from brainmodel.probing.recordings.readers.mat import read_mat
from brainmodel.probing.recordings.recording import Recording


class MatFile(LaidOutFile):
    """Arguments as those of `LaidOutFile`; the file is MATLAB's .mat."""

    def recording(self) -> Recording:
        return read_mat(self.path, self.layout, self.leave_out)
