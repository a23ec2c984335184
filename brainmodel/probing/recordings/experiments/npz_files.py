"""A recording in an .npz and its stimuli in an .npy: the plain way to bring data of your own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.frames import read_frames
from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.readers.npz import read_npz
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli


class NpzFiles(Experiment):
    """Responses as `read_npz` reads them, frames as `read_frames` does.

    Args:
        path: of the .npz with the recording.
        frames: path of the .npy, or of the folder of pictures, with what was shown, in the
            recording's order, or pictures named like its stimuli.
        frame_edges: [frame + 1] s from stimulus onset between which each frame is on the screen;
            for stills onset and offset.
        leave_out: what to leave out of the recording; the frames go with it.
    """

    def __init__(
        self,
        path: str,
        frames: str,
        frame_edges: Sequence[float],
        leave_out: LeaveOut = USUAL,
    ) -> None:
        self.path, self.frames, self.frame_edges = path, frames, list(frame_edges)
        self.leave_out = leave_out

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_npz(self.path)
        file = Path(self.path).name
        if file not in recording.source:
            recording = replace(recording, source=f"{recording.source} ({file})")
        return recording, read_frames(self.frames, self.frame_edges)
