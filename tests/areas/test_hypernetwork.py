"""Weights that a network makes of embeddings: literally, with every rule, and how they begin."""

import pytest
import torch

from areas import Block, Hypernetwork, Leaky, Projection, Sparse
from brainmodel.brain import Brain
from brainmodel.learning import EProp
from brainmodel.pathways import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from tests import lessons, toy


def lone(
    scope: Scope | None = None, rule: str = "bptt", maps: bool = False, made: bool = True
) -> Brain:
    """V1, whose drive and recurrent synapses a network makes; the latter sparse and inhibitory."""
    blocks = [Block(sign="inhibitory", connectivity=Sparse(0.6, 3))]
    told = {
        "drive": Projection(made=Hypernetwork(3, 5) if made else None),
        "recurrent": Projection(blocks, made=Hypernetwork(2, 4) if made else None),
    }
    cell = toy.fit(rule)()
    units = [2, 4, 4] if maps else [4]
    how = {"units": units, "projections": told, "afferents": ["drive"]}
    brain = toy.lone(cell, maps, toy.RULES[rule](), scope, **how)
    for one in brain.made:
        one.synapses.remake()
    return brain


@pytest.mark.parametrize("maps", [False, True])
def test_each_weight_is_what_the_network_makes_of_its_two_sides(maps: bool) -> None:
    making = lone(maps=maps).area("V1").synapses["drive"].making
    assert isinstance(making, Hypernetwork)
    weight = making(None)
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            x = making.from_post @ making.post[i] + making.from_pre @ making.pre[j] + making.bias
            expected = (making.out * torch.tanh(x)).sum(-1) + making.rest
            torch.testing.assert_close(
                weight[i, j], expected.view_as(weight[i, j]), rtol=1e-12, atol=1e-12
            )


@pytest.mark.parametrize("shape", [(12, 7), (6, 3, 3, 3)])
def test_it_begins_with_the_mean_and_the_spread_of_what_was_drawn(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    drawn = torch.rand(shape, dtype=torch.float64) * 0.3 - 0.1
    making = Hypernetwork()
    making.begin(drawn)
    made = making(None)
    assert made.shape == drawn.shape and made.dtype == drawn.dtype
    torch.testing.assert_close(made.std(), drawn.std(), rtol=1e-9, atol=0)
    torch.testing.assert_close(made.mean(), drawn.mean(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("scope", [Local, Global, Adjacent])
def test_the_gradient_of_the_weight_goes_on_to_all_of_the_network(
    scope: type[Scope], maps: bool
) -> None:
    brain, there = lone(scope(), maps=maps), lone(scope(), maps=maps, made=False)
    weights = dict(brain.named_parameters()) | brain.make()
    for name, parameter in there.named_parameters():
        parameter.data.copy_(weights[name])
    inputs, reset = toy.stream(brain)
    exact = lessons.learn(there, inputs, reset)
    found = lessons.learn(brain, inputs, reset)
    own = torch.stack([(weight * exact[n]).sum() for n, weight in brain.make().items()]).sum()
    makers = {n: p for n, p in brain.named_parameters() if ".making." in n}
    expected = dict(zip(makers, torch.autograd.grad(own, list(makers.values())), strict=True))
    lessons.assert_same({n: found[n] for n in makers}, expected)
    assert len(makers) == 14 and all(g.any() for g in expected.values())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rule", toy.RULES)
def test_every_rule_teaches_it(rule: str) -> None:
    """Where weights that are parameters learn, what makes them does."""
    try:
        brain, there = lone(rule=rule), lone(rule=rule, made=False)
    except ValueError as refused:  # of currents, or of afferents, that the rule does not take
        assert rule in ("dendritic_errors", "temporal_predictive_coding"), refused
        return
    inputs, reset = toy.stream(brain)
    learnt = {n for n, g in lessons.learn(there, inputs, reset).items() if g.any()}
    found = lessons.learn(brain, inputs, reset)
    for source in ("drive", "recurrent"):
        makers = [g for n, g in found.items() if f"V1.synapses.{source}.making" in n]
        assert any(g.any() for g in makers) == (f"areas.V1.synapses.{source}.weight" in learnt)


def test_signs_and_absent_synapses_hold_while_it_learns() -> None:
    brain = lone(rule="e_prop")
    inputs, reset = toy.stream(brain)
    optimizer = torch.optim.Adam(lessons.learnt(brain), lr=0.1)
    synapses = brain.area("V1").synapses["recurrent"]
    before = synapses.weight.detach().clone()
    for _ in range(5):
        optimizer.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        optimizer.step()
        brain.after_step()
    assert (synapses.weight <= 0).all() and synapses.mask is not None
    assert not synapses.weight[synapses.mask == 0].any()
    assert (synapses.weight - before).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("how", "name"), [({"embedding": 0}, "embedding"), ({"hidden": 0}, "hidden")]
)
def test_a_network_of_nothing_is_refused(how: dict[str, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"made: need Hypernetwork.{name} of 1 or more, got 0"):
        Hypernetwork(**how)


def test_one_synapse_is_refused() -> None:
    with pytest.raises(ValueError, match=r"projections.drive.*two synapses or more"):
        told = {"drive": Projection(made=Hypernetwork())}
        plan = toy.plan(Leaky(), [1], EProp(), projections=told, afferents=["drive"])
        toy.brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [1]})
