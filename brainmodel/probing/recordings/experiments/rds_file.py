"""A recording in R's .rds and its stimuli in an .npy."""

from brainmodel.probing.recordings.experiments.laid_out_file import LaidOutFile
from brainmodel.probing.recordings.readers.rds import read_rds_recording
from brainmodel.probing.recordings.recording import Recording


class RdsFile(LaidOutFile):
    """Arguments as those of `LaidOutFile`; the file is R's .rds."""

    def recording(self) -> Recording:
        return read_rds_recording(self.path, self.layout, self.leave_out)
