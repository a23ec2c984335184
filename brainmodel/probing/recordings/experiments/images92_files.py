"""Human and monkey IT to 92 objects, Kriegeskorte et al. (2008): dissimilarity matrices only.

Where to get them: `readers/images92.py`.
"""

import numpy as np

from brainmodel.probing.recordings.dissimilarity_data import DissimilarityData
from brainmodel.probing.recordings.experiment import Experiment
from brainmodel.probing.recordings.readers.images92 import (
    read_human_it,
    read_models,
    read_object_images,
)
from brainmodel.probing.recordings.stimuli import Stimuli

OFFSET = 0.3  # s; each image was on for 300 ms in the scanner


class Images92(Experiment):
    """Human IT of four subjects (fMRI, mean over two sessions) and monkey IT (674 cells).

    Args:
        folder: with the .mat files of rsatoolbox's demo.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def open(self) -> tuple[DissimilarityData, Stimuli]:
        human = read_human_it(self.folder).mean_over_sessions()
        monkey = read_models(self.folder).of(areas="monkeyIT")
        people = np.array(human.subjects).tolist()
        both = DissimilarityData(
            np.concatenate([human.matrices, monkey.matrices]),
            np.array(["human IT"] * len(people) + ["monkey IT"]),
            human.stimuli,
            human.measure,
            "92 images",
            subjects=np.array([*people, "monkeys"]),
        )
        frames = read_object_images(self.folder)[:, None]
        return both, Stimuli(frames, np.array([0.0, OFFSET]))
