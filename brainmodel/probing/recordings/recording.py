"""A labelled recording: responses [neuron, stimulus, repeat, time] with their areas and times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole

Labels = NDArray[Any]

LABELS = {
    "layers": "layer",
    "depths": "depth",
    "compartments": "compartment",
    "subjects": "subject",
    "sessions": "session",
}
"""By fields, what a neuron's own is called: a column of tables, a coordinate of arrays."""
PER_NEURON = ("areas", "layers", "depths", "compartments", "subjects", "sessions")


@dataclass(frozen=True, eq=False)
class Recording:
    """Neural responses aligned to stimuli.

    Args:
        responses: [neuron, stimulus, repeat, time]; NaN where a repeat was not shown or not kept.
        areas: [neuron] name of the brain area, e.g. "VISp".
        stimuli: [stimulus] identifiers, each once.
        edges: [time + 1] edges of the time bins, in seconds from the onset of the stimulus.
        unit: what one number of `responses` is, e.g. "spikes/s" or "dF/F".
        source: file or data set it came from, for messages and reports.
        groups: [stimulus] what must stay on one side of a cross-validation fold (a movie whose
            frames these are); None where each stimulus is on its own.
        layers, compartments, subjects, sessions: [neuron] names, where known.
        depths: [neuron] micrometres below the surface, where known.
        left_out: what the reader left out or mended, and how much of it, e.g. "20 of 240 events,
            blank ('-1.0')"; each stands in `facts`.

    Raises:
        ValueError: in one sentence, if shapes, labels or edges do not fit, or a value is infinite.
    """

    responses: Floats
    areas: Labels
    stimuli: Labels
    edges: Floats
    unit: str
    source: str = "recording"
    groups: Labels | None = None
    layers: Labels | None = None
    depths: Floats | None = None
    compartments: Labels | None = None
    subjects: Labels | None = None
    sessions: Labels | None = None
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("responses", "stimuli", "edges", "groups", *PER_NEURON):
            self._require_array(field)
        found = (
            f"{self.source}: responses is {self.responses.dtype} of shape {self.responses.shape}"
        )
        if self.responses.ndim != 4:
            raise ValueError(f"{found}: give floats [neuron, stimulus, repeat, time].")
        if not np.issubdtype(self.responses.dtype, np.floating):
            raise ValueError(f"{found}: give floats, responses.astype(float), NaN where missing.")
        neurons, stimuli, _, steps = self.responses.shape
        for field in PER_NEURON:
            self._require_length(field, neurons, "one per neuron")
        self._require_length("stimuli", stimuli, "one per stimulus")
        self._require_length("groups", stimuli, "one per stimulus")
        self._require_length("edges", steps + 1, "one more than time bins")
        self._require_sense()

    def _require_array(self, field: str) -> None:
        """Lists become arrays, bytes text, and what is masked is missing."""
        value = getattr(self, field)
        if isinstance(value, np.ma.MaskedArray):
            missing = np.nan if field == "responses" else None  # what each kind has for nothing
            value = np.ma.filled(value if missing is None else value.astype(float), missing)
            object.__setattr__(self, field, value)
        if isinstance(value, np.ndarray) and value.dtype.kind == "S":
            object.__setattr__(self, field, np.char.decode(value, "utf-8", "replace"))
        if value is None or isinstance(value, np.ndarray):
            return
        try:
            object.__setattr__(self, field, np.asarray(value))
        except ValueError as problem:
            raise ValueError(
                f"{self.source}: {field} has rows of different lengths: fill them up to one "
                "length, with NaN."
            ) from problem

    def _require_length(self, field: str, length: int, meaning: str) -> None:
        value = getattr(self, field)
        if value is not None and np.shape(value) != (length,):
            raise ValueError(
                f"{self.source}: {field} has shape {np.shape(value)}: give {length}, {meaning}."
            )

    def _require_sense(self) -> None:
        if 0 in self.responses.shape:
            raise ValueError(
                f"{self.source}: responses has shape {self.responses.shape}: "
                "keep at least one neuron, stimulus, repeat and time bin."
            )
        if np.isinf(self.responses).any():
            raise ValueError(f"{self.source}: responses holds infinite values: use NaN if missing.")
        if not isinstance(self.unit, str):
            raise ValueError(f'{self.source}: unit is {self.unit!r}: give a text, "spikes/s".')
        numbers = self.edges.dtype.kind in "iuf" and np.isfinite(self.edges).all()
        if not (numbers and (np.diff(self.edges) > 0).all()):
            raise ValueError(f"{self.source}: edges must rise, in seconds, but are {self.edges}.")
        names, counts = np.unique(self.stimuli, return_counts=True)
        if (counts > 1).any():
            twice = str(names[counts > 1][0])
            raise ValueError(
                f"{self.source}: stimulus {twice!r} stands {counts.max()} times in "
                "stimuli: make them repeats of one stimulus."
            )

    @property
    def area_names(self) -> list[str]:
        """The areas, each once, sorted."""
        return sorted({str(area) for area in self.areas})

    @property
    def facts(self) -> str:
        """What was recorded and what was left out of it, in one line."""
        neurons = f"{len(self.areas)} neurons in {', '.join(self.area_names)}"
        stimuli = f"{len(self.stimuli)} stimuli"
        seconds = f"{self.edges[0]:g} to {self.edges[-1]:g} s from onset"
        left_out = [f"left out: {', '.join(self.left_out)}"] if self.left_out else []
        return "; ".join([neurons, stimuli, seconds, self.unit, *left_out])

    @property
    def group_numbers(self) -> Whole:
        """[stimulus] its group as a number; each stimulus is its own where none are given."""
        if self.groups is None:
            return np.arange(len(self.stimuli))
        return np.unique(self.groups, return_inverse=True)[1]

    def of(self, **labels: str | Sequence[str]) -> "Recording":
        """The neurons with these labels, e.g. `of(areas="VISp", layers=["2/3", "5"])`.

        Raises:
            ValueError: if a label is unknown; the message lists those that there are.
        """
        keep = np.ones(len(self.areas), bool)
        for field, wanted in labels.items():
            keep &= self._has(field, [wanted] if isinstance(wanted, str) else list(wanted))
        if not keep.any():
            raise ValueError(f"{self.source}: no neuron has all of {labels}: ask for fewer labels.")
        return self.keep(keep)

    def _has(self, field: str, wanted: Sequence[str]) -> NDArray[np.bool_]:
        present = getattr(self, field) if field in PER_NEURON else None
        if present is None:
            known = [name for name in PER_NEURON if getattr(self, name) is not None]
            raise ValueError(f"{self.source}: neurons have no {field}: choose among {known}.")
        there = sorted({str(name) for name in present})
        for name in wanted:
            if name not in there:
                raise ValueError(f"{self.source}: no {field} {name!r}: there are {there}.")
        return np.isin(present.astype(str), list(wanted))

    def keep(self, neurons: Labels) -> "Recording":
        """The chosen neurons (indices or a mask), with their labels."""
        chosen = {
            name: getattr(self, name)[neurons]
            for name in PER_NEURON
            if getattr(self, name) is not None
        }
        return replace(self, responses=self.responses[neurons], **chosen)

    def show(self, stimuli: Labels) -> "Recording":
        """The chosen stimuli (indices or a mask), with their groups."""
        return replace(
            self,
            responses=self.responses[:, stimuli],
            stimuli=self.stimuli[stimuli],
            groups=None if self.groups is None else self.groups[stimuli],
        )
