"""Errors on held-out streams, against what they are defined to be."""

from typing import Any

import pytest
import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.learning import EProp
from brainmodel.training.callbacks.report import scores
from brainmodel.training.held_out import HeldOut, TermSums, held_out_errors, term_sums
from objectives import Activity, CrossEntropy, Regression, SquaredError, When
from tests import toy


class Drawn(SquaredError):  # noqa: N818 - no exception, a loss
    """An objective that draws what it says of itself."""

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """A random number."""
        return {"drawn": torch.rand(())}


def literal(drives: Tensor, predictions: Tensor, reset: Tensor) -> HeldOut:
    """The definition, step by step over whole streams."""
    errors, repeating = [], []
    for t in range(drives.shape[0]):
        for b in range(drives.shape[1]):
            if t > 0 and not reset[t, b]:
                errors.append(((drives[t, b] - predictions[t, b]) ** 2).mean())
                repeating.append(((drives[t, b] - drives[t - 1, b]) ** 2).mean())
    return HeldOut(float(sum(errors) / len(errors)), float(sum(repeating) / len(repeating)))


def test_errors_are_those_of_the_definition() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain)
    half = len(reset) // 2
    windows = [
        Window({n: x[part] for n, x in inputs.items()}, reset[part], {})
        for part in (slice(half), slice(half, None))
    ]
    activities, _ = brain(inputs, reset)
    for name, found in held_out_errors(brain, windows).items():
        expected = literal(
            activities[name].drive.detach(), activities[name].prediction.detach(), reset
        )
        assert found == pytest.approx(expected, rel=1e-9)


def test_areas_that_do_not_predict_have_no_error() -> None:
    brain = toy.ladder(lambda name: EProp())
    silent = toy.lone(predictor=None, afferents=["drive"])
    for made, expected in ((brain, list(brain.areas)), (silent, [])):
        inputs, reset = toy.stream(made)
        assert list(held_out_errors(made, [Window(inputs, reset, {})])) == expected


def steps_of_a_task() -> tuple[Brain, Activity]:
    """A brain of one area with two objectives, and what the area did in two streams."""
    accuracy = When("response", CrossEntropy("answer", 3))
    explained = When("response", Regression("place", 2))
    brain = toy.lone(objectives={"answer": accuracy, "place": explained}, rule=EProp())
    torch.manual_seed(0)
    rate = torch.randn(40, 4, 3).double()
    reset = torch.zeros(40, 4).bool()
    reset[0] = True
    drive = torch.zeros(40, 4, 4).double()
    labels = {
        "answer": torch.randint(3, (40, 4)),
        "place": torch.randn(40, 4, 2) + torch.arange(4.0)[:, None],
        "response": torch.rand(40, 4) < torch.linspace(0.1, 0.9, 40)[:, None],
    }
    return brain, Activity(drive, drive, drive, rate, ~reset, labels)


def test_held_out_terms_are_those_of_all_steps_that_count_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever windows and processes they fall into, and however many count in each."""
    brain, activity = steps_of_a_task()

    def part(time: slice, batch: slice) -> dict[str, Activity]:
        cut = [x[time, batch] for x in activity[:5]]
        return {
            "V1": Activity(*cut, labels={n: x[time, batch] for n, x in activity.labels.items()})
        }

    held: Any = brain.objectives["V1"]
    answer, place = held["answer"], held["place"]
    counts = activity.labels["response"] & activity.valid
    right = answer.of.readout(activity.rate).argmax(2) == activity.labels["answer"]
    wanted = activity.labels["place"][counts].double()
    missed = (place.of.readout(activity.rate)[counts].detach() - wanted).square().mean()
    expected = {
        "V1.answer.accuracy": float(right[counts].double().mean()),
        "V1.place.explained": float(1 - missed / (wanted - wanted.mean(0)).square().mean()),
    }
    assert 0 < expected["V1.answer.accuracy"] < 1

    here, there = TermSums(brain), TermSums(brain)
    halves = [part(slice(9), slice(None)), part(slice(9, None), slice(1))]
    for half in halves:
        here.see(half)
    there.see(part(slice(9, None), slice(1, None)))
    both = [here._sums, there._sums]
    monkeypatch.setattr(term_sums, "gather", lambda plain: both)
    here.of_all_processes()
    assert here.terms() == pytest.approx(expected)
    first = TermSums(brain)
    first.see(halves[0])
    assert first.terms() != pytest.approx(expected, rel=0.01), "a control: parts differ"


def test_what_terms_draw_leaves_the_numbers_of_training_alone() -> None:
    brain = toy.lone(objectives={"noisy": Drawn()}, rule=EProp())
    activities = brain(*toy.stream(brain))[0]
    before = torch.get_rng_state()
    sums = TermSums(brain)
    sums.see(activities)
    assert torch.equal(torch.get_rng_state(), before) and "V1.noisy.drawn" in sums.terms()
    brain.get_submodule("objectives.V1.noisy").sums(activities["V1"])  # type: ignore[operator]
    assert not torch.equal(torch.get_rng_state(), before), "a control"


def test_terms_of_which_no_step_counts_are_left_out() -> None:
    brain, activity = steps_of_a_task()
    never = torch.zeros_like(activity.valid)
    sums = TermSums(brain)
    sums.see({"V1": activity._replace(labels=activity.labels | {"response": never})})
    assert sums.terms() == {}
    sums.see({"V1": activity})
    assert len(sums.terms()) == 2


def test_scores_stand_beside_chance_and_the_untrained_brain() -> None:
    now = {"PFC.answer.accuracy": 0.9, "V1.next.surprise": 2.0, "MOs.arm.explained": 0.5}
    labels = {"PFC.answer": ["response", "answer"], "V1.next": [], "MOs.arm": ["hand"]}
    (line,) = scores(now, {"PFC.answer.accuracy": 0.51}, labels, {"answer": 0.5})
    assert line == (
        "\nTasks on held-out streams: PFC.answer.accuracy 0.900 (chance 0.500, untrained 0.510); "
        "MOs.arm.explained 0.500."
    )
    assert scores({"V1.next.surprise": 2.0}, {}, labels, {}) == []
