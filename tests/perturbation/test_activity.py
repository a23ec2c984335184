"""Perturbations of activity and of signals: what they do, what is learnt, and that none stays."""

import copy
import math
from collections.abc import Callable
from random import Random

import pytest
import torch
from torch import Tensor

from areas import Leaky, Population, Populations, Pyramidal
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.perturbation import (
    AddedNoise,
    After,
    Blockade,
    Clamp,
    During,
    Lesion,
    Opsin,
    Perturbation,
    Plasticity,
    Scale,
    Shuffle,
    Silence,
    StreamSteps,
    intact,
    perturbed,
)
from brainmodel.schedules import CriticalPeriod
from brainmodel.scopes import Adjacent, Global, Local
from tests import lessons, toy
from tests.literal import Literal, Values
from tests.scopes.test_adjacent import by_definition


def identity(x: Tensor) -> Tensor:
    return x


SCOPES = {"local": Local, "adjacent": lambda: Adjacent(hops=2), "global": Global}
WINDOWS = ([1], [2, 3], [1, 4])


def e_prop(name: str) -> Rule:
    return EProp()


def learn(
    brain: Brain,
    inputs: dict[str, Tensor],
    reset: Tensor,
    lengths: list[int] | None = None,
    labels: dict[str, Tensor] | None = None,
) -> lessons.Gradients:
    """As `lessons.learn`, of windows with labels."""
    state, found = None, []
    for first, last in lessons.windows(len(reset), lengths or [10**9]):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        told = {name: label[first:last] for name, label in (labels or {}).items()}
        activities, state = brain(window, reset[first:last], state, labels=told)
        loss = lessons.total(brain, activities)
        made = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
        found.append(lessons.complete(brain, made))
    return lessons.add(found)


def columns() -> Brain:
    """Two areas of pyramidal cells and interneurons; LM comes down onto apical dendrites."""
    cells = Populations({"E": Population(Pyramidal(), 0.6), "I": Population(Leaky(0.5), 0.4)})
    plans = {"V1": toy.plan(cells, [5]), "LM": toy.plan(units=[3])}
    ways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    return toy.brain(plans, ways, {"eye": [4]})


# ------------------------------------------------------------------------ silence is a missing part


def without_message(brain: Brain, name: str) -> set[str]:
    """Take the synapses from a pathway away; names of the parameters that this is about."""
    area = brain.area(brain.pathways[name].target)
    gone = [area.synapses[name]] if name in area.synapses else []
    if area.predictor is not None and name in area.predictor.synapses:
        gone.append(area.predictor.synapses[name])
    for synapses in gone:
        synapses.weight.data.zero_()
    held = {id(synapses.weight) for synapses in gone}
    return {n for n, p in brain.named_parameters() if id(p) in held}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("pathway", ["down_V1", "far_V1", "across"])
def test_a_pathway_that_is_silenced_is_a_brain_without_its_signal(pathway: str, scope: str) -> None:
    brain, other = (toy.ladder(e_prop, SCOPES[scope]()) for _ in range(2))
    gone = without_message(other, pathway)
    inputs, reset = toy.stream(brain, steps=16)
    usual = brain(inputs, reset)[0]
    with perturbed(brain, Silence(pathway)):
        found, silent = learn(brain, inputs, reset), brain(inputs, reset)[0]
    expected, missing = learn(other, inputs, reset), other(inputs, reset)[0]
    for name in brain.areas:
        torch.testing.assert_close(silent[name].rate, missing[name].rate, rtol=0, atol=1e-12)
    assert all(not found[name].any() for name in gone) and gone
    kept = {name: gradient for name, gradient in expected.items() if name not in gone}
    lessons.assert_same({name: found[name] for name in kept}, kept, atol=1e-12)
    assert max((usual[n].rate - silent[n].rate).abs().max() for n in brain.areas) > 1e-3


@pytest.mark.parametrize("scope", SCOPES)
def test_an_area_that_is_silenced_is_heard_by_nobody(scope: str) -> None:
    """As a brain that does not hear it; it does not hear itself either."""
    brain, other = (toy.ladder(e_prop, SCOPES[scope]()) for _ in range(2))
    for name in ("across", "skip_PM"):
        without_message(other, name)
    inputs, reset = toy.stream(brain)
    with perturbed(brain, Silence(["V1"])):
        silent, _ = brain(inputs, reset)
    assert not silent["V1"].rate.any()
    nothing = torch.zeros_like(silent["V1"].prediction)
    predictor = brain.area("V1").predictor
    assert predictor is not None
    hints = {n: torch.zeros(2, *brain.route(n).shape).double() for n in brain.area("V1").hints}
    first = predictor.potential({"rate": silent["V1"].rate[0], **hints})
    torch.testing.assert_close(silent["V1"].prediction[0], first, rtol=0, atol=1e-12)
    assert nothing.shape == silent["V1"].prediction.shape


@pytest.mark.parametrize("address", ["V1.E.apical", "V1.E.basal", "V1.I.current"])
def test_a_current_that_is_silenced_has_neither_synapses_nor_bias(address: str) -> None:
    brain = columns()
    other, area = copy.deepcopy(brain), brain.area("V1")
    inputs, reset = toy.stream(brain)
    currents = area.cell.receives("drive", 5, address.partition(".")[2])
    assert currents.sum() in (2, 3)
    whole = other.area("V1")
    whole.bias.data.view(len(currents), 5)[currents] = 0
    for source, synapses in whole.synapses.items():
        reach = whole.reach(source)
        rows = synapses.weight.data.view(reach.stop - reach.start, 5, -1)
        rows[currents[reach]] = 0
    with perturbed(brain, Silence(address)):
        found, _ = brain(inputs, reset)
        taught = learn(brain, inputs, reset)
    expected, _ = other(inputs, reset)
    for name in brain.areas:
        torch.testing.assert_close(found[name].rate, expected[name].rate, rtol=0, atol=1e-12)
    assert not taught["areas.V1.bias"].view(len(currents), 5)[currents].any()
    assert taught["areas.V1.bias"].view(len(currents), 5)[~currents].any()


@pytest.mark.parametrize("scope", SCOPES)
def test_a_lesion_is_a_brain_without_the_synapses(scope: str) -> None:
    brain, other = (toy.ladder(e_prop, SCOPES[scope]()) for _ in range(2))
    other.area("LM").synapses["recurrent"].weight.data.zero_()
    inputs, reset = toy.stream(brain, steps=16)
    with perturbed(brain, Lesion("LM.recurrent")):
        found = learn(brain, inputs, reset)
    expected, gone = learn(other, inputs, reset), "areas.LM.synapses.recurrent.weight"
    assert expected[gone].any() and not found[gone].any()
    lessons.assert_same(found, expected | {gone: torch.zeros_like(expected[gone])}, atol=1e-12)


def test_a_share_of_synapses_is_cut_and_the_others_are_as_they_were() -> None:
    brain = toy.ladder(e_prop)
    weight = brain.area("V1").synapses["recurrent"].weight
    before = weight.detach().clone()
    with perturbed(brain, Lesion("V1.recurrent", share=0.5, seed=3)):
        made = brain.make()["areas.V1.synapses.recurrent.weight"]
    assert ((made == 0) | (made == before)).all() and 0 < (made == 0).sum() < made.numel()
    assert torch.equal(weight, before)


# ----------------------------------------------------------- the definition, step by step


class Changed(Literal):
    """The literal brain with units and messages that are clamped, and streams that hear others."""

    def during(self, t: int) -> bool:
        return 1 <= t < 5

    def changed(self, name: str, t: int, arrived: Tensor) -> Tensor:
        if name == "down_LM" and self.during(t):
            return 0 * arrived + 0.2
        if name == "down_V1" and self.during(t):
            return arrived.roll(-1, 0)
        if name == "up_PM" and self.during(t):
            return 1.5 * arrived
        return arrived

    def _at(self, name: str, t: int) -> Values:
        found = super()._at(name, t)
        if name == "LM" and self.during(t):
            for key in ("rate", "state.rate"):
                found[key] = 0 * found[key] + 0.3
        if name == "PM" and self.during(t):
            for key in ("rate", "state.rate"):
                found[key] = 0.5 * found[key]
        return found


def changes() -> dict[str, Perturbation]:
    when = StreamSteps(1, 5)
    return {
        "units": Clamp("LM", 0.3, when),
        "message": Clamp("down_LM", 0.2, when),
        "others": Shuffle("down_V1", when=when),
        "cooled": Scale("PM", 0.5, when),
        "louder": Scale("up_PM", 1.5, when),
    }


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global])
def test_learning_is_autograd_through_the_brain_as_it_is_perturbed(scope: type, maps: bool) -> None:
    brain = toy.ladder(
        lambda name: {"V1": BPTT, "LM": EProp, "PM": BPTT}[name](), scope(), maps=maps
    )
    inputs, reset = toy.stream(brain, batch=3, resets=False)
    how = {"local": scope is Local, "cut": lambda name: brain.rule(name).cuts}
    course = Changed(brain, inputs, reset, **how)  # type: ignore[arg-type]
    seen = {name: course.activity(name) for name in brain.areas}
    if scope is Local:
        seen = {n: a._replace(drive=a.drive.detach()) for n, a in seen.items()}
    made = torch.autograd.grad(lessons.total(brain, seen), lessons.learnt(brain), allow_unused=True)
    expected = lessons.existing(brain, lessons.complete(brain, made))
    usual = learn(brain, inputs, reset)
    with perturbed(brain, changes()):
        activities, _ = brain(inputs, reset)
        found = learn(brain, inputs, reset)
    for name, activity in activities.items():
        torch.testing.assert_close(activity.rate, seen[name].rate.detach(), rtol=0, atol=1e-12)
    lessons.assert_same(found, expected)
    assert lessons.distance(usual, expected) > 1e-3


def test_what_crosses_a_pathway_back_goes_to_whom_was_heard() -> None:
    class Heard(Changed):
        def _at(self, name: str, t: int) -> Values:
            return Literal._at(self, name, t)

    brain = toy.ladder(e_prop, Adjacent(hops=2))
    inputs, reset = toy.stream(brain, steps=16, batch=3)
    reset[1:] = False
    some = {n: p for n, p in changes().items() if n in ("message", "others", "louder")}
    expected = lessons.existing(brain, by_definition(brain, inputs, reset, kind=Heard))
    with perturbed(brain, some):
        found = learn(brain, inputs, reset)
    lessons.assert_same(found, expected)


# ----------------------------------------------------------------- windows do not matter

EVERY: dict[str, Callable[[], Perturbation]] = {
    "silence": lambda: Silence("down_V1", After("tone", 1, 4)),
    "units": lambda: Silence("V1", StreamSteps(1, 3), share=0.5, seed=1),
    "current": lambda: Scale("V1.input", 0.5, During("tone")),
    "clamp": lambda: Clamp("LM", 0.3, StreamSteps(2)),
    "message": lambda: Clamp("far_V1", 0.3, During("tone")),
    "noise": lambda: AddedNoise(["V1", "up_LM"], 0.2),
    "opsin": lambda: Opsin("PM", 1.0, "inhibitory", 2.0, 3.0, After("tone", 0, 2)),
    "shuffle": lambda: Shuffle("down_LM", when=During("tone")),
    "block": lambda: Blockade("feedback", when=During("tone")),
    "lesion": lambda: Lesion("LM.recurrent", share=0.5),
    "taught": lambda: Plasticity("V1", when=After("tone", 0, 3)),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("scope", ["local", "adjacent"])
@pytest.mark.parametrize("name", EVERY)
def test_windows_do_not_matter(name: str, scope: str) -> None:
    brain = toy.ladder(e_prop, SCOPES[scope]())
    inputs, reset = toy.stream(brain, steps=14, batch=3)
    labels = {"tone": torch.rand(reset.shape, generator=torch.Generator().manual_seed(1)) < 0.4}
    usual = learn(brain, inputs, reset)
    with perturbed(brain, EVERY[name]()):
        whole = learn(brain, inputs, reset, None, labels)
        for lengths in WINDOWS:
            lessons.assert_same(learn(brain, inputs, reset, lengths, labels), whole)
    assert lessons.distance(usual, whole) > 1e-5
    lessons.assert_same(learn(brain, inputs, reset), usual, atol=0.0)


@pytest.mark.parametrize("name", EVERY)
def test_the_window_is_the_brain_stepped(name: str) -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain, steps=7, batch=2)
    labels = {"tone": torch.rand(reset.shape, generator=torch.Generator().manual_seed(1)) < 0.4}
    with perturbed(brain, EVERY[name]()), torch.no_grad():
        whole, _ = brain(inputs, reset, labels=labels)
        state = brain.initial_state(2)
        for t in range(7):
            now = {n: x[t] for n, x in inputs.items()}
            took, state = brain.step(now, reset[t], state, labels={"tone": labels["tone"][t]})
            for area, step in took.items():
                torch.testing.assert_close(step.rate, whole[area].rate[t], rtol=0, atol=1e-12)


# ----------------------------------------------------------------------------- closed forms


def test_an_opsin_rises_and_falls_by_one_exponential_each() -> None:
    brain = toy.lone(Leaky(1.0, identity), units=[4])
    inputs, reset = toy.stream(brain, steps=12, resets=False)
    before, _ = brain(inputs, reset)
    with perturbed(brain, Opsin("V1", 0.7, "inhibitory", 3.0, 2.0, StreamSteps(2, 6), share=0.5)):
        lit, _ = brain(inputs, reset)
    area = brain.area("V1")
    moved = lit["V1"].rate - before["V1"].rate  # of what light does, and of what comes back of it
    course, now = [], 0.0
    for t in range(12):
        light, tau = (1.0, 3.0) if 2 <= t < 6 else (0.0, 2.0)
        now = light + (now - light) * math.exp(-1 / tau)
        course.append(now)
    has = moved[2].abs().amax(0) > 1e-9
    assert has.sum() == 2
    recurrent = area.synapses["recurrent"].weight
    felt = moved - torch.cat([torch.zeros(1, 2, 4).double(), moved[:-1]]) @ recurrent.t()
    felt = felt - through_error(brain, moved)
    for t, opened in enumerate(course):
        expected = -0.7 * opened * has.double().expand(2, 4)
        torch.testing.assert_close(felt[t], expected, rtol=0, atol=1e-12)


def through_error(brain: Brain, moved: Tensor) -> Tensor:
    """What a change of rates does to the currents of the next step, by way of the prediction."""
    area = brain.area("V1")
    if "error" not in area.synapses or area.predictor is None:
        return torch.zeros_like(moved)
    foreseen = area.predictor.synapses["rate"].weight
    back = -(moved @ foreseen.t()) @ area.synapses["error"].weight.t()
    return torch.cat([torch.zeros_like(back[:1]), back[:-1]])


def test_noise_is_normal_of_its_deviation_and_of_its_own_in_each_stream() -> None:
    brain = toy.lone(Leaky(1.0, identity), units=[60])
    inputs, reset = toy.stream(brain, steps=1, batch=200)
    before, _ = brain(inputs, reset)
    with perturbed(brain, AddedNoise("V1", 0.3)):
        noisy, _ = brain(inputs, reset)
    noise = (noisy["V1"].rate - before["V1"].rate).detach()[0]
    assert abs(float(noise.mean())) < 0.015 and abs(float(noise.std()) - 0.3) < 0.01
    alike = torch.corrcoef(noise[:, :20].t()) - torch.eye(20)
    assert alike.abs().max() < 0.35


def test_the_share_of_units_is_exact_and_drawn_by_its_seed() -> None:
    brain = toy.lone(units=[50])
    inputs, reset = toy.stream(brain, resets=False)
    silent = []
    for seed in (0, 0, 1):
        with perturbed(brain, Silence("V1", share=0.3, seed=seed)):
            silent.append((brain(inputs, reset)[0]["V1"].rate == 0).all(0).all(0))
    assert silent[0].sum() == 15 and torch.equal(silent[0], silent[1])
    assert not torch.equal(silent[0], silent[2])


def test_a_later_perturbation_acts_on_what_is_left_by_earlier_ones() -> None:
    brain = columns()
    inputs, reset = toy.stream(brain)
    for told, expected in (
        ([Clamp("V1", 0.4), Silence("V1.E")], (0.0, 0.4)),
        ([Silence("V1.E"), Clamp("V1", 0.4)], (0.4, 0.4)),
        ([Clamp("V1", 0.4), Scale("V1.I", 2.0), Clamp("V1.E", 0.1)], (0.1, 0.8)),
    ):
        with perturbed(brain, {str(k): one for k, one in enumerate(told)}):
            rate = brain(inputs, reset)[0]["V1"].rate
        assert rate[:, :, :3].sub(expected[0]).abs().max() < 1e-12
        assert rate[:, :, 3:].sub(expected[1]).abs().max() < 1e-12


def test_gains_that_are_given_count_as_well() -> None:
    brain = columns()
    inputs, reset = toy.stream(brain)
    given, _ = brain(inputs, reset, None, {"V1": 0.5, "down": 0.5}, {"V1": 0.2})
    with perturbed(brain, {"a": Scale(["V1", "down"], 0.5), "b": Opsin("V1", 0.1)}):
        both, _ = brain(inputs, reset, None, None, {"V1": 0.1})
    torch.testing.assert_close(both["V1"].rate, given["V1"].rate, rtol=0, atol=1e-12)


def test_a_schedule_sets_how_strong_it_is_by_the_steps_of_the_optimizer() -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain)
    rates = []
    with perturbed(brain, Silence("V1", schedule=CriticalPeriod(closes=2, ramp=2))):
        for _ in range(5):
            rates.append(brain(inputs, reset)[0]["V1"].rate[0])
            brain.after_step()
    usual = brain(inputs, reset)[0]["V1"].rate[0]
    for rate, left in zip(rates, (0.0, 0.0, 0.0, 0.5, 1.0), strict=True):
        torch.testing.assert_close(rate, left * usual, rtol=0, atol=1e-12)


# ------------------------------------------------------------------------------------ blocks


def test_feedback_is_blocked_and_nothing_else() -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain)
    with perturbed(brain, Silence(["down_V1", "down_LM", "far_V1"])):
        expected, _ = brain(inputs, reset)
    with perturbed(brain, Blockade("feedback")):
        found, _ = brain(inputs, reset)
    with perturbed(brain, Blockade("feedback", "V1")):
        below, _ = brain(inputs, reset)
    for name in brain.areas:
        assert torch.equal(found[name].rate, expected[name].rate)
    assert not torch.equal(below["LM"].rate, expected["LM"].rate)  # LM still hears PM


def test_errors_are_blocked_between_areas_and_within_them() -> None:
    brain, other = (toy.ladder(e_prop) for _ in range(2))
    gone = []
    for name in ("up_LM", "up_PM", "down_LM"):
        assert brain.pathways[name].carries == "error"
    for name in brain.areas:
        other.area(name).synapses["error"].weight.data.zero_()
        gone.append(f"areas.{name}.synapses.error.weight")
    inputs, reset = toy.stream(brain)
    with perturbed(other, Silence(["up_LM", "up_PM", "down_LM"])):
        expected, _ = other(inputs, reset)
        taught = learn(other, inputs, reset)
    with perturbed(brain, Blockade("error")):
        found, _ = brain(inputs, reset)
        learnt = learn(brain, inputs, reset)
    for name in brain.areas:
        torch.testing.assert_close(found[name].rate, expected[name].rate, rtol=0, atol=1e-12)
        assert found[name].error.any()  # the area goes on to know it, and to learn from it
    nothing = {name: torch.zeros_like(taught[name]) for name in gone}
    lessons.assert_same(learnt, taught | nothing)


# ----------------------------------------------------------------------------------------- contexts


def test_nothing_stays_even_after_an_error_in_the_context() -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain)
    cells = [brain.area(name).cell for name in brain.areas]
    before, weights = learn(brain, inputs, reset), copy.deepcopy(brain.state_dict())
    with pytest.raises(ZeroDivisionError), perturbed(brain, changes()):
        brain(inputs, reset)
        raise ZeroDivisionError
    assert brain.perturbed is None
    assert all(a is brain.area(n).cell for a, n in zip(cells, brain.areas, strict=True))
    lessons.assert_same(learn(brain, inputs, reset), before, atol=0.0)
    assert all(torch.equal(w, weights[n]) for n, w in brain.state_dict().items())


def test_an_intact_brain_within_the_context() -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain)
    usual = brain(inputs, reset)[0]["V1"].rate
    with perturbed(brain, Silence("V1")):
        with intact(brain):
            assert torch.equal(brain(inputs, reset)[0]["V1"].rate, usual)
        assert not brain(inputs, reset)[0]["V1"].rate.any()


@pytest.mark.parametrize("scope", SCOPES)
def test_streams_may_enter_and_leave_the_context(scope: str) -> None:
    """States go on; what rules remember of steps begins anew, as where streams have no past."""
    brain = toy.ladder(e_prop, SCOPES[scope]())
    inputs, reset = toy.stream(brain, steps=9, resets=False)
    parts = [({n: x[k : k + 3] for n, x in inputs.items()}, reset[k : k + 3]) for k in (0, 3, 6)]
    _, state = brain(*parts[0])
    forgot = state._replace(memories=dict.fromkeys(brain.areas), waiting=None)
    with perturbed(brain, Clamp("V1", 0.2)):
        activities, within = brain(*parts[1], state)
        lessons.total(brain, activities).backward()
        expected, _ = brain(*parts[1], forgot)
    assert torch.equal(activities["LM"].rate, expected["LM"].rate)
    activities, after = brain(*parts[2], within)
    lessons.total(brain, activities).backward()
    assert after.perturbed is None and activities["V1"].rate.isfinite().all()


def test_a_backward_pass_outside_of_the_context_is_refused() -> None:
    brain = toy.ladder(e_prop)
    inputs, reset = toy.stream(brain)
    with perturbed(brain, Silence("V1")):
        activities, _ = brain(inputs, reset)
    with pytest.raises(RuntimeError, match="call backward where the window was seen"):
        lessons.total(brain, activities).backward()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Silence("V2"), "a: what: V2: there is no area or pathway 'V2'; there are V1, LM"),
        (lambda: Silence("V1.SST"), "V1.SST: there is no population 'SST'; there are E, I"),
        (lambda: Silence("V1.E.axon"), "V1.E.axon: Pyramidal has no current 'axon'"),
        (lambda: Silence("V1.E.apical.spine"), "there is nothing behind 'V1.E.apical'"),
        (lambda: Silence("V1", share=0.01), "share: 0.01 of 5 units is none; give it more"),
        (lambda: Clamp("V1.E.apical", 0.1), "V1.E.apical: is a current, and Clamp holds rates"),
        (lambda: Opsin("down", 1.0), "down: is a pathway, and an opsin is in units"),
        (lambda: Shuffle("V1"), "V1: is no pathway, and Shuffle acts on messages"),
        (lambda: Blockade("error", "V2"), "what: there is no area 'V2'; there are"),
        (lambda: Blockade("feedback", "LM"), "signal: no feedback arrives at LM"),
        (
            lambda: Blockade("error", when=During("x")),
            "when: units of V1, LM hear errors of their",
        ),
        (lambda: Lesion("V1.axons"), "V1.axons: there are no synapses 'axons'; there are"),
        (lambda: Silence("V1", During("x")), "perturbation a: label: there is no 'x' here"),
        (lambda: Shuffle("down", shift=2), "shift: 2 leaves each of 2 streams its own messages"),
    ],
)
def test_what_fits_nothing_is_refused_in_a_sentence(
    make: Callable[[], Perturbation], told: str
) -> None:
    brain = columns()
    inputs, reset = toy.stream(brain)
    with pytest.raises(ValueError) as refusal, perturbed(brain, {"a": make()}):
        brain(inputs, reset, labels={"tone": reset})
    assert told in str(refusal.value)
    assert brain.perturbed is None
    brain(inputs, reset)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Silence([]), "what: is empty"),
        (lambda: Silence("V1", share=0.0), "share: need more than 0 and 1 at most, got 0.0"),
        (lambda: Scale("V1", -1.0), "gain: need 0 or more, got -1.0"),
        (lambda: Clamp("V1", math.nan), "value: need a finite number, got nan"),
        (lambda: AddedNoise("V1", -0.1), "deviation: need 0 or more"),
        (lambda: Opsin("V1", 1.0, onset=-1.0), "onset: need 0 or more, got -1.0"),
        (lambda: Opsin("V1", 1.0, "bright"), "sign: need excitatory or inhibitory, got 'bright'"),  # type: ignore[arg-type]
        (lambda: Shuffle("down", shift=0), "shift: need 1 or more streams, got 0"),
        (lambda: Blockade("rate"), "signal: need error or feedback, got 'rate'"),  # type: ignore[arg-type]
        (lambda: Plasticity("V1", level=-1), "level: need 0 or more, got -1"),
        (lambda: StreamSteps(3, 3), "stop: need a step after start, which is 3, got 3"),
        (lambda: After("trial", -1), "start: need step 0 or a later one, got -1"),
        (lambda: During("trial", []), "values: are none"),
    ],
)
def test_a_number_that_means_nothing_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make()
    assert told in str(refusal.value)


def test_two_contexts_at_once_are_refused() -> None:
    brain = columns()
    with perturbed(brain, Silence("V1")):
        with pytest.raises(ValueError, match="perturbed already"), perturbed(brain, Silence("LM")):
            pass
        assert brain.perturbed is not None


def test_perturbations_of_random_brains_leave_windows_alone() -> None:
    """Whatever areas there are: some units silent, others clamped, messages noisy."""
    for seed in range(4):
        brain = toy.random_brain(seed, lambda draw, maps: draw.choice([BPTT, EProp])())
        inputs, reset = toy.stream(brain, steps=6, seed=seed)
        draw, names = Random(seed), list(brain.areas)
        told = {
            "a": Silence(draw.choice(names), share=0.5),
            "b": Clamp(draw.choice(names), 0.1, share=0.5),
            "c": AddedNoise(draw.choice(list(brain.pathways)), 0.1),
        }
        with perturbed(brain, told):
            whole, _ = brain(inputs, reset)
            state, parts = None, []
            for first, last in ((0, 2), (2, 6)):
                window = {n: x[first:last] for n, x in inputs.items()}
                activities, state = brain(window, reset[first:last], state)
                parts.append(activities)
        for name in names:
            rate = torch.cat([part[name].rate for part in parts])
            torch.testing.assert_close(rate, whole[name].rate, rtol=1e-10, atol=1e-12)
