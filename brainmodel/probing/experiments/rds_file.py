"""A recording in R's .rds and its stimuli in an .npy."""

from brainmodel.probing.experiments.laid_out_file import LaidOutFile
from brainmodel.probing.readers.rds import read_rds_recording
from brainmodel.probing.recording import Recording


class RdsFile(LaidOutFile):
    """Arguments as those of `LaidOutFile`; the file is R's .rds."""

    def recording(self) -> Recording:
        return read_rds_recording(self.path, self.layout)
