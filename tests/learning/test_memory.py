"""What learning holds in memory does not grow with the length of the stream."""

import gc

import pytest
import torch
from torch.utils._pytree import tree_leaves

from brainmodel.brain import Brain
from brainmodel.learning import EProp
from tests import lessons, toy


@pytest.fixture(autouse=True)
def only_what_a_test_makes() -> None:
    """To look through all that other tests left would take longer than the tests."""
    gc.freeze()


def held() -> int:
    """Bytes of all tensors that are alive and that this test made, each storage once."""
    gc.collect()
    storages = {}
    for thing in gc.get_objects():
        if type(thing) in (torch.Tensor, torch.nn.Parameter):
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def after_windows(
    brain: Brain, counts: list[int], keep: list | None = None, steps: int = 3
) -> list[int]:
    """Bytes held after so many windows of one stream, trained on one by one."""
    inputs, reset = toy.stream(brain, steps=steps, resets=False)
    optimizer, state, found = torch.optim.SGD(lessons.learnt(brain), lr=1e-3), None, []
    for k in range(max(counts)):
        activities, state = brain(inputs, reset, state)
        lessons.total(brain, activities).backward()
        if keep is not None:
            keep.append(activities)
        del activities
        optimizer.step()
        optimizer.zero_grad()
        if k + 1 in counts:
            found.append(held())
    return found


@pytest.mark.sampled(6)
@pytest.mark.parametrize("rule", toy.RULES)
def test_a_long_stream_holds_no_more_than_a_short_one(rule: str) -> None:
    brain = toy.ladder(lambda name: toy.RULES[rule](), cells=[toy.fit(rule)] * 3)
    early, late = after_windows(brain, [6, 20])  # 18 steps, more than any rule keeps
    assert late == early


LITERAL = "e_prop_literal"  # a definition, slow on purpose, with the memory of e-prop
PAST = [n for n, rule in toy.RULES.items() if rule().criteria.facing == "past" and n != LITERAL]


@pytest.mark.slow
@pytest.mark.parametrize("rule", PAST)
def test_six_hundred_steps_hold_no_more_than_forty(rule: str) -> None:
    brain = toy.lone(toy.fit(rule)(), rule=toy.RULES[rule]())
    early, late = after_windows(brain, [2, 30], steps=20)
    assert late <= 1.1 * early


def test_what_is_kept_would_be_seen() -> None:
    brain = toy.ladder(lambda name: EProp())
    early, late = after_windows(brain, [3, 40], keep=[])
    assert late > 2 * early


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rule", toy.RULES)
def test_what_is_carried_is_detached_and_its_own(rule: str) -> None:
    """No graph, and no view of a window's buffers, hangs on the state between windows."""
    brain = toy.ladder(lambda name: toy.RULES[rule](), cells=[toy.fit(rule)] * 3)
    inputs, reset = toy.stream(brain, steps=50)
    _, state = brain(inputs, reset)
    carried = [t for t in tree_leaves(state) if isinstance(t, torch.Tensor)]
    assert carried
    for tensor in carried:
        assert not tensor.requires_grad
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
