"""Schedules, the weights of objectives that follow them, and the plasticity of areas."""

import math

import pytest
import torch

from areas import Predictor
from brainmodel.brain import Brain
from brainmodel.command_line.needs import require_enough
from brainmodel.learning import EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.schedules import (
    Alternating,
    Annealing,
    CriticalPeriod,
    Schedule,
    WarmUp,
    Weight,
)
from brainmodel.scopes import Adjacent, Global, Local, Scope
from objectives import Bernoulli, Energy, Poisson, SquaredError, VICReg
from tests import lessons, toy

LEVELS: list[tuple[Schedule, dict[int, float]]] = [
    (WarmUp(10), {0: 0.0, 5: 0.5, 10: 1.0, 99: 1.0}),
    (Annealing(10), {0: 1.0, 5: 0.5, 10: 0.0, 99: 0.0}),
    (Annealing(4, final=0.2), {0: 1.0, 1: 0.6 + 0.4 * math.sqrt(0.5), 2: 0.6, 4: 0.2, 9: 0.2}),
    (Alternating(2, 3), dict(enumerate([1, 1, 0, 0, 0, 1, 1, 0]))),
    (Alternating(3, 2, late=2), dict(enumerate([0, 0, 1, 1, 1, 0, 0, 1]))),
    (CriticalPeriod(5), {0: 1.0, 4: 1.0, 5: 0.0, 99: 0.0}),
    (CriticalPeriod(8, opens=2), {0: 0.0, 1: 0.0, 2: 1.0, 7: 1.0, 8: 0.0}),
    (CriticalPeriod(8, ramp=4, adult=0.2), {0: 1.0, 8: 1.0, 10: 0.6, 12: 0.2, 99: 0.2}),
    (CriticalPeriod(8, opens=2, ramp=2), {1: 0.0, 2: 0.0, 3: 0.5, 4: 1.0, 8: 1.0, 9: 0.5, 10: 0}),
]


@pytest.mark.parametrize(("schedule", "levels"), LEVELS)
def test_a_schedule_has_the_levels_it_says(schedule: Schedule, levels: dict[int, float]) -> None:
    for step, level in levels.items():
        assert schedule.level(step) == pytest.approx(level)
    assert all(0 <= schedule.level(step) <= 1 for step in range(100))


def test_two_that_alternate_take_turns() -> None:
    one, other = Alternating(3, 2), Alternating(2, 3, late=3)
    assert all(one.level(step) + other.level(step) == 1 for step in range(50))


def test_what_is_no_schedule_is_refused_in_one_sentence() -> None:
    for attempt, sentence in (
        (lambda: WarmUp(0), "steps: need 1 or more steps, got 0"),
        (lambda: Annealing(3, final=1.5), "final: need a number from 0 to 1, got 1.5"),
        (lambda: Alternating(0, 1), "active: need 1 or more steps, got 0"),
        (lambda: CriticalPeriod(3, opens=2, ramp=2), "closes: need a step not before 4"),
        (lambda: Weight(-0.1), "value: need a number of 0 or more, got -0.1"),
        (lambda: Weight(float("nan")), "value: need a number of 0 or more, got nan"),
    ):
        with pytest.raises(ValueError, match=sentence):
            attempt()


def two_aims(**others) -> Brain:
    aims = {"next": SquaredError(), "quiet": Energy()}
    return toy.lone(objectives=aims, **others)


def test_losses_have_their_weights_and_follow_their_schedules() -> None:
    plain = two_aims()
    weighed = two_aims(weights={"quiet": Weight(0.5, WarmUp(4)), "next": 3.0})
    inputs, reset = toy.stream(plain)
    expected = plain.losses(plain(inputs, reset)[0])["V1"]
    for step in range(6):
        found = weighed.losses(weighed(inputs, reset)[0])["V1"]
        torch.testing.assert_close(found["next"], 3 * expected["next"])
        torch.testing.assert_close(found["quiet"], 0.5 * min(1, step / 4) * expected["quiet"])
        weighed.after_step()
    assert int(weighed.age) == 6 and "age" in weighed.state_dict()


def pair(**others) -> Brain:
    plans = {name: toy.plan(objectives={"error": SquaredError()}) for name in ("V1", "LM")}
    pathways = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM")}
    return Brain(plans, pathways, {"eye": [3]}, **others).double()


def test_shared_objectives_have_weights_too() -> None:
    agreement = {"agree": VICReg(["V1", "LM"], features=4)}
    torch.manual_seed(1)
    plain = pair(groups=agreement)
    torch.manual_seed(1)
    weighed = pair(groups=agreement, group_weights={"agree": 0.25})
    inputs, reset = toy.stream(plain)
    activities = plain(inputs, reset)[0]
    once, quarter = (brain.losses(activities)["groups"]["agree"] for brain in (plain, weighed))
    torch.testing.assert_close(quarter, 0.25 * once)


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (lambda: two_aims(weights={"quite": 1.0}), "areas.V1: weights.quite: there is no"),
        (lambda: two_aims(weights={"quiet": -1.0}), "areas.V1: weights.quiet: value: need"),
        (lambda: pair(group_weights={"agree": 1.0}), "group_weights.agree: there is no"),
        (
            lambda: toy.lone(objectives={"spikes": Poisson()}),
            "areas.V1: objectives.spikes: Poisson: reads the prediction as a mean between 0 and "
            "inf, but the predictor's activation makes -6 to 6; set predictor.activation: "
            "torch.nn.functional.softplus",
        ),
        (
            lambda: toy.lone(
                objectives={"on": Bernoulli()}, predictor=Predictor(torch.nn.functional.softplus)
            ),
            "makes 0.00248 to 6; set predictor.activation: torch.nn.functional.sigmoid",
        ),
        (
            lambda: toy.lone(objectives={"on": Bernoulli()}, predictor=None, afferents=["drive"]),
            "areas.V1: objectives.on: Bernoulli: needs an area with a predictor",
        ),
        (
            lambda: require_enough(pair(groups={"agree": VICReg(["V1", "LM"])}), 1),
            "groups.agree: VICReg needs 2 streams or more in a batch, got 1; set data.batch_size",
        ),
    ],
)
def test_objectives_that_do_not_fit_are_refused(attempt, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        attempt()
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_objectives_that_fit_are_not_refused() -> None:
    toy.lone(objectives={"spikes": Poisson()}, predictor=Predictor(torch.exp))
    toy.lone(objectives={"on": Bernoulli()}, predictor=Predictor(torch.nn.functional.sigmoid))
    require_enough(pair(groups={"agree": VICReg(["V1", "LM"])}), 2)


class Level(Schedule):
    """Always the same."""

    def __init__(self, amount: float):
        self.amount = amount

    def level(self, step: int) -> float:
        return self.amount


@pytest.mark.parametrize("scope", [Local, Global, Adjacent])
@pytest.mark.parametrize("amount", [0.0, 0.25])
def test_plasticity_multiplies_all_that_an_area_learns_and_nothing_else(
    scope: type[Scope], amount: float
) -> None:
    brain = toy.ladder(lambda name: EProp(), scope())
    inputs, reset = toy.stream(brain, steps=9)
    whole = lessons.learn(brain, inputs, reset, [3])
    brain.plasticities["LM"] = Level(amount)
    expected = {n: g * (amount if n.startswith("areas.LM.") else 1) for n, g in whole.items()}
    lessons.assert_same(lessons.learn(brain, inputs, reset, [3]), expected)
    assert any(g.any() for n, g in whole.items() if n.startswith("areas.LM."))


def test_plasticity_follows_the_steps_of_the_optimizer() -> None:
    brain = toy.lone(plasticity=CriticalPeriod(3, opens=1))
    inputs, reset = toy.stream(brain)
    learns = []
    for _ in range(5):
        learns.append(any(g.any() for g in lessons.learn(brain, inputs, reset).values()))
        brain.after_step()
    assert learns == [False, True, True, False, False]
