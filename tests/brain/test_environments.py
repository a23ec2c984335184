"""Areas that act on environments: the roll-out is the definition, and derivatives come back."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from areas import LSTM
from brainmodel.brain import AreaPlan, Brain
from brainmodel.environments import Bandit, Environment
from brainmodel.learning import BPTT
from brainmodel.pathways import LearntMix, Mix, Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from objectives import ActorCritic, Outcome
from tests import lessons, toy
from tests.literal import Literal
from tests.toy_environments import Spring, acting


def forgets(area: str) -> int:
    """Steps before a window that an area's state is credited with, under BPTT."""
    return 0


def bandit(scope: Scope | None = None, delay: int = 1) -> Brain:
    """An area that pulls arms, in float64."""
    plans = {"A": toy.plan(units=[3], objectives={"do": ActorCritic(3, delay=delay)})}
    pathways = {
        "see": Pathway("world", "A"),
        "A_world": Pathway("A", "world", read_out="do", delay=delay),
    }
    world = Bandit([0.1, 0.5, 0.9])
    return toy.brain(plans, pathways, {}, scope, environments={"world": world})


def course_of(brain: Brain, lengths: list[int], seed: int = 0) -> tuple[Any, Literal]:
    """What areas did and environments said over a stream in windows, and the definition of it."""
    inputs, reset = toy.stream(brain, steps=8, batch=3, seed=seed)
    found, state = [], None
    for first, last in lessons.windows(8, lengths):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        activities, state = brain(window, reset[first:last], state)
        found.append(activities)
    return found, Literal(brain, inputs, reset)


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize(("delay", "late"), [(1, 0), (2, 1), (3, 0)])
def test_the_roll_out_is_the_definition_whatever_the_windows(
    delay: int, late: int, scope: type[Scope]
) -> None:
    brain = acting(Spring(), delay=delay, late=late, scope=scope())
    for seed, lengths in enumerate(([8], [1], [1, 4, 2])):
        found, course = course_of(brain, lengths, seed)
        for name in brain.areas:
            wanted = course.activity(name)
            rate = torch.cat([activities[name].rate for activities in found])
            torch.testing.assert_close(rate, wanted.rate, rtol=1e-10, atol=1e-12)
            for label, value in wanted.labels.items():
                said = torch.cat([activities[name].labels[label] for activities in found])
                torch.testing.assert_close(said, value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_what_an_environment_shows_is_adapted_when_it_is_there(late: int) -> None:
    brain = acting(Spring(), late=late, adapters=[Mix(3, 4)])
    for lengths in ([8], [1], [3, 5]):
        found, course = course_of(brain, lengths)
        rate = torch.cat([activities["A"].rate for activities in found])
        torch.testing.assert_close(rate, course.activity("A").rate, rtol=1e-10, atol=1e-12)


def test_choices_by_chance_are_the_same_whatever_the_windows() -> None:
    brain = bandit()
    found, course = course_of(brain, [3, 1])
    wanted = course.activity("A").labels
    said = {n: torch.cat([part["A"].labels[n] for part in found]) for n in wanted}
    assert all(torch.equal(said[n], wanted[n]) for n in ("action", "reward", "acts"))
    assert len(said["action"].unique()) == 3 and len(said["reward"].unique()) == 2  # a control


@pytest.mark.parametrize("lengths", [[8], [3]])
@pytest.mark.parametrize("delay", [1, 2])
def test_global_gradients_go_through_the_environment_and_the_whole_window(
    delay: int, lengths: list[int]
) -> None:
    brain = acting(Spring(), delay=delay, scope=Global())
    inputs, reset = toy.stream(brain, steps=8)
    found = lessons.learn(brain, inputs, reset, lengths)
    wanted = lessons.learn_literally(brain, inputs, reset, lengths, memory=forgets)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-9, atol=1e-11, msg=name)
    blind = {name: p for name, p in brain.named_parameters() if "do.readout" in name}
    assert all(wanted[name].any() for name in blind), "a control: read-outs learn"


@pytest.mark.parametrize("lengths", [[8], [3]])
@pytest.mark.parametrize("delay", [1, 2])
def test_local_gradients_go_one_step_back_through_the_environment(
    delay: int, lengths: list[int]
) -> None:
    brain = acting(Spring(), delay=delay)
    inputs, reset = toy.stream(brain, steps=8)
    found = lessons.learn(brain, inputs, reset, lengths)
    wanted = lessons.learn_literally(brain, inputs, reset, lengths, local=True, memory=forgets)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-9, atol=1e-11, msg=name)


def one_area(scope: Scope) -> Brain:
    plans = {"A": toy.plan(units=[3], objectives={"do": Outcome("miss", 2, 0.1)})}
    pathways = {"see": Pathway("world", "A"), "act": Pathway("A", "world", read_out="do")}
    return toy.brain(plans, pathways, {}, scope, environments={"world": Spring()})


def test_of_one_area_adjacent_learns_what_local_does() -> None:
    brains = [one_area(scope) for scope in (Local(), Adjacent())]
    found = [lessons.learn(brain, *toy.stream(brain, steps=6)) for brain in brains]
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-12, atol=1e-14)
    assert found[0]["areas.A.bias"].any(), "a control"


def test_a_gain_of_the_way_there_multiplies_what_is_heard_and_what_comes_back() -> None:
    brain = one_area(Local())
    inputs, reset = toy.stream(brain, steps=5)
    gains = {"act": torch.zeros(5, dtype=torch.float64)}
    silent = lessons.learn(brain, inputs, reset, gains=gains)
    brain.get_parameter("objectives.A.do.readout.synapses.1.weight").data.zero_()
    brain.get_parameter("objectives.A.do.readout.synapses.1.bias").data.zero_()
    activities, _ = brain(inputs, reset)
    rates = brain(inputs, reset, gains=gains)[0]["A"].rate
    torch.testing.assert_close(rates, activities["A"].rate)
    effort = [name for name in silent if name.startswith("areas") and silent[name].any()]
    assert effort, "a control: the effort is felt"


def test_a_stream_that_is_reset_begins_anew_and_leaves_the_others_alone() -> None:
    brain = acting(Spring())
    inputs, reset = toy.stream(brain, steps=6, batch=2, resets=False)
    reset[0] = True
    whole = brain(inputs, reset)[0]["A"]
    again = reset.clone()
    again[3, 1] = True
    split = brain(inputs, again)[0]["A"]
    late = {name: signal[3:, 1:] for name, signal in inputs.items()}
    alone = brain(late, torch.tensor([[True], [False], [False]]))[0]["A"]
    for label in ("place", "reward"):
        torch.testing.assert_close(split.labels[label][:, 0], whole.labels[label][:, 0])
        torch.testing.assert_close(split.labels[label][3:, 1:], alone.labels[label])
    torch.testing.assert_close(split.rate[3:, 1:], alone.rate)
    assert not torch.equal(split.rate[3:, 1], whole.rate[3:, 1]), "a control"


def test_a_window_leaves_the_state_as_it_was() -> None:
    brain = acting(Spring())
    inputs, reset = toy.stream(brain, steps=4, resets=False)
    _, state = brain(inputs, reset)
    kept = [field.clone() for field in state.environments["world"]]
    brain(inputs, reset, state)
    assert all(map(torch.equal, kept, state.environments["world"]))


def test_steps_one_by_one_are_the_window() -> None:
    brain = acting(Spring())
    inputs, reset = toy.stream(brain, steps=5)
    whole, after = brain(inputs, reset)
    state = brain.initial_state(2)
    for t in range(5):
        did, state = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], state)
        torch.testing.assert_close(did["B"].rate, whole["B"].rate[t])
    for found, wanted in zip(state.environments["world"], after.environments["world"], strict=True):
        torch.testing.assert_close(found, wanted)


def made(pathways: dict[str, Pathway], environment: Any = None, **others: Any) -> Brain:
    plan = AreaPlan(LSTM(), [2], BPTT(), {"do": ActorCritic(2)}, None, ["drive"])
    ways = {"see": Pathway("world", "A")} | pathways
    worlds: dict[str, Environment] = {"world": environment or Bandit()}
    return Brain({"A": plan}, ways, others.get("inputs", {}), environments=worlds)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: made({}), "environments.world: nobody acts on it; add a pathway"),
        (lambda: made({"act": Pathway("A", "world", delay=0)}), "act.delay: an environment hears"),
        (lambda: made({"act": Pathway("world", "world")}), "act.source: only areas act"),
        (lambda: made({"act": Pathway("A", "world", "feedback")}), "act: an environment has no"),
        (lambda: made({"act": Pathway("A", "world", read_out="it")}), "no objective 'it'"),
        (lambda: made({"act": Pathway("A", "world")}, Bandit([0.1] * 3)), "brings \\[2\\], and"),
        (
            lambda: made({"act": Pathway("A", "world", adapters=[LearntMix(2)])}),
            "act.adapters: LearntMix has weights that learn, and no derivative",
        ),
        (
            lambda: made({"act": Pathway("A", "world"), "up": Pathway("A", "A", read_out="do")}),
            "up.read_out: is for pathways to an environment",
        ),
        (
            lambda: made({"act": Pathway("A", "world"), "p": Pathway("world", "A", signal="rate")}),
            "p: signal: world is an environment and has no 'rate'; give observation or reward",
        ),
        (
            lambda: made({"act": Pathway("A", "world")}, inputs={"world": [7]}),
            "environments.world: an input has this name",
        ),
        (lambda: made({"act": Pathway("A", "world")}, Bandit), "is the class Bandit; give Bandit"),
        (lambda: Bandit([0.5, 1.5]), "probabilities: need a probability in \\[0, 1\\], got 1.5"),
        (lambda: Bandit([0.5]), "probabilities: need those of 2 arms"),
    ],
)
def test_what_cannot_be_acted_on_is_refused(wrong: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong()


def test_a_window_without_its_chance_is_refused() -> None:
    brain = made({"act": Pathway("A", "world")})
    with pytest.raises(ValueError, match="inputs: there is no 'world'"):
        brain({}, torch.ones(2, 2, dtype=torch.bool))


def test_labels_of_several_environments_have_their_names_before_them() -> None:
    plan = AreaPlan(LSTM(), [2], BPTT(), {}, None, ["drive"])
    ways = {"see": Pathway("x", "A"), "act": Pathway("A", "x"), "too": Pathway("A", "y")}
    brain = Brain({"A": plan}, ways, {}, environments={"x": Bandit(), "y": Bandit([0.0, 1.0])})
    inputs = {name: torch.rand(6, 3, 2) for name in "xy"}
    labels: dict[str, Tensor] = brain(inputs, torch.arange(6)[:, None].expand(6, 3) == 0)[0][
        "A"
    ].labels
    assert {"x.reward", "y.reward", "x.action"} <= set(labels)
    paid = labels["y.action"] * labels["y.acts"]
    assert torch.equal(labels["y.reward"], paid.to(labels["y.reward"]))
