"""Who acts first: found from the pathways, not from the order in which things are written."""

from random import Random

import pytest
import torch

from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global
from brainmodel.wiring.order import acting_order, stages
from tests import lessons, toy


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_areas_and_pathways_does_not_matter(seed: int) -> None:
    found = []
    for reverse in (False, True):
        brain = toy.random_brain(seed, reverse=reverse, scope=Global())
        inputs, reset = toy.stream(brain)
        found.append((brain, brain(inputs, reset)[0], lessons.learn(brain, inputs, reset, [2])))
    (first, did, learnt), (second, did_too, learnt_too) = found
    assert list(first.pathways) == list(second.pathways)
    assert list(first.state_dict()) == list(second.state_dict())
    assert list(did) == list(did_too) == first.acting
    for name in did:
        assert all(torch.equal(a, b) for a, b in zip(did[name][:5], did_too[name][:5], strict=True))
    assert all(torch.equal(learnt[n], learnt_too[n]) for n in learnt)


@pytest.mark.parametrize("seed", range(50))
def test_no_area_acts_before_one_it_waits_for(seed: int) -> None:
    draw = Random(seed)
    names = draw.sample("ABCDEFG", 7)
    pathways = {}
    for k in range(12):
        low, high = sorted(draw.sample(range(7), 2))
        pathways[f"up{k}"] = Pathway(names[low], names[high])
        back = draw.sample(range(7), 2)
        pathways[f"back{k}"] = Pathway(names[back[0]], names[back[1]], "feedback")
    acting = acting_order(names, pathways)
    assert sorted(acting) == sorted(names)
    for pathway in pathways.values():
        if pathway.steps == 0:
            assert acting.index(pathway.source) < acting.index(pathway.target)


@pytest.mark.parametrize("seed", range(50))
def test_stages_are_the_cycles_in_an_order_no_pathway_runs_against(seed: int) -> None:
    draw = Random(seed)
    names = list("ABCDEF")
    links = [draw.sample(names, 2) for _ in range(draw.randint(1, 9))]
    pathways = {f"p{k}": Pathway(a, b, delay=1) for k, (a, b) in enumerate(links)}
    found = stages(names, pathways)
    assert sorted(name for stage in found for name in stage) == names
    place = {name: k for k, stage in enumerate(found) for name in stage}
    assert all(place[a] <= place[b] for a, b in links)

    def leads(a: str, b: str, seen: frozenset[str] = frozenset()) -> bool:
        onward = {y for x, y in links if x == a} - seen
        return b in onward or any(leads(y, b, seen | {a, y}) for y in onward)

    for a in names:
        for b in names:
            if a != b:
                together = leads(a, b) and leads(b, a)
                assert (place[a] == place[b]) == together, (a, b, found)


def test_a_brain_can_be_stepped_as_well_as_rolled_out() -> None:
    for seed in range(6):
        brain = toy.random_brain(seed)
        inputs, reset = toy.stream(brain)
        activities, after = brain(inputs, reset)
        state = brain.initial_state(reset.shape[1])
        for t in range(len(reset)):
            reports, state = brain.step({n: x[t] for n, x in inputs.items()}, reset[t], state)
            for name, report in reports.items():
                did = [signal[t] for signal in activities[name][:4]]
                for a, b in zip(report, did, strict=True):
                    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
        for name in brain.areas:
            for a, b in zip(state.areas[name], after.areas[name], strict=True):
                torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
        for name in state.delayed:
            torch.testing.assert_close(
                state.delayed[name], after.delayed[name], rtol=1e-10, atol=1e-12
            )


def test_a_brain_of_one_precision_computes_in_it_whatever_comes_in() -> None:
    brain = toy.ladder(lambda name: BPTT()).float()
    inputs, reset = toy.stream(brain)
    activities, state = brain(inputs, reset)
    assert activities["V1"].rate.dtype == brain.dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed, _ = brain(inputs, reset)
    torch.testing.assert_close(mixed["PM"].error, activities["PM"].error)


def test_a_stream_goes_on_from_a_saved_state() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain, steps=6)
    _, middle = brain({"eye": inputs["eye"][:3]}, reset[:3])
    late = {"eye": inputs["eye"][3:]}
    whole, _ = brain(inputs, reset)
    rest, _ = brain(late, reset[3:], middle)
    torch.testing.assert_close(rest["PM"].error, whole["PM"].error[3:], rtol=1e-12, atol=1e-14)
    fresh, _ = brain(late, torch.zeros_like(reset[3:]))
    assert not torch.allclose(fresh["PM"].error, rest["PM"].error)
