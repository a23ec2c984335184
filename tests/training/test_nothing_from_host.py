"""Windows need no tensor of the host, which capture on a device could not bring there.

A brain without numbers (on torch's device "meta") stands for one on a device.
"""

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from areas import LSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.wiring.aged import Known
from brainmodel.wiring.plan import UnitNoise
from objectives import Energy, SquaredError
from tests import toy


class Apart(TorchDispatchMode):
    """Refuses operations that bring tensors of the processor to the device."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do one, if it brings nothing."""
        named = kwargs or {}
        given = [leaf for leaf in tree_leaves((args, named)) if isinstance(leaf, Tensor)]
        found = func(*args, **named)
        made = [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]
        there = any(tensor.device.type == "meta" for tensor in (*given, *made))
        if there and any(tensor.device.type == "cpu" and tensor.dim() for tensor in given):
            raise RuntimeError(f"{func} brings a tensor of the host")
        return found


@pytest.fixture(autouse=True)
def by_tensor_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the device of no numbers have automatic mixed precision."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    monkeypatch.setattr(torch, "autocast", lambda *args, **kwargs: nullcontext())


def learn_apart(brain: Brain, begins: bool) -> None:
    """Three windows, of which the last two are to need nothing of the host."""
    brain, state = brain.to("meta"), None
    inputs = {
        name: torch.zeros(4, 2, *shape, dtype=torch.float64, device="meta")
        for name, shape in brain.inputs.items()
    }
    reset = torch.zeros(4, 2, dtype=torch.bool, device="meta")
    brain.known = Known(begins, {}, [])
    for number in range(3):
        with Apart() if number else nullcontext():
            activities, state = brain(inputs, reset, state)
            losses = [loss for own in brain.judge(activities).values() for loss in own.values()]
            total = torch.stack(losses).sum()
            if total.requires_grad:
                total.backward()


def judging() -> dict[str, Any]:
    return {"objectives": {"next": SquaredError(), "energy": Energy()}}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", sorted(toy.RULES))
def test_no_rule_brings_a_tensor_of_the_host(name: str) -> None:
    cell, rule = toy.fit(name)(), toy.RULES[name]()
    learn_apart(toy.lone(cell, rule=rule, **judging()), begins=True)


@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_no_scope_brings_a_tensor_of_the_host(scope: type[Scope], rule: type[Rule]) -> None:
    plans = {
        name: toy.plan(LSTM(), [3], rule(), noise=UnitNoise(0.1), **judging())
        for name in ("A", "B")
    }
    ways = {
        "up": Pathway("eye", "A"),
        "on": Pathway("A", "B"),
        "down": Pathway("B", "A", "feedback", "prediction", delay=2),
    }
    learn_apart(toy.brain(plans, ways, {"eye": [4]}, scope()), begins=rule is BPTT)


def test_what_is_brought_is_noticed() -> None:
    brought, x = torch.ones(3), torch.zeros(3, device="meta")
    with Apart(), pytest.raises(RuntimeError, match="brings a tensor of the host"):
        x.copy_(brought)
