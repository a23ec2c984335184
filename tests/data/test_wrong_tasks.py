"""Tasks that make no sense are refused in one sentence."""

from typing import Any

import pytest

from brainmodel.data.tasks import (
    Add,
    CentreOutReaching,
    ContextIntegration,
    CopySequence,
    DelayedMatch,
    EvidenceAccumulation,
    PathIntegration,
    PatternGeneration,
    PoissonSpikes,
    SequentialDigits,
    TemporalXOR,
    ToneClouds,
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DelayedMatch(stimuli=1), "stimuli is 1: give a whole number, from 2 to 1000."),
        (
            lambda: DelayedMatch(stimuli=2, distractors=1),
            "stimuli is 2: a distractor, the one that the sample is not, would tell the "
            "sample; give 3 or more, or distractors: 0.",
        ),
        (lambda: DelayedMatch(delay=(9, 4)), "delay is [9, 4]: give two whole numbers, the least"),
        (lambda: DelayedMatch(delay=(-1, 4)), "delay is [-1, 4]: give two whole numbers"),
        (lambda: DelayedMatch(delay=(1.5, 4)), "delay is [1.5, 4]: give two whole"),  # type: ignore[arg-type]
        (
            lambda: DelayedMatch(delay=(5, 15), distractors=2),
            "delay is [5, 15]: 2 distractors of 3 steps, with one before each, need a delay of 8",
        ),
        (
            lambda: DelayedMatch(window=20, aligned=True),
            "window is 20: the longest trial has 26 steps, and an aligned window holds a whole one",
        ),
        (lambda: DelayedMatch(window=0), "window is 0: give a whole number, at least 1."),
        (lambda: TemporalXOR(bits=1), "bits is 1: give a whole number, from 2 to 16."),
        (lambda: TemporalXOR(gap=(3,)), "gap is [3]: give two whole numbers"),  # type: ignore[arg-type]
        (lambda: CopySequence(symbols=1), "symbols is 1: give a whole number, from 2 to 1000."),
        (lambda: Add(first=5, second=5), "second is 5: give a whole number, from 6 to 100000."),
        (lambda: Add(length=9), "length is 9: give a whole number, from 10 to 100000."),
        (lambda: EvidenceAccumulation(cues=6), "cues is 6: give an odd number, or both sides may"),
        (
            lambda: EvidenceAccumulation(likely=1.2),
            "likely is 1.2: give a probability, from 0 to 1.",
        ),
        (
            lambda: EvidenceAccumulation(step=7.0),
            "step is 7: 50 ms are no whole number of steps of 7",
        ),
        (
            lambda: EvidenceAccumulation(delay=15.0, step=10.0),
            "delay is 15: 15 ms are no whole number",
        ),
        (
            lambda: EvidenceAccumulation(step=10.0, spikes=PoissonSpikes()),
            "spikes.step is 1: a step of the task has 10 ms; give that.",
        ),
        (lambda: ContextIntegration(strengths=()), "strengths is []: give one or more positive"),
        (lambda: ContextIntegration(strengths=(0.0,)), "strengths is 0.0: give positive numbers"),
        (lambda: ToneClouds(strengths=()), "strengths is []: give one or more, above 0"),
        (lambda: ToneClouds(strengths=(1.5,)), "strengths is 1.5: give shares, from 1e-06 to 1"),
        (lambda: ToneClouds(shown=0), "shown is 0: give a whole number, from 1 to"),
        (lambda: ToneClouds(reversal=0), "reversal is 0: give a whole number"),
        (lambda: ContextIntegration(noise=-1.0), "noise is -1.0: give a standard deviation, from"),
        (
            lambda: SequentialDigits(pixels=5),
            "pixels is 5: pictures of 64 pixels are no whole number",
        ),
        (lambda: PatternGeneration(length=6), "length is 6: give a whole number, from 7 to"),
        (
            lambda: CentreOutReaching(arm=(0.1, 0.2)),
            "distance: the hand would have to be 0.32 to 0.48 m from the shoulder, and an arm of",
        ),
        (
            lambda: CentreOutReaching(distance=0.0),
            "distance is 0.0: give metres, from 0.001 to 10.",
        ),
        (lambda: CentreOutReaching(preparation=(5, 9)), "preparation is [5, 9]: give two whole"),
        (lambda: PathIntegration(width=0.0), "width is 0.0: give metres, from 0.01 to 100."),
        (lambda: PathIntegration(place_cells=-1), "place_cells is -1: give a whole number"),
        (lambda: PathIntegration(box=0.0), "box is 0.0: give metres, from 0.1 to 100."),
        (lambda: PoissonSpikes(neurons=0), "spikes.neurons is 0: give a whole number"),
        (lambda: PoissonSpikes(peak=-1.0), "spikes.peak is -1.0: give spikes per second"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        make()
    said = str(refused.value)
    assert said.startswith(message) and said.endswith(".") and "\n" not in said
