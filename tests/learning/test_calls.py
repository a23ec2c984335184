"""Elsewhere than on the processor, many streams take as many tensor calls as few."""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from areas import GRU
from brainmodel.brain import Brain
from brainmodel.learning import MDGL, EProp, Rule, SnAp
from tests import lessons, toy
from tests.learning.test_carried_influences import another_device

RULES: dict[str, type[Rule]] = {"e-prop": EProp, "SnAp": SnAp, "MDGL": MDGL}


class Counting(TorchDispatchMode):
    """Counts the tensor calls that are made."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count, and call."""
        self.calls += 1
        return func(*args, **(kwargs or {}))


def learning(brain: Brain, batch: int) -> tuple[lessons.Gradients, int]:
    """Gradients of a stream in windows, and the calls they took."""
    inputs, reset = toy.stream(brain, steps=6, batch=batch, resets=False)
    with Counting() as counting:
        found = lessons.learn(brain, inputs, reset, [3])
    return found, counting.calls


@pytest.mark.parametrize("name", RULES)
def test_calls_do_not_grow_with_the_batch_and_give_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    brain = toy.lone(GRU(), rule=RULES[name](), afferents=["drive"])
    monkeypatch.setattr("areas.loops.steps.CHUNK", 1)
    monkeypatch.setattr("brainmodel.learning.credit.carried_influences.CHUNK", 1)
    monkeypatch.setattr("brainmodel.learning.credit.carried_influences.passes", lambda kept: None)
    expected, few = learning(brain, 2)
    _, many = learning(brain, 8)
    assert many > few, "on the processor they do"
    another_device(monkeypatch)
    found, few = learning(brain, 2)
    _, many = learning(brain, 8)
    assert many == few
    for key, gradient in expected.items():
        torch.testing.assert_close(found[key], gradient, rtol=1e-12, atol=1e-12)
