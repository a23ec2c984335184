"""Macaque V4 to 640 images, Cowley et al. (2023); where to get it: `readers/macaque_v4.py`."""

import numpy as np

from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.readers.macaque_v4 import (
    image_archive,
    read_macaque_v4,
    read_v4_images,
)
from brainmodel.probing.recordings.recording import Recording
from brainmodel.probing.recordings.stimuli import Stimuli

OFFSET = 0.1  # s; each image was on for 100 ms


class MacaqueV4(Experiment):
    """One session and its images.

    Args:
        folder: the `data` of the public repository, or one with its files side by side.
        session: its date.
        images: so many at most, the first; all unless given.
    """

    def __init__(self, folder: str, session: str = "210325", images: int | None = None) -> None:
        if images is not None and images < 1:
            raise ValueError(f"images is {images}: give 1 or more, or leave it out.")
        self.folder, self.session, self.images = folder, session, images

    def open(self) -> tuple[Recording, Stimuli]:
        recording = read_macaque_v4(self.folder, self.session)
        recording = recording.show(np.arange(len(recording.stimuli))[: self.images])
        archive = image_archive(self.folder, self.session)
        frames = read_v4_images(archive, recording.stimuli)[:, None]
        return recording, Stimuli(frames, np.array([0.0, OFFSET]))
