"""Recordings of which only dissimilarity matrices are known (fMRI, behaviour, published models)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class DissimilarityData:
    """Representational dissimilarity matrices (RDMs) over the same stimuli.

    Args:
        matrices: [matrix, stimulus, stimulus], symmetric, zero on the diagonal.
        areas: [matrix] brain area, or the name of a model or task.
        stimuli: [stimulus] identifiers.
        measure: what one number is, e.g. "1 - Pearson r".
        source: file or data set it came from.
        subjects, sessions: [matrix] names, where known.

    Raises:
        ValueError: in one sentence, if shapes do not fit or a matrix is not symmetric.
    """

    matrices: NDArray[np.floating[Any]]
    areas: NDArray[Any]
    stimuli: NDArray[Any]
    measure: str
    source: str = "matrices"
    subjects: NDArray[Any] | None = None
    sessions: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        shape = self.matrices.shape
        if len(shape) != 3 or shape[1] != shape[2] or 0 in shape:
            raise ValueError(
                f"{self.source}: matrices has shape {shape}: give [matrix, stimulus, stimulus]."
            )
        if np.shape(self.stimuli) != shape[1:2]:
            raise ValueError(
                f"{self.source}: {np.size(self.stimuli)} stimuli for matrices of {shape[1]}: "
                "give one per row."
            )
        for field in ("areas", "subjects", "sessions"):
            value = getattr(self, field)
            if value is not None and np.shape(value) != shape[:1]:
                raise ValueError(
                    f"{self.source}: {field} has shape {np.shape(value)}: give {shape[0]}, "
                    "one per matrix."
                )
        self._require_dissimilarities()

    def _require_dissimilarities(self) -> None:
        """Refuse what holds no numbers, is not symmetric, or says that a thing differs from itself.

        The diagonal of similarities (correlations) is not zero: RSA of them has the wrong sign.
        """
        kind = self.matrices.dtype
        if kind.kind not in "iuf":
            raise ValueError(f"{self.source}: matrices is {kind}: give real numbers.")
        if len(set(map(str, self.stimuli))) < len(self.stimuli):
            raise ValueError(f"{self.source}: a stimulus stands twice in stimuli: name each once.")
        uneven = np.abs(self.matrices - self.matrices.swapaxes(1, 2)).max(axis=(1, 2))
        if not (uneven <= 1e-6 * np.abs(self.matrices).max(axis=(1, 2))).all():
            raise ValueError(
                f"{self.source}: matrix {int(np.argmax(uneven))} is not symmetric or holds NaN: "
                "average it with its transpose, or leave its stimuli out."
            )
        diagonals = np.abs(np.diagonal(self.matrices, axis1=1, axis2=2)).max(1)
        same = diagonals <= 1e-6 * np.abs(self.matrices).max(axis=(1, 2))
        if not same.all():
            raise ValueError(
                f"{self.source}: matrix {int(np.argmin(same))} has up to {diagonals.max():g} on "
                "its diagonal: give dissimilarities (of correlations: 1 - r), zero there."
            )

    @property
    def pairs(self) -> NDArray[np.floating[Any]]:
        """[matrix, pair] the upper triangles, row by row."""
        return self.matrices[:, *np.triu_indices(self.matrices.shape[1], 1)]

    @property
    def area_names(self) -> list[str]:
        """The areas, each once, sorted."""
        return sorted({str(area) for area in self.areas})

    @property
    def facts(self) -> str:
        """What was recorded, in one line."""
        return (
            f"{len(self.matrices)} dissimilarity matrices of {', '.join(self.area_names)}; "
            f"{len(self.stimuli)} stimuli; {self.measure}"
        )

    def of(self, areas: str | Sequence[str]) -> "DissimilarityData":
        """The matrices of these areas.

        Raises:
            ValueError: if an area is unknown; the message lists those that there are.
        """
        wanted = [areas] if isinstance(areas, str) else list(areas)
        for area in wanted:
            if area not in self.area_names:
                raise ValueError(f"{self.source}: no area {area!r}: there are {self.area_names}.")
        keep = np.isin(self.areas.astype(str), wanted)
        return DissimilarityData(
            self.matrices[keep],
            self.areas[keep],
            self.stimuli,
            self.measure,
            self.source,
            None if self.subjects is None else self.subjects[keep],
            None if self.sessions is None else self.sessions[keep],
        )

    def mean_over_sessions(self) -> "DissimilarityData":
        """One matrix per area and subject: the mean over sessions (and whatever else repeats)."""
        subjects = self.areas if self.subjects is None else self.subjects
        keys = list(dict.fromkeys(zip(self.areas, subjects, strict=True)))
        means = [
            self.matrices[(self.areas == area) & (subjects == subject)].mean(0)
            for area, subject in keys
        ]
        areas, people = zip(*keys, strict=True)
        return DissimilarityData(
            np.array(means),
            np.array(areas),
            self.stimuli,
            self.measure,
            self.source,
            None if self.subjects is None else np.array(people),
        )
