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
from brainmodel.probing.recordings.readers.files import (
    require_field,
    require_file,
    require_folder,
)
from brainmodel.probing.recordings.readers.mat import load_mat

MEASURE = "1 - Pearson r"
IMAGES = "Kriegeskorte_Neuron2008_supplementalData.mat"


def read_human_it(folder: str | Path) -> DissimilarityData:
    """Human IT by fMRI: 4 subjects x 2 sessions. Raises FileNotFoundError where it is absent."""
    matrices, names = _held(folder, "92_brainRDMs.mat", "RDMs.RDM", "RDMs.name")
    parts = _parts(names, 3)  # they read "hIT | BE | Session: 1"
    return DissimilarityData(
        matrices.astype(float),
        parts[:, 0],
        _stimuli(),
        MEASURE,
        "92 images, human IT",
        subjects=parts[:, 1],
        sessions=parts[:, 2],
    )


def read_models(folder: str | Path) -> DissimilarityData:
    """Monkey IT (674 neurons), categories and models of the paper, by name in `areas`."""
    matrices, names = _held(folder, "92_modelRDMs.mat", "Models.RDM", "Models.name")
    return _named(matrices, names, "models")


def read_behaviour(folder: str | Path) -> DissimilarityData:
    """Similarity judgements of 16 people, one matrix each."""
    held = _held(folder, "92_behavRDMs.mat", "rdms_behav_92.RDM", "rdms_behav_92.name")
    data = _named(held[0], held[1], "behaviour")
    people = np.array([name.split("|")[-1].strip() for name in data.areas])
    judged = np.array(["behaviour"] * len(people))
    return DissimilarityData(
        data.matrices, judged, data.stimuli, "judged dissimilarity", data.source, subjects=people
    )


def read_object_images(folder: str | Path) -> NDArray[np.float32]:
    """The images: [92, height, width, channel] in [0, 1]."""
    (held,) = _held(folder, IMAGES, "stimuli_92objs.image")
    return held.astype(np.float32) / np.float32(255)


def _held(folder: str | Path, file: str, *names: str) -> Any:
    """Arrays of a file; ValueError in one sentence if one is not there, or no array."""
    source = require_file(require_folder(folder) / file)
    held = load_mat(source)
    for name in names:
        require_field(source, "variable", name, held)
        if np.asarray(held[name]).dtype == object and name != names[-1]:
            raise ValueError(f"{source}: {name} is no array: fetch the file again.")
    return [np.asarray(held[name]) for name in names]


def _parts(names: NDArray[Any], count: int) -> NDArray[Any]:
    """[matrix, part] what stands between bars in the names."""
    parts = [[part.strip() for part in str(name).split("|")] for name in names]
    if any(len(found) != count for found in parts):
        raise ValueError(f"92_brainRDMs.mat: names are {parts[:2]}: fetch the file again.")
    return np.array(parts)


def _named(matrices: NDArray[Any], names: NDArray[Any], what: str) -> DissimilarityData:
    return DissimilarityData(
        matrices.astype(float), names.astype(str), _stimuli(), MEASURE, f"92 images, {what}"
    )


def _stimuli() -> NDArray[Any]:
    return np.array([f"object {k + 1:02d}" for k in range(92)])
