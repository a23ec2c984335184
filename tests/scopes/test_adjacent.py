"""Scope adjacent against its definition: each step by itself, by autograd, one pathway back."""

from itertools import combinations, pairwise
from random import Random

import pytest
import torch
from torch import Tensor, nn

from areas import (
    GRU,
    Feedback,
    GivenFeedback,
    Leaky,
    LearntFeedback,
    RandomFeedback,
    SignConcordantFeedback,
    SubLSTM,
    SymmetricFeedback,
)
from areas.loops.gain import Outside
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, NoLearning, Rule
from brainmodel.learning.modulation import Constant
from brainmodel.pathways import Adapter
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from objectives import Activity, Objective
from tests import lessons, literal, toy
from tests.areas.test_feedback import Bent

SEEDS = range(6)
Said = dict[str, dict[str, Tensor]]  # by area and field of its activity, [time, batch, ...]


class Once(Objective):
    """Something asked of the rates at one step of all."""

    def __init__(self, step: int):
        super().__init__()
        self.step, self.seen = step, 0

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]; windows must follow one another."""
        steps = torch.arange(len(activity.valid)) + self.seen
        self.seen += len(activity.valid)
        return activity.rate.square().flatten(2).sum(2) * (steps == self.step)[:, None]


def either(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp])()


def scope_of(brain: Brain) -> Adjacent:
    assert isinstance(brain.scope, Adjacent)
    return brain.scope


def own(brain: Brain, seen: dict[str, Activity]) -> Said:
    """What each area's loss says of what the area did."""
    said: Said = {}
    for name, activity in seen.items():
        leaves = {f: getattr(activity, f).clone().requires_grad_() for f in Activity._fields[:4]}
        loss = torch.zeros((), dtype=torch.float64)
        for objective in brain.objectives[name].values():  # type: ignore[operator]
            loss = loss + objective(activity._replace(**leaves)).sum()
        found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
        said[name] = {
            f: torch.zeros_like(leaf) if g is None else g
            for (f, leaf), g in zip(leaves.items(), found, strict=True)
        }
    return said


def once_back(
    brain: Brain, course: literal.Literal, said: Said, taught: lessons.Gradients, ripe: int
) -> Said:
    """The same, one pathway back: the derivative of each area's step at t by what came in at t.

    Derivatives by what pathways learn are added to `taught`, of messages sent before step `ripe`.
    """
    told = {n: {f: torch.zeros_like(v) for f, v in fields.items()} for n, fields in said.items()}
    steps = len(course.reset)
    for name in brain.areas:
        area, cut = brain.area(name), brain.rule(name).cuts
        ends = sorted(n for n, p in brain.pathways.items() if p.target == name)
        for t in range(steps):
            sent, arrived, closers = {}, {}, {}
            for n in ends:
                arrived[n], sent[n], closers[n] = message(brain, course, n, t)
            up = [n for n in ends if brain.pathways[n].kind == "feedforward"]
            drive = torch.cat([arrived.pop(n) for n in up], dim=1)
            state = area.cell.state(**course.state(name, t))
            keep = (~course.reset[t]).double()
            gain = course.gains[name][t] if name in course.gains else None
            how = {"cut": cut, "keep": keep, "outside": Outside(gain)}
            report, _ = area.step(drive, arrived, state, **how)
            bars = {f: said[name][f][t] for f in Activity._fields[:4]}
            if t + 1 < steps:
                bars["rate"] = bars["rate"] + share(brain, course, said[name], name, t)
            said_of = [(getattr(report, f) * bar).sum() for f, bar in bars.items()]
            total = torch.stack(said_of).sum()
            told_gates(brain, course, told, closers, total, t)
            leaves = {n: leaf for n, leaf in sent.items() if leaf is not None}
            for n in ends:
                if 0 <= t - brain.pathways[n].steps < ripe:
                    teach(taught, total, brain.routes, f"routes.{n}")
                if t < ripe:
                    teach(taught, total, brain.gates, f"gates.{n}")
            if leaves:
                found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
                for n, bar in zip(leaves, found, strict=True):
                    pathway = brain.pathways[n]
                    if bar is not None:
                        told[pathway.source][pathway.carries][t - pathway.steps] += bar
    return told


def teach(taught: lessons.Gradients, total: Tensor, parts: nn.ModuleDict, name: str) -> None:
    """Add to gradients those of what learns under a name."""
    way = parts.named_parameters(prefix=name.partition(".")[0])
    learnt = {key: p for key, p in way if key.startswith(f"{name}.") and p.requires_grad}
    if learnt:
        found = torch.autograd.grad(
            total, list(learnt.values()), retain_graph=True, allow_unused=True
        )
        for key, g in zip(learnt, found, strict=True):
            g = torch.zeros_like(learnt[key]) if g is None else g
            taught[key] = taught[key] + g if key in taught else g


def told_gates(
    brain: Brain, course: literal.Literal, told: Said, closers: dict, total: Tensor, t: int
) -> None:
    """Add to what is said of the rates of areas that gate what they left before step t."""
    leaves = {n: leaf for n, leaf in closers.items() if leaf is not None}
    if not leaves or t == 0:
        return
    found = torch.autograd.grad(total, list(leaves.values()), retain_graph=True, allow_unused=True)
    for n, bar in zip(leaves, found, strict=True):
        if bar is not None:
            gate = brain.pathways[n].gate
            keep = literal.wide((~course.reset[t]).double(), bar)
            told[gate.by]["rate"][t - 1] += keep * bar  # type: ignore[union-attr]


def message(
    brain: Brain, course: literal.Literal, name: str, t: int
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """What arrives over a pathway at t, the leaf it is made of, if an area sent one, and the rates
    that gate it, if any do."""
    gate = brain.pathways[name].gate
    if gate is None:
        return *ungated(brain, course, name, t), None
    rate = course.state(gate.by, t)["rate"].detach().clone().requires_grad_()
    brain.pathways[name].gate = None  # what arrives at the gate
    arrived, leaf = ungated(brain, course, name, t)
    brain.pathways[name].gate = gate
    return arrived * literal.opened(gate, rate), leaf, rate


def ungated(
    brain: Brain, course: literal.Literal, name: str, t: int
) -> tuple[Tensor, Tensor | None]:
    """The same of a pathway whose gates are open."""
    pathway = brain.pathways[name]
    if t < pathway.steps or (pathway.source in brain.inputs and name not in brain.learning):
        return course.message(name, t).detach(), None
    if pathway.source in brain.inputs:
        return course.message(name, t), None
    leaf = course.at(pathway.source, t - pathway.steps)[pathway.carries].clone().requires_grad_()
    signal = leaf
    for adapter in brain.route(name).adapters:
        signal = literal.adapt(adapter, signal)
    lost = course.reset[t - pathway.steps + 1 : t + 1].any(dim=0)
    arrived = signal * literal.wide((~lost).double(), signal)
    return course.changed(name, t, arrived), leaf


def share(
    brain: Brain, course: literal.Literal, said: dict[str, Tensor], name: str, t: int
) -> Tensor:
    """What the prediction of step t + 1 says of the rate at t."""
    leaf = course.at(name, t)["rate"].clone().requires_grad_()
    rate = leaf * literal.wide((~course.reset[t + 1]).double(), leaf)
    hints = course.arrived(name, t + 1, "predictor")
    drive = course.at(name, t + 1)["drive"]
    prediction = literal.predict(brain.area(name), rate, hints, drive)
    if not prediction.requires_grad:
        return torch.zeros_like(leaf)
    error = literal.missed(brain.area(name).comparison, drive, prediction, course.reset[t + 1])
    total = (prediction * said["prediction"][t + 1]).sum() + (error * said["error"][t + 1]).sum()
    (found,) = torch.autograd.grad(total, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if found is None else found


def by_definition(
    brain: Brain,
    inputs: dict[str, Tensor],
    reset: Tensor,
    gains: dict[str, Tensor] | None = None,
    kind: type[literal.Literal] = literal.Literal,
) -> lessons.Gradients:
    """Gradients of all but the last `lag` steps, areas told what the definition says."""
    scope = scope_of(brain)
    with torch.no_grad():
        course = kind(brain, inputs, reset, gains=gains)
        seen = {name: course.activity(name) for name in brain.areas}
    total = sent = own(brain, seen)
    taught: lessons.Gradients = {}
    for _ in range(scope.hops):
        sent = once_back(brain, course, sent, taught, len(reset) - scope.lag)
        total = {n: {f: v + sent[n][f] for f, v in said.items()} for n, said in total.items()}
    alone = kind(
        brain, inputs, reset, local=True, cut=lambda name: brain.rule(name).cuts, gains=gains
    )
    loss, ripe = torch.zeros((), dtype=torch.float64), len(reset) - scope.lag
    for name, said in total.items():
        did = alone.activity(name)
        for field in ("prediction", "error", "rate"):
            loss = loss + (getattr(did, field) * said[field])[:ripe].sum()
    made = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
    return lessons.complete(brain, made) | taught


@pytest.mark.sampled(2)
@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_adjacent_is_its_definition_computed_step_by_step(seed: int, hops: int) -> None:
    brain = toy.random_brain(seed, either, Adjacent(hops=hops))
    steps = 4 + scope_of(brain).lag
    inputs, reset = toy.stream(brain, steps=steps, seed=seed)
    expected = lessons.existing(brain, by_definition(brain, inputs, reset))
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


@pytest.mark.parametrize("feedback", [SymmetricFeedback, RandomFeedback])
def test_windows_of_every_length_give_the_same_gradient(feedback: type[Feedback]) -> None:
    scope = Adjacent(feedback(), hops=2)
    brain = toy.ladder(lambda name: EProp(), scope)
    inputs, reset = toy.stream(brain, steps=16)
    whole = lessons.learn(brain, inputs, reset)
    for lengths in ([1], [2, 3], [9], [1, 7]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)
    brain.scope = Local()
    shorter = {name: signal[: -scope.lag] for name, signal in inputs.items()}
    assert lessons.distance(lessons.learn(brain, shorter, reset[: -scope.lag]), whole) > 1e-3


@pytest.mark.parametrize("rule", [EProp, BPTT])
def test_without_pathways_between_areas_it_is_local(rule: type[Rule]) -> None:
    def separate(scope) -> Brain:
        plans = {"V1": toy.plan(SubLSTM(), rule=rule()), "LM": toy.plan(GRU(), rule=rule())}
        pathways = {"a": Pathway("eye", "V1"), "b": Pathway("eye", "LM")}
        return toy.brain(plans, pathways, {"eye": [3]}, scope)

    brain = separate(Adjacent())
    inputs, reset = toy.stream(brain)
    local = lessons.learn(separate(Local()), inputs, reset, [2])
    lessons.assert_same(lessons.learn(brain, inputs, reset, [2]), local, atol=0.0)
    assert scope_of(brain).lag == 0


def test_it_is_neither_local_nor_global_where_pathways_matter() -> None:
    inputs, reset = toy.stream(toy.ladder(lambda name: BPTT()), steps=12)
    lag = scope_of(toy.ladder(lambda name: BPTT(), Adjacent())).lag
    found = []
    for scope in (Adjacent(), Local(), Global()):
        steps = 12 if isinstance(scope, Adjacent) else 12 - lag
        window = {"eye": inputs["eye"][:steps]}
        found.append(lessons.learn(toy.ladder(lambda name: BPTT(), scope), window, reset[:steps]))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert lessons.distance(found[one], found[other]) > 1e-2


def chain(step: int, scope: Scope, delays: tuple[int, ...] = (0, 0, 0, 0), alpha=0.5) -> Brain:
    """Four areas in a row; only the last has a loss, at one step."""
    names = ("A", "B", "C", "D")
    plans = {
        name: toy.plan(Leaky(alpha), [3], EProp(), objectives={}, afferents=["drive"])
        for name in names
    }
    plans["D"].objectives["once"] = Once(step)
    pathways = {
        f"{a}_{b}": Pathway(a, b, signal="rate", delay=delay)
        for a, b, delay in zip(("eye", *names[:-1]), names, delays, strict=True)
    }
    return toy.brain(plans, pathways, {"eye": [3]}, scope)


def without_a_past(brain: Brain) -> Brain:
    """The brain, its recurrent synapses silent."""
    for name in brain.areas:
        brain.area(name).synapses["recurrent"].weight.data.zero_()
    return brain


@pytest.mark.parametrize("delays", [(0, 0, 0, 0), (0, 1, 2, 0)])
def test_where_areas_have_no_past_enough_hops_are_global(delays: tuple[int, ...]) -> None:
    """There, nothing that is said later is left out."""
    found = []
    for scope in (Adjacent(hops=3), Global(), Adjacent(hops=2)):
        brain = without_a_past(chain(5, scope, delays, alpha=1.0))
        inputs, reset = toy.stream(brain, steps=16, resets=False)
        found.append(lessons.learn(brain, inputs, reset))
    lessons.assert_same(found[0], found[1])
    assert lessons.distance(found[2], found[1]) > 1e-3


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_a_signal_crosses_as_many_pathways_as_it_may_and_one_step_each(hops: int) -> None:
    brain = chain(4, Adjacent(hops=hops))
    assert scope_of(brain).lag == 1 + hops  # judged one step late; then one step a pathway
    inputs, reset = toy.stream(brain, steps=12, resets=False)
    state, heard = None, {name: [] for name in brain.areas}
    for t in range(12):
        activities, state = brain({"eye": inputs["eye"][t : t + 1]}, reset[t : t + 1], state)
        loss = lessons.total(brain, activities)
        made = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
        for name, gradient in lessons.complete(brain, made).items():
            area = name.split(".")[1]
            if gradient.any() and t not in heard[area]:
                heard[area].append(t)
    reached = sorted(brain.areas, reverse=True)[: hops + 1]
    assert {name for name, steps in heard.items() if steps} == set(reached)
    assert all(heard[name] == [4 + 1 + hops] for name in reached)


def bend(brain: Brain, monkeypatch: pytest.MonkeyPatch) -> None:
    """All synapses that have a feedback go back by its weights, under autograd too."""
    for name, groups in scope_of(brain).feedback.groups.items():
        for slug, feedback in groups.items():  # type: ignore[operator, union-attr]
            own = brain.area(name).get_submodule(slug.replace("__", "."))
            back = feedback.weights(own.weight).detach()

            def bent(source: Tensor, weight: Tensor = own.weight, back: Tensor = back) -> Tensor:  # type: ignore[assignment]
                return Bent.apply(weight, back, source)  # type: ignore[return-value]

            monkeypatch.setattr(own, "forward", bent)


def undone(brain: Brain, found: lessons.Gradients) -> lessons.Gradients:
    """Gradients without the decay of weights; those that feedback learns must be the forward ones'.

    Returns:
        what is left, without feedback's own.
    """
    left = dict(found)
    for name, groups in scope_of(brain).feedback.groups.items():
        for slug, feedback in groups.items():  # type: ignore[operator, union-attr]
            own = f"scope.feedback.groups.{name}.{slug}.weight"
            if own in left:
                forward = f"areas.{name}.{slug.replace('__', '.')}.weight"
                left[forward] = (
                    left[forward] - feedback.decay * brain.get_parameter(forward).detach()
                )
                learnt = left.pop(own) - feedback.decay * brain.get_parameter(own).detach()
                torch.testing.assert_close(learnt, left[forward], rtol=1e-9, atol=1e-11)
    return left


FEEDBACKS = [RandomFeedback, SignConcordantFeedback, LearntFeedback]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("rule", [EProp, BPTT])
@pytest.mark.parametrize("feedback", FEEDBACKS)
def test_signals_return_by_the_weights_of_the_feedback(monkeypatch, feedback, rule, maps) -> None:
    brain = toy.ladder(lambda name: rule(), Adjacent(feedback(), hops=2), maps=maps)
    steps = 3 + scope_of(brain).lag
    inputs, reset = toy.stream(brain, steps=steps)
    found = undone(brain, lessons.learn(brain, inputs, reset))
    symmetric = toy.ladder(lambda name: rule(), Adjacent(hops=2), maps=maps)
    usual = lessons.learn(symmetric, inputs, reset)
    assert found.keys() == usual.keys() and lessons.distance(found, usual) > 1e-2
    bend(brain, monkeypatch)
    expected = by_definition(brain, inputs, reset)
    lessons.assert_same(found, {name: expected[name] for name in found})


def test_given_weights_serve_where_all_groups_have_their_shape(monkeypatch) -> None:
    weight = torch.linspace(-1.0, 1.0, 9).view(3, 3)

    def row(feedback: Feedback) -> Brain:
        names = ("eye", "A", "B", "C")
        plans = {n: toy.plan(Leaky(), [3], EProp(), afferents=["drive"]) for n in names[1:]}
        pathways = {b: Pathway(a, b, signal="rate") for a, b in pairwise(names)}
        return toy.brain(
            plans,
            {f"to_{n}": p for n, p in pathways.items()},
            {"eye": [3]},
            Adjacent(feedback, hops=2),
        )

    brain = row(GivenFeedback(weight))
    inputs, reset = toy.stream(brain, steps=3 + scope_of(brain).lag)
    found, usual = (lessons.learn(b, inputs, reset) for b in (brain, row(SymmetricFeedback())))
    assert lessons.distance(found, usual) > 1e-2
    bend(brain, monkeypatch)
    lessons.assert_same(found, by_definition(brain, inputs, reset))
    refusal = (
        r"LM\.synapses\.\w+\.weight: feedback\.weight: need .*, got \[3, 3\]; learning signals "
        r"return over synapses of shapes \[\d+, \d+\], .* which no one weight fits: use another"
    )
    with pytest.raises(ValueError, match=refusal):
        toy.ladder(lambda name: EProp(), Adjacent(GivenFeedback(weight)))


class Rectify(Adapter):
    """Bends what passes."""

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        return source

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return torch.relu(signal - 0.1) + signal.square()


@pytest.mark.parametrize("signal", ["rate", "prediction", "error"])
@pytest.mark.parametrize("delay", [0, 2])
def test_adapters_that_bend_are_differentiated_at_the_signal_that_passed(delay, signal) -> None:
    plans = {name: toy.plan(SubLSTM(), [3], EProp()) for name in ("V1", "LM")}
    pathways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal=signal, delay=delay, adapters=[Rectify()]),
    }
    brain = toy.brain(plans, pathways, {"eye": [3]}, Adjacent())
    inputs, reset = toy.stream(brain, steps=5 + scope_of(brain).lag)
    expected = by_definition(brain, inputs, reset)
    for lengths in ([99], [1], [2, 3]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)
    brain.scope = Local()
    assert lessons.distance(lessons.learn(brain, inputs, reset), expected) > 1e-3


@pytest.mark.parametrize("feedback", FEEDBACKS)
def test_each_group_of_synapses_has_random_weights_of_its_own(feedback: type[Feedback]) -> None:
    """They have the seed, and the name of the group; other ones than synapses of that seed."""

    def drawn(seed: int) -> list[Tensor]:
        plans = {name: toy.plan(Leaky(), [3]) for name in ("B", "A")}
        pathways = {
            "up": Pathway("eye", "A"),
            "on": Pathway("A", "B"),
            "down": Pathway("B", "A", "feedback"),
        }
        scope = Adjacent(feedback(seed=seed))  # type: ignore[call-arg]
        brain = Brain(plans, pathways, {"eye": [3]}, scope)
        names = [n for n in brain.state_dict() if n.startswith("scope.")]
        assert [n.rpartition(".")[0] for n in names] == [
            f"scope.feedback.groups.{group}"
            for group in (
                "A.synapses__error",
                "A.synapses__down",
                "A.predictor__synapses__down",
                "B.synapses__error",
            )
        ]
        return [brain.state_dict()[n].abs() for n in names]

    one, other = drawn(7), drawn(8)
    assert all(a.equal(b) for a, b in zip(drawn(7), one, strict=True))
    assert not any(torch.equal(a, b) for a, b in combinations([*one, *other], 2))
    for weights in one:
        bound, plain = weights[0].numel() ** -0.5, torch.Generator().manual_seed(7)
        assert weights.max() <= bound
        first = torch.empty_like(weights).uniform_(-bound, bound, generator=plain).abs()
        assert not torch.allclose(weights, first)


def test_feedback_weights_that_equal_the_forward_ones_are_the_transposed_ones() -> None:
    brain = toy.ladder(lambda name: EProp(), Adjacent(RandomFeedback(), hops=2))
    inputs, reset = toy.stream(brain, steps=12)
    random = lessons.learn(brain, inputs, reset)
    assert not [n for n in random if n.startswith("scope")], "fixed weights do not learn"
    for name, groups in scope_of(brain).feedback.groups.items():
        for slug, feedback in groups.items():  # type: ignore[operator, union-attr]
            own = brain.area(name).get_submodule(slug.replace("__", "."))
            feedback.weight.data.copy_(own.weight)  # type: ignore[union-attr]
    expected = lessons.learn(toy.ladder(lambda name: EProp(), Adjacent(hops=2)), inputs, reset)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    assert lessons.distance(random, expected) > 1e-2


def test_learnt_feedback_weights_come_to_equal_the_forward_ones() -> None:
    """Kolen & Pollack: W - B shrinks by 1 - rate * decay with every step."""
    scope = Adjacent(LearntFeedback(decay=0.5))
    brain = toy.ladder(lambda name: EProp(), scope)
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=0.1)
    inputs, reset = toy.stream(brain, steps=9)

    def gap() -> Tensor:
        forward = brain.area("LM").synapses["error"].weight.detach()
        return forward - scope.feedback.of("LM", "synapses.error.weight").weights(forward)

    before, weight = gap().clone(), brain.area("LM").synapses["error"].weight.detach().clone()
    for k in range(1, 4):
        optimizer.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        optimizer.step()
        torch.testing.assert_close(gap(), before * 0.95**k)
    assert (brain.area("LM").synapses["error"].weight - weight).abs().max() > 0.01
    assert scope.synapses_of("LM")


def test_feedback_of_synapses_that_do_not_learn_takes_nothing_from_the_optimizer() -> None:
    """Without a rule an area's units do not learn, its predictor does."""
    brain = toy.ladder(lambda name: NoLearning(), Adjacent(LearntFeedback()))
    own = {n: p for n, p in brain.named_parameters() if n.startswith("scope")}
    assert {n for n, p in own.items() if p.requires_grad} == {n for n in own if "predictor" in n}
    assert {n for n in own if "predictor" not in n}


def test_a_modulator_multiplies_what_is_heard_from_neighbours_too() -> None:
    def made(amount: float) -> Brain:
        brain = toy.ladder(lambda name: EProp(), Adjacent())
        brain.modulators["V1"] = Constant(amount)
        return brain

    inputs, reset = toy.stream(made(1.0), steps=10)
    once, thrice = (lessons.learn(made(k), inputs, reset, [3]) for k in (1.0, 3.0))
    expected = {n: g * (3 if n.startswith("areas.V1.") else 1) for n, g in once.items()}
    lessons.assert_same(thrice, expected)


def test_going_back_twice_writes_the_same_into_the_state() -> None:
    brain = toy.ladder(lambda name: EProp(), Adjacent())
    inputs, reset = toy.stream(brain)
    activities, state = brain(inputs, reset)
    assert not any(said.rate.any() for said in state.waiting.signals.values())
    loss, kept = lessons.total(brain, activities), []
    for _ in range(2):
        torch.autograd.grad(loss, lessons.learnt(brain), retain_graph=True)
        kept.append({n: s.rate.clone() for n, s in state.waiting.signals.items()})
    assert all(torch.equal(kept[0][n], kept[1][n]) and kept[0][n].any() for n in kept[0])


def test_a_scope_that_crosses_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="hops: need 1 or more pathways, got 0; use scope Local"):
        Adjacent(hops=0)
    with pytest.raises(ValueError, match="decay: need 0 or more"):
        LearntFeedback(decay=-0.1)
