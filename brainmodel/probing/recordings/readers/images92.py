"""Ninety-two object images in human and monkey inferior temporal (IT) cortex.

Kriegeskorte et al. (2008), Neuron 60:1126. Dissimilarity matrices only. The public original: the
demos of rsatoolbox, https://github.com/rsagroup/rsatoolbox (MIT), folder `demos/92imageData`.

What correct use finds: the monkey and mean human matrices correlate .491 (Pearson); the Spearman
noise ceiling of the four subjects, averaged over two sessions, is .372 to .666; against it animacy
scores .386 and the gray pixels .024.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.dissimilarity_data import DissimilarityData
from brainmodel.probing.recordings.readers.files import require_folder
from brainmodel.probing.recordings.readers.mat import load_mat

MEASURE = "1 - Pearson r"
IMAGES = "Kriegeskorte_Neuron2008_supplementalData.mat"


def read_human_it(folder: str | Path) -> DissimilarityData:
    """Human IT by fMRI: 4 subjects x 2 sessions. Raises FileNotFoundError where it is absent."""
    held = load_mat(require_folder(folder) / "92_brainRDMs.mat")
    # names read "hIT | BE | Session: 1"
    parts = np.array([[part.strip() for part in name.split("|")] for name in held["RDMs.name"]])
    return DissimilarityData(
        held["RDMs.RDM"].astype(float),
        parts[:, 0],
        _stimuli(),
        MEASURE,
        "92 images, human IT",
        subjects=parts[:, 1],
        sessions=parts[:, 2],
    )


def read_models(folder: str | Path) -> DissimilarityData:
    """Monkey IT (674 neurons), categories and models of the paper, by name in `areas`."""
    held = load_mat(require_folder(folder) / "92_modelRDMs.mat")
    return _named(held["Models.RDM"], held["Models.name"], "models")


def read_behaviour(folder: str | Path) -> DissimilarityData:
    """Similarity judgements of 16 people, one matrix each."""
    held = load_mat(require_folder(folder) / "92_behavRDMs.mat")
    data = _named(held["rdms_behav_92.RDM"], held["rdms_behav_92.name"], "behaviour")
    people = np.array([name.split("|")[-1].strip() for name in data.areas])
    judged = np.array(["behaviour"] * len(people))
    return DissimilarityData(
        data.matrices, judged, data.stimuli, "judged dissimilarity", data.source, subjects=people
    )


def read_object_images(folder: str | Path) -> NDArray[np.float32]:
    """The images: [92, height, width, channel] in [0, 1]."""
    held = load_mat(require_folder(folder) / IMAGES)["stimuli_92objs.image"]
    return held.astype(np.float32) / np.float32(255)


def _named(matrices: NDArray[Any], names: NDArray[Any], what: str) -> DissimilarityData:
    return DissimilarityData(
        matrices.astype(float), names.astype(str), _stimuli(), MEASURE, f"92 images, {what}"
    )


def _stimuli() -> NDArray[Any]:
    return np.array([f"object {k + 1:02d}" for k in range(92)])
