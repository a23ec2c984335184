"""Periods against a walk through each stream, step by step; what they refuse."""

from collections.abc import Mapping
from random import Random

import pytest
import torch
from torch import Tensor

from brainmodel.perturbation import After, During, Opsin, Period, StreamSteps, perturbed
from tests import lessons, toy

STEPS, BATCH = 30, 4


def streams(seed: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Resets, a label that comes and goes, and the number of a trial, -1 between trials."""
    draw = Random(seed)
    reset = torch.tensor([[draw.random() < 0.15 for _ in range(BATCH)] for _ in range(STEPS)])
    tone = torch.tensor([[draw.random() < 0.4 for _ in range(BATCH)] for _ in range(STEPS)])
    trial = torch.tensor([[draw.choice([-1, 0, 0, 1]) for _ in range(BATCH)] for _ in range(STEPS)])
    return reset, {"tone": tone, "trial": trial}


def walked(period: Period, reset: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
    """The same, one stream and one step after the other."""
    found = torch.zeros(STEPS, BATCH, dtype=torch.bool)
    for b in range(BATCH):
        since, before = None, None
        step = -1
        for t in range(STEPS):
            if reset[t, b]:
                step, since, before = -1, None, None
            step += 1
            if isinstance(period, StreamSteps):
                count = step
            elif isinstance(period, During):
                found[t, b] = labels[period.label][t, b].item() in period.values
                continue
            else:
                assert isinstance(period, After)
                now = labels[period.label][t, b].item()
                on = now is True or (now is not False and now >= 0)
                on = on if period.value is None else now == period.value
                since = 0 if on and now != before else None if since is None else since + 1
                count, before = since, now
            late = period.stop is not None and count is not None and count >= period.stop
            found[t, b] = count is not None and count >= period.start and not late
    return found


@pytest.mark.parametrize(
    "period",
    [
        StreamSteps(),
        StreamSteps(2, 5),
        StreamSteps(3),
        During("tone"),
        During("trial", [-1, 1]),
        After("tone", 1, 3),
        After("trial"),
        After("trial", 0, 2),
        After("trial", 1, None, 1),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_period_is_found_by_walking_through_each_stream(period: Period, seed: int) -> None:
    reset, labels = streams(seed)
    expected = walked(period, reset, labels)
    for lengths in ([STEPS], [1], [2, 5]):
        carried, parts = None, []
        for first, last in lessons.windows(STEPS, lengths):
            own = {name: label[first:last] for name, label in labels.items()}
            active, carried = period.steps(reset[first:last], own, carried)
            parts.append(active)
        assert torch.equal(torch.cat(parts), expected)


def test_an_opsin_is_closed_where_a_stream_begins() -> None:
    brain = toy.ladder(lambda name: toy.BPTT())
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    begun = reset.clone()
    begun[3] = True
    light = Opsin("V1", 1.0, onset=4.0, decay=9.0, when=StreamSteps(0, 2))
    with perturbed(brain, light):
        whole, _ = brain(inputs, begun)
        anew, _ = brain({n: x[3:] for n, x in inputs.items()}, begun[3:])
    torch.testing.assert_close(whole["V1"].rate[3:], anew["V1"].rate, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("period", "told"),
    [
        (During("tone"), "label: the data have no 'tone'; there are answer, trial"),
        (During("answer", [1, 2]), "'answer' is a whole number from 0 to 1, and never 2"),
        (After("answer", value=3), "value: 'answer' is a whole number from 0 to 1, and never 3"),
        (After("trial", 20), "start: is step 20, beyond the longest trial, which has 20 steps"),
        (After("trial", 2, 21), "stop: is step 21, beyond the longest trial, which has 20 steps"),
        (StreamSteps(0, 21), "stop: is step 21, beyond the longest trial, which has 20 steps"),
    ],
)
def test_what_no_trial_has_is_refused(period: Period, told: str) -> None:
    with pytest.raises(ValueError) as refusal:
        period.require({"answer": (0, 1), "trial": None}, 20, True)
    assert told in str(refusal.value)


def test_streams_that_go_on_over_trials_have_later_steps() -> None:
    StreamSteps(0, 21).require({}, 20, False)
    After("trial", 2, 20).require({"trial": None}, 20, True)


def test_a_label_of_many_numbers_a_step_is_refused() -> None:
    reset, _ = streams(0)
    with pytest.raises(ValueError, match=r"'place' is \[30, 4, 2\]; need one number a step"):
        During("place").steps(reset, {"place": torch.zeros(30, 4, 2)}, None)
