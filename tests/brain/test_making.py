"""Weights that are made: rules stop at the weight, autograd goes on to what it is made of."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from areas import (
    Alike,
    Area,
    Block,
    Feedback,
    Leaky,
    LearntFeedback,
    LowRank,
    Making,
    OneToOne,
    Predictor,
    PrePost,
    Projection,
    Sparse,
    SubLSTM,
    SymmetricFeedback,
    Tied,
)
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, EPropLiteral, NoLearning, Rule
from brainmodel.pathways import Pathway
from brainmodel.schedules import CriticalPeriod
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.synaptic_scaling import RateSetPoints
from brainmodel.training.parameter_groups import parameter_groups
from tests import lessons, toy

SCOPES = pytest.mark.parametrize("scope", [Local, Global])
SPARSE = Block(connectivity=Sparse(0.6, 3))
PROJECTIONS: dict[str, Projection] = {
    "drive": Projection([Block(sign="excitatory", connectivity=Sparse(0.7, 1))], made=PrePost(0.4)),
    "error": Projection(made=Tied("predictor.rate")),
    "recurrent": Projection([SPARSE], made=LowRank(2)),
    "mind": Projection([Block(sign="inhibitory")], made=LowRank(1)),
}


def plain(made: bool) -> dict[str, Projection]:
    """What is said of the synapses, made or parameters; parts of their own in each brain."""
    kinds: dict[str, Callable[[], Making]] = {
        "drive": lambda: PrePost(0.4),
        "error": lambda: Tied("predictor.rate"),
        "recurrent": lambda: LowRank(2),
        "mind": lambda: LowRank(1),
    }
    told = PROJECTIONS.items()
    return {n: replace(p, made=kinds[n]() if made else None) for n, p in told}


def lone(rule: Rule, scope: Scope, made: bool = True, **more) -> Brain:
    """V1, all of whose synapses are made: it sees its drive, its error and a message."""
    told = {"afferents": ["drive", "error"], "projections": plain(made), **more}
    plans = {"V1": toy.plan(Leaky(0.4, torch.tanh), [4], rule, **told)}
    pathways = {"up": Pathway("eye", "V1"), "mind": Pathway("thought", "V1", "lateral", "rate")}
    brain = toy.brain(plans, pathways, {"eye": [5], "thought": [3]}, scope)
    remake(brain)
    return brain


def remake(brain: Brain) -> None:
    for one in brain.made:
        one.synapses.remake()


def twin(brain: Brain, rule: Rule, scope: Scope) -> Brain:
    """The same weights as parameters of their own."""
    there = lone(rule, scope, made=False)
    weights = dict(brain.named_parameters()) | brain.make()
    for name, parameter in there.named_parameters():
        parameter.data.copy_(weights[name])
    return there


def chained(brain: Brain, exact: lessons.Gradients) -> list[Tensor]:
    """Gradients of what makes weights, from those of the weights, by autograd alone."""
    own = {n: p for n, p in brain.named_parameters() if p.requires_grad and n in exact}
    parts = [(weight * exact[name]).sum() for name, weight in (brain.make() | own).items()]
    wanted = lessons.learnt(brain)
    made = torch.autograd.grad(torch.stack(parts).sum(), wanted, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(wanted, made, strict=True)]


@SCOPES
@pytest.mark.parametrize("rule", [BPTT, RTRL])
def test_what_makes_weights_gets_the_gradient_of_autograd(
    rule: type[Rule], scope: type[Scope]
) -> None:
    brain = lone(rule(), scope())
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    there = twin(brain, rule(), scope())
    exact = lessons.learn_literally(there, inputs, reset, local=scope is Local)
    for (name, mine), expected in zip(found.items(), chained(brain, exact), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11, msg=name)
        assert mine.abs().max() > 1e-4, name
    makers = {name for name in found if ".making." in name}
    assert makers == {
        f"areas.V1.synapses.{name}"
        for name in (
            "drive.making.release",
            "drive.making.quantal",
            "recurrent.making.left",
            "recurrent.making.right",
            "mind.making.left",
            "mind.making.right",
        )
    }


@pytest.mark.parametrize("lengths", [[10], [2, 3]])
def test_e_prop_stops_at_the_weight_as_it_is_defined(lengths: list[int]) -> None:
    brain, there = lone(EProp(), Local()), None
    inputs, reset = toy.stream(brain)
    there = twin(brain, EPropLiteral(), Local())
    defined = lessons.learn(there, inputs, reset, lengths)
    found = lessons.learn(brain, inputs, reset, lengths)
    for (name, mine), expected in zip(found.items(), chained(brain, defined), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11, msg=name)


def pair(made: bool, feedback: Feedback) -> Brain:
    """V1 and LM, learning signals crossing; what comes down to V1 is of rank 1."""
    down = Projection(made=LowRank(1) if made else None)
    plans = {
        "V1": toy.plan(Leaky(0.4, torch.tanh), [4], EProp(), projections={"down": down}),
        "LM": toy.plan(Leaky(0.6, torch.tanh), [3], EProp()),
    }
    pathways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    return toy.brain(plans, pathways, {"eye": [5]}, Adjacent(feedback))


@pytest.mark.parametrize("feedback", [SymmetricFeedback, LearntFeedback])
def test_learning_signals_cross_made_weights_as_they_do_others(feedback: type[Feedback]) -> None:
    brain, there = pair(True, feedback()), pair(False, feedback())
    remake(brain)
    weights = dict(brain.named_parameters()) | brain.make()
    for name, parameter in there.named_parameters():
        parameter.data.copy_(weights[name])
    inputs, reset = toy.stream(brain, steps=8)
    exact = lessons.learn(there, inputs, reset, [4])
    found = lessons.learn(brain, inputs, reset, [4])
    for (name, mine), expected in zip(found.items(), chained(brain, exact), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-11, msg=name)
    backs = {name for name in found if "feedback" in name}
    assert all(found[name].any() for name in backs)
    assert any("V1" in name for name in backs) == (feedback is LearntFeedback)


def test_a_tie_teaches_the_weights_it_is_tied_to() -> None:
    """And does not where these synapses are frozen: then they follow."""
    free, frozen = lone(BPTT(), Local()), lone(BPTT(), Local(), plastic={"error": False})
    inputs, reset = toy.stream(free)
    name = "areas.V1.predictor.synapses.rate.weight"
    alone = lessons.learn(twin(free, BPTT(), Local()), inputs, reset)[name]
    torch.testing.assert_close(lessons.learn(frozen, inputs, reset)[name], alone)
    assert (lessons.learn(free, inputs, reset)[name] - alone).abs().max() > 1e-3
    frozen.get_parameter(name).data += 1.0
    frozen.after_step()
    weight = frozen.area("V1").synapses["error"].weight
    assert weight.equal(frozen.get_parameter(name).t())


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_signs_and_absent_synapses_hold_to_the_last_bit(optimizer: str) -> None:
    brain = lone(EProp(), Local())
    inputs, reset = toy.stream(brain)
    steps = getattr(torch.optim, optimizer)(lessons.learnt(brain), lr=0.1)
    area, before = brain.area("V1"), brain.make()
    for _ in range(30):
        steps.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        steps.step()
        brain.after_step()
        for name, sign in (("drive", 1), ("mind", -1)):
            assert (sign * area.synapses[name].weight >= 0).all()
        for name in ("drive", "recurrent"):
            synapses = area.synapses[name]
            assert synapses.mask is not None and not synapses.weight[synapses.mask == 0].any()
        for one in brain.made:
            assert one.now().equal(one.synapses.weight), "between windows they are as made"
    assert all((one.now() - before[one.name]).abs().max() > 1e-3 for one in brain.made)
    assert torch.linalg.matrix_rank(area.synapses["mind"].weight) == 1


def test_optimizers_get_what_makes_weights_and_not_the_weights() -> None:
    brain = lone(BPTT(), Local(), plastic={"mind": False})
    groups = parameter_groups(brain, {"V1": None}, 0.1, {"V1.synapses": 0.3})
    by_name = {group["name"]: group for group in groups}
    given = set(map(id, by_name["V1.synapses"]["params"]))
    expected = {
        id(p)
        for n, p in brain.named_parameters()
        if ".making." in n and "mind" not in n or n == "areas.V1.bias"
    }
    assert given == expected and by_name["V1.synapses"]["lr"] == 0.3
    mind = {n for n, p in brain.named_parameters() if p.requires_grad and "mind" in n}
    assert mind == {"areas.V1.predictor.synapses.mind.weight"}
    asleep = lone(NoLearning(), Local())
    assert {n for n, p in asleep.named_parameters() if p.requires_grad} == {
        f"areas.V1.predictor.{n}" for n in ("bias", "synapses.rate.weight", "synapses.mind.weight")
    }


def test_what_is_not_plastic_now_does_not_move() -> None:
    closed = CriticalPeriod(opens=5, closes=6)
    brain = lone(BPTT(), Local(), plastic={"recurrent": closed})
    making = brain.area("V1").synapses["recurrent"].making
    assert making is not None
    still = brain.still()
    assert all(any(p is q for q in still) for p in making.parameters())
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    of = {n: g for n, g in found.items() if "recurrent.making" in n}
    assert len(of) == 2 and not any(g.any() for g in of.values())


def test_a_checkpoint_holds_what_makes_weights() -> None:
    brain, other = lone(BPTT(), Local()), lone(BPTT(), Local())
    for parameter in brain.parameters():
        parameter.data += 0.1
    remake(brain)
    other.load_state_dict(brain.state_dict())
    inputs, reset = toy.stream(brain)
    for a, b in zip(
        brain(inputs, reset)[0]["V1"][:4], other(inputs, reset)[0]["V1"][:4], strict=True
    ):
        assert a.equal(b)
    assert all(one.now().equal(one.synapses.weight) for one in other.made)


def test_one_step_by_its_definition_goes_on_to_what_makes_weights() -> None:
    brain = lone(BPTT(), Local())
    inputs, reset = toy.stream(brain, steps=1)
    seen = {name: signal[0] for name, signal in inputs.items()}
    activity, _ = brain.step(seen, reset[0], brain.initial_state(2))
    rate = brain(inputs, reset)[0]["V1"].rate[0]
    torch.testing.assert_close(activity["V1"].rate, rate, rtol=1e-12, atol=0)
    making = brain.area("V1").synapses["drive"].making
    found = torch.autograd.grad(activity["V1"].rate.sum(), [*making.parameters()])  # type: ignore[union-attr]
    assert all(g.any() for g in found)


def made(making: Making, **more) -> Area:
    told = {"recurrent": Projection(made=making, **more)}
    torch.manual_seed(0)
    return Area(Leaky(), [6], [3], {}, Predictor(), projections=told)


def test_of_low_rank_it_begins_as_near_as_can_be() -> None:
    """Eckart and Young: the distance is that of the singular values left out."""
    drawn = made(PrePost()).synapses["recurrent"].weight
    left_out = torch.linalg.svdvals(drawn)[2:]
    near = made(LowRank(2)).synapses["recurrent"].weight
    assert torch.linalg.matrix_rank(near) == 2
    torch.testing.assert_close((near - drawn).norm(), left_out.norm(), rtol=1e-5, atol=0)
    whole = made(LowRank(6)).synapses["recurrent"].weight
    torch.testing.assert_close(whole, drawn, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [[3], [2, 5, 5]])
def test_a_tie_is_the_transposed_operator(shape: list[int]) -> None:
    torch.manual_seed(0)
    told = {"error": Projection(made=Tied("predictor.rate"))}
    area = Area(Leaky(), [4, *shape[1:]], shape, {}, Predictor(), projections=told)
    assert area.predictor is not None
    error = torch.randn(2, *shape)
    back = area.predictor.synapses["rate"].transpose(error)
    torch.testing.assert_close(area.synapses["error"](error), back)


def test_a_copy_is_the_same_operator() -> None:
    torch.manual_seed(0)
    told = {"m": Projection(made=Tied("drive", transposed=False))}
    area = Area(SubLSTM(), [4], [3], {"m": [3]}, None, ["drive"], projections=told)
    assert area.synapses["m"].weight.equal(area.synapses["drive"].weight)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LowRank(0), "need LowRank.rank of 1 or more, got 0"),
        (lambda: PrePost(1.0), r"need PrePost.release above 0 and below 1, got 1\.0"),
        (
            lambda: made(LowRank(7)),
            r"projections\.recurrent\.made: LowRank.rank is 7, .* 6 at most",
        ),
        (
            lambda: made(Tied("recurrent")),
            "Tied.of: there are no other synapses recurrent; there are error",
        ),
        (
            lambda: made(Tied("predictor.mind")),
            "no other synapses predictor.mind; there are error, predictor.rate",
        ),
        (
            lambda: made(Tied("error")),
            r"would be \[3, 6\] here, and these are \[6, 6\]; end on one",
        ),
        (
            lambda: made(Tied("error"), begin=Alike(1.0)),
            r"projections\.recurrent\.begin: leave it out, as these weights begin as others do",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_scaling_of_weights_that_are_made_is_refused() -> None:
    points = RateSetPoints({"V1": 0.1}, 0.1, 10)
    with pytest.raises(ValueError, match="weights of drive onto V1 are made, .* leave V1 out"):
        points.require_areas(lone(BPTT(), Local()))
    points.require_areas(lone(BPTT(), Local(), made=False))


def test_one_to_one_synapses_may_be_made() -> None:
    told = {"recurrent": Projection([Block(connectivity=OneToOne())], made=PrePost())}
    brain = toy.lone(Leaky(), rule=BPTT(), afferents=["drive"], projections=told)
    weight = brain.make()["areas.V1.synapses.recurrent.weight"]
    assert weight.count_nonzero() == 3 and weight.diagonal().all()
