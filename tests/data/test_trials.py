"""Trials within streams: whole, in order, of their lengths, wherever windows begin."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from brainmodel.data.streams import Part
from brainmodel.data.tasks import (
    Add,
    CentreOutReaching,
    ContextIntegration,
    DelayedMatch,
    PathIntegration,
    PoissonSpikes,
    TaskModule,
    ToneClouds,
)
from brainmodel.data.window import Window
from tests.data.test_laws import join, same


def windows(module: TaskModule, count: int, part: Part = Part.TRAINING, rank: int = 0) -> Window:
    """So many windows of a module, as one."""
    stream = module.stream(module.share(part, rank))
    return join([stream.window(index) for index in range(count)], 0)


def runs(trial: Tensor) -> list[tuple[int, int]]:
    """Numbers and lengths of the trials of one stream, of those that are whole."""
    numbers, counts = torch.unique_consecutive(trial, return_counts=True)
    found = list(zip(numbers.tolist(), counts.tolist(), strict=True))
    return [pair for pair in found[:-1] if pair[0] >= 0]


def test_trials_follow_each_other_with_lengths_that_vary() -> None:
    module = DelayedMatch(delay=(4, 9), window=7, batch_size=5, seed=2)
    seen = windows(module, 60)
    lengths = []
    for stream in range(5):
        found = runs(seen.labels["trial"][:, stream])
        assert [number for number, _ in found] == list(range(len(found)))
        lengths += [length for _, length in found]
    fixed = module.match.fixed
    assert {length - fixed for length in lengths} == set(range(4, 10))
    assert seen.reset[0].all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (DelayedMatch, {"delay": (5, 8), "distractors": 1, "spikes": PoissonSpikes(2, 300.0)}),
        (ContextIntegration, {}),
        (Add, {"length": 20}),
        (CentreOutReaching, {"hold": (1, 5), "preparation": (20, 25), "movement": 10}),
        (PathIntegration, {"length": 20}),
        (ToneClouds, {"shown": 6, "reversal": 3}),
    ],
)
def test_a_trial_is_the_same_whatever_the_windows_and_the_order(
    kind: type[TaskModule], options: dict[str, Any]
) -> None:
    """Trials of aligned windows, one by one, are those of the flow, in which they lie anywhere."""
    flow = windows(kind(window=11, batch_size=3, **options), 80)  # type: ignore[call-arg]
    longer = kind(window=80, batch_size=3, aligned=True, **options)  # type: ignore[call-arg]
    stream = longer.stream(longer.share(Part.TRAINING))
    for number in (7, 0, 12):
        alone = stream.window(number)
        for b in range(3):
            inside = flow.labels["trial"][:, b] == number
            here = alone.labels["trial"][:, b] == number
            assert inside.sum() == here.sum() > 0
            for name, values in flow.labels.items():
                assert torch.equal(values[inside, b], alone.labels[name][here, b])
            stimulus = flow.inputs["stimulus"][inside, b]
            assert torch.equal(stimulus, alone.inputs["stimulus"][here, b]) and stimulus.any()


def test_a_late_window_needs_no_earlier_one() -> None:
    module = DelayedMatch(delay=(2, 30), window=10, batch_size=4)
    share = module.share(Part.TRAINING)
    stream, late = module.stream(share), module.stream(share)
    in_order = [stream.window(index) for index in range(900)]
    assert same(late.window(899), in_order[899])
    assert same(late.window(3), in_order[3]) and same(late.window(500), in_order[500])
    assert not same(in_order[899].labels["trial"], in_order[898].labels["trial"]), "a control"


@pytest.mark.parametrize("size", [1, 2, 50])
def test_windows_of_any_size_show_the_same_stream(size: int) -> None:
    options: dict[str, Any] = {"batch_size": 3, "spikes": PoissonSpikes(2), "distractors": 1}
    whole = windows(DelayedMatch(window=100, **options), 1)
    assert same(windows(DelayedMatch(window=size, **options), 100 // size), whole)


def test_all_streams_of_aligned_windows_begin_a_trial_at_the_first_step() -> None:
    module = DelayedMatch(delay=(5, 15), batch_size=6, aligned=True)
    assert module.window == module.match.fixed + 15
    seen = [module.stream(module.share(Part.TRAINING)).window(index) for index in range(4)]
    for index, window in enumerate(seen):
        trial = window.labels["trial"]
        assert (trial[0] == index).all() and set(trial.unique().tolist()) <= {-1, index}
        assert window.reset[0].all() and not window.reset[1:].any()
        between = trial < 0
        assert not window.labels["response"][between].any()
        assert (window.labels["condition"][between] == -1).all() and between.any()
        assert not window.inputs["stimulus"][between].any(), "nothing is there after the trial"
    apart = windows(DelayedMatch(window=30, batch_size=6), 1).labels["trial"][0]
    assert not (apart == 0).all(), "a control: else streams are apart"


def test_without_a_reset_the_brain_goes_on_from_trial_to_trial() -> None:
    for aligned in (True, False):
        kept, anew = (
            windows(DelayedMatch(window=30, batch_size=3, aligned=aligned, reset=reset), 5)
            for reset in (False, True)
        )
        assert kept.reset[0].all() and not kept.reset[1:].any()
        begins = anew.labels["trial"].diff(dim=0) > 0
        trial = anew.labels["trial"]
        begins = (trial[1:] != trial[:-1]) & (trial[1:] >= 0)
        assert torch.equal(anew.reset[1:], begins) and begins.any()
        assert same(kept.inputs, anew.inputs) and same(kept.labels, anew.labels)


def test_streams_begin_apart_and_with_a_whole_trial() -> None:
    trial = windows(Add(window=100, batch_size=8), 2).labels["trial"]
    begins = [int((trial[:, b] == 0).nonzero()[0]) for b in range(8)]
    assert len(set(begins)) == 8 and begins[0] == 0
    for b, begin in enumerate(begins):
        assert (trial[:begin, b] == -1).all() and (trial[begin : begin + 100, b] == 0).sum() == min(
            100, 200 - begin
        )


def test_processes_have_streams_of_their_own() -> None:
    module = DelayedMatch(window=40, batch_size=3)
    first, second = windows(module, 2), windows(module, 2, rank=1)
    both = windows(DelayedMatch(window=40, batch_size=6), 2)
    assert same(join([first, second], 1), both)
    assert not same(first.inputs, second.inputs)


def test_spikes_come_as_often_as_their_rates_say() -> None:
    rate = windows(DelayedMatch(window=100, batch_size=32), 10).inputs["stimulus"]
    spikes = PoissonSpikes(neurons=5, peak=200.0, step=2.0)
    module = DelayedMatch(window=100, batch_size=32, spikes=spikes)
    assert module.shapes == {"stimulus": [25]}
    fired = windows(module, 10).inputs["stimulus"].unflatten(2, (5, 5))
    assert set(fired.unique().tolist()) == {0.0, 1.0}
    assert not fired[rate == 0].any()
    likely = 1 - np.exp(-0.4)
    there = fired[rate == 1]
    tolerance = 4 * np.sqrt(likely * (1 - likely) / there.numel())
    assert there.mean().item() == pytest.approx(likely, abs=tolerance)
    one, other = there[:, 0] - likely, there[:, 1] - likely
    assert abs((one * other).mean().item()) < 4 * likely * (1 - likely) / np.sqrt(len(one))
