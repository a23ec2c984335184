"""Analyses of the probe, asked of models alone: of sequences that they learnt, unrecorded.

Each brain is shown the sequences that it learnt and what comes instead, under its own assignment;
they have the same names in all brains, by what is due: "ABCD 3" is due in each of them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from brainmodel.brain import Brain
from brainmodel.data import SequenceModule
from brainmodel.physiology.responses import eye_size
from brainmodel.probing.activity import Presentation, Source, record_model
from brainmodel.probing.analyses import Analysis, Evidence, Section
from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings import Stimuli, Unrecorded


class AskedBrain(NamedTuple):
    """A brain, and the sequences that it learnt or, before it began, was to learn."""

    source: Source
    brain: Brain
    learnt: SequenceModule


class ShownAlone(NamedTuple):
    """What a brain is shown."""

    unrecorded: Unrecorded
    stimuli: Stimuli
    presentation: Presentation


def shown_alone(learnt: SequenceModule, events: int, also: Sequence[str] = ()) -> ShownAlone:
    """The trials of a brain's sequences, with gray before and after.

    Args:
        learnt: the sequences.
        events: of each, two or more for an index.
        also: further sequences of the same letters; "_" is gray in the place of an element.

    Raises:
        ValueError: for letters that these data have not.
    """
    trials = learnt.trials(events)
    frames, names = trials.frames, list(trials.names)
    if also:
        frames = torch.cat([frames, learnt.movies(also, events)], dim=1)
        names += [f"{word} {event}" for word in also for event in range(events)]
    rate = learnt.frames_per_second
    steps = len(frames) - trials.onset
    edges = np.arange(steps + 1) / rate
    movies = frames[trials.onset :].transpose(0, 1)[..., None].numpy()
    presentation = Presentation(rate, steps / rate, trials.onset / rate)
    return ShownAlone(
        Unrecorded(np.array(names), presentation.edges), Stimuli(movies, edges), presentation
    )


def analyse_alone(
    analyses: Mapping[str, Analysis],
    asked: Sequence[AskedBrain],
    events: int,
    also: Sequence[str] = (),
) -> dict[str, Section]:
    """The sections of the analyses, by name.

    Args:
        analyses: by name.
        asked: all brains, trained and untrained; of all stages.
        events: of each sequence.
        also: see `shown_alone`.

    Raises:
        ValueError: in one sentence, for what an analysis cannot be asked.
    """
    first = shown_alone(asked[0].learnt, events, also)
    for name, analysis in analyses.items():
        try:
            analysis.check(first.unrecorded, first.stimuli, first.presentation)
        except ValueError as error:
            raise ValueError(f"analyses.{name}: {error}") from error
    signals = list(dict.fromkeys(s for each in analyses.values() for s in each.signals))
    activity: dict[Source, Mapping[str, Floats]] = {}
    for source, brain, learnt in asked:
        own = shown_alone(learnt, events, also)
        found = record_model(brain, own.stimuli, own.presentation, signals)
        activity |= {source._replace(signal=signal): areas for signal, areas in found.items()}
    size = eye_size(asked[0].brain)
    evidence = Evidence(
        first.unrecorded, first.stimuli, first.presentation, (1, size, size), activity
    )
    return {name: analysis(evidence) for name, analysis in analyses.items()}
