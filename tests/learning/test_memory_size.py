"""What a rule says that it will remember is what it then remembers, tensor by tensor."""

import pytest
import torch
from torch.utils._pytree import tree_leaves

from areas import ALIF, LSTM, Sparse
from brainmodel.brain import Brain
from brainmodel.command_line.needs import require_memories
from brainmodel.learning import MDGL, RTRL, EProp, SnAp
from brainmodel.learning.credit.eligibility_traces import EligibilityTraces
from tests import toy

STREAMS = 3
WHOLE = {"rtrl", "snap", "uoro", "kf_rtrl", "rkf_rtrl", "kernl"}  # that remember nothing else
TRACES = {"e_prop", "gated_microcircuit", "mdgl", "rflo", "rflo_random"}


def remembered(brain: Brain, name: str) -> int:
    """Numbers in what the rule of an area remembers after two windows; of traces these alone."""
    inputs, reset = toy.stream(brain, steps=4, batch=STREAMS)
    _, state = brain(inputs, reset)
    _, state = brain(inputs, reset, state)
    memory = state.memories.get(name)
    memory = memory.eligibility if isinstance(memory, EligibilityTraces) else memory
    leaves = [leaf for leaf in tree_leaves(memory) if isinstance(leaf, torch.Tensor)]
    return sum(leaf.numel() for leaf in leaves if leaf.is_floating_point())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rule", toy.RULES)
def test_a_rule_remembers_what_it_said_or_says_less(rule: str) -> None:
    brain = toy.ladder(lambda name: toy.RULES[rule](), cells=[toy.fit(rule)] * 3)
    for name in brain.areas:
        told = STREAMS * brain.rule(name).memory_size(brain.area(name))
        found = remembered(brain, name)
        assert told <= found
        if rule in WHOLE | TRACES:
            assert told == found > 0
    assert set(toy.RULES) >= WHOLE | TRACES


@pytest.mark.parametrize("afferents", [["drive"], ["drive", "error"]], ids=str)
@pytest.mark.parametrize(
    "make",
    [
        RTRL,
        SnAp,
        lambda: SnAp(2),
        lambda: SnAp(carry=False),
        EProp,
        lambda: EProp(carry=False),
        MDGL,
    ],
)
def test_it_is_so_with_an_error_and_without_and_carried_or_not(make, afferents: list[str]) -> None:
    brain = toy.lone(LSTM(), rule=make(), afferents=afferents)
    assert STREAMS * brain.rule("V1").memory_size(brain.area("V1")) == remembered(brain, "V1")


def test_sparse_synapses_and_cells_with_two_fields_are_counted() -> None:
    plan = toy.plan(LSTM(), [12], SnAp(2), afferents=["drive"], connectivity=Sparse(0.1))
    sparse = toy.brain({"V1": plan}, {"up": toy.Pathway("eye", "V1")}, {"eye": [4]})
    sparse.rule("V1").build(sparse.area("V1"))
    spiking = toy.lone(ALIF(), rule=MDGL(), afferents=["drive"])
    for brain in (sparse, spiking):
        told = STREAMS * brain.rule("V1").memory_size(brain.area("V1"))
        assert told == remembered(brain, "V1") > 0
    assert not sparse.rule("V1").full


def test_maps_carry_no_traces() -> None:
    brain = toy.lone(LSTM(), maps=True, rule=EProp())
    assert brain.rule("V1").memory_size(brain.area("V1")) == remembered(brain, "V1") == 0


def test_an_influence_that_does_not_fit_into_memory_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brain = toy.lone(LSTM(), rule=RTRL(), afferents=["drive"])
    needed = 4 * STREAMS * brain.rule("V1").memory_size(brain.area("V1"))
    monkeypatch.setattr("brainmodel.memory.memory", lambda: needed)
    require_memories(brain, STREAMS)
    monkeypatch.setattr("brainmodel.memory.memory", lambda: needed - 1)
    with pytest.raises(
        ValueError, match=r"^model.areas.V1.rule: RTRL of 3 streams needs .* memory"
    ):
        require_memories(brain, STREAMS)
