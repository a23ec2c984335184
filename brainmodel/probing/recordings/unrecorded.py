"""Stimuli that nobody recorded a brain with: what there is to say when a model alone is asked."""

from typing import NamedTuple

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.recording import Labels, Recording


class Unrecorded(NamedTuple):
    """In the place of a recording."""

    stimuli: Labels  # [stimulus] names, each once
    edges: Floats  # [time + 1] s from onset, of the steps of the model
    source: str = "the model alone"


RecordedOrNot = Recording | Unrecorded
"""What stimuli are called, with responses or without."""
