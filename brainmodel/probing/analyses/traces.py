"""Responses of the brain and of all models in one form, [unit, stimulus, repeat, time]."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.analyses.analysis import Evidence
from brainmodel.probing.analyses.courses import Place
from brainmodel.probing.array_types import Floats


class Trace(NamedTuple):
    """Responses of one area."""

    place: Place
    values: Floats  # [unit, stimulus, repeat, time]
    edges: Floats  # [time + 1] s from stimulus onset


def brain_traces(evidence: Evidence) -> Iterator[Trace]:
    """Of every brain area; session by session where there are several, which are its stages."""
    recording = evidence.recording
    for area in recording.area_names:
        here = recording.of(areas=area)
        names = [] if here.sessions is None else sorted({str(name) for name in here.sessions})
        if len(names) < 2:
            place = Place("brain", "", None, area, "response")
            yield Trace(place, here.responses, here.edges)
            continue
        for stage, name in enumerate(names):
            place = Place("brain", name, stage, area, "response")
            yield Trace(place, here.of(sessions=name).responses, here.edges)


def model_traces(evidence: Evidence, signals: Sequence[str]) -> Iterator[Trace]:
    """Of every area of brains, trained and untrained; errors by their size."""
    edges = evidence.presentation.edges
    for source, areas in evidence.activity.items():
        if source.signal not in signals or source.model == "baseline":
            continue
        size = np.abs if source.signal == "error" else np.asarray
        for area, values in areas.items():
            place = Place(source.model, source.instance, source.stage, area, source.signal)
            yield Trace(place, size(values).transpose(2, 0, 1)[:, :, None], edges)
