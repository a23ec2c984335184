"""Responses of brain areas and of model areas in one form, [unit, stimulus, repeat, time]."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.analyses.analysis import Evidence
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Unrecorded


class Origin(NamedTuple):
    """Whose responses, and when in its learning."""

    model: str  # "brain", "trained", "untrained" or "baseline"
    instance: str  # session of the brain, checkpoint or seed; may be empty
    stage: int | None  # steps of training, or number of the session, from 0; None if there is one
    area: str
    signal: str  # response, rate or error; "frames" for baselines
    brain: str = ""  # the same before and after training; empty where that is not known


class AreaResponses(NamedTuple):
    """Responses of one area."""

    origin: Origin
    values: Floats  # [unit, stimulus, repeat, time]
    edges: Floats  # [time + 1] s from stimulus onset


def brain_responses(evidence: Evidence) -> Iterator[AreaResponses]:
    """Of every brain area; of each session where there are several: they are its stages.

    None where a model alone is asked.
    """
    recording = evidence.recording
    if isinstance(recording, Unrecorded):
        return
    for area in recording.area_names:
        here = recording.of(areas=area)
        names = [] if here.sessions is None else sorted({str(name) for name in here.sessions})
        if len(names) < 2:
            origin = Origin("brain", "", None, area, "response")
            yield AreaResponses(origin, here.responses, here.edges)
            continue
        for stage, name in enumerate(names):
            origin = Origin("brain", name, stage, area, "response")
            yield AreaResponses(origin, here.of(sessions=name).responses, here.edges)


def model_responses(evidence: Evidence, signals: Sequence[str]) -> Iterator[AreaResponses]:
    """Of every area of all brains, trained and untrained; errors count by their size.

    A model responds the same each time, so there is one repeat.
    """
    edges = evidence.presentation.edges
    for source, areas in evidence.activity.items():
        if source.signal not in signals or source.model == "baseline":
            continue
        size = np.abs if source.signal == "error" else np.asarray
        for area, values in areas.items():
            origin = Origin(
                source.model, source.instance, source.stage, area, source.signal, source.brain
            )
            yield AreaResponses(origin, size(values).transpose(2, 0, 1)[:, :, None], edges)
