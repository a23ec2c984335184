"""Dissimilarity matrices in NumPy's .npz: one array per field of DissimilarityData."""

from pathlib import Path

from brainmodel.probing.recordings.dissimilarity_data import DissimilarityData
from brainmodel.probing.recordings.readers.npz import read_arrays, write_arrays

NEEDED = ("matrices", "areas", "stimuli", "measure")


def read_npz_matrices(path: str | Path) -> DissimilarityData:
    """Read matrices whose arrays are named like the fields of DissimilarityData.

    Needed: matrices [matrix, stimulus, stimulus], areas, stimuli, measure.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an .npz, or an array is missing or does not fit.
    """
    return DissimilarityData(**read_arrays(path, DissimilarityData, NEEDED))


def write_npz_matrices(data: DissimilarityData, path: str | Path) -> None:
    """Write matrices for `read_npz_matrices`; under its final name only once complete."""
    write_arrays(data, path)
