"""Two processes with some areas each do what one with the whole brain does, to the last bit."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor

from areas import SubLSTM
from brainmodel.brain import AreaPlan, Brain
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global
from brainmodel.training.area_parallel import BrainPart, require_forward
from objectives import SquaredError
from tests import toy

ROOT = Path(__file__).parents[2]
PLACEMENT = {"V1": 0, "LM": 0, "PM": 1, "AM": 1}
INPUTS = {"retina": (5,)}
SIZES = {"V1": 4, "LM": 3, "PM": 6, "AM": 2}
PATHWAYS = {
    "retina_V1": Pathway("retina", "V1"),
    "V1_LM": Pathway("V1", "LM"),
    "LM_V1": Pathway("LM", "V1", "feedback", "rate"),
    "LM_PM": Pathway("LM", "PM", signal="rate", delay=2),
    "V1_AM": Pathway("V1", "AM"),
    "V1_PM": Pathway("V1", "PM", "lateral"),
    "AM_PM": Pathway("AM", "PM", "feedback", "rate"),
}
SGD = partial(torch.optim.SGD, lr=0.1)
STEPS, BATCH, WINDOWS = 5, 3, 4
RULES = ("bptt", "e_prop", "rflo", "rtrl")


def plans(rule: str) -> dict[str, AreaPlan]:
    return {
        name: AreaPlan(toy.fit(rule)(), [units], toy.RULES[rule](), {"next": SquaredError()})
        for name, units in SIZES.items()
    }


def windows() -> list[tuple[dict[str, Tensor], Tensor]]:
    random = torch.Generator().manual_seed(1)
    drawn = torch.randn(WINDOWS, STEPS, BATCH, 5, generator=random)
    reset = torch.rand(WINDOWS, STEPS, BATCH, generator=random) < 0.15
    return [({"retina": x}, r) for x, r in zip(drawn, reset, strict=True)]


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    found = {}
    for rule in RULES:
        torch.manual_seed(0)
        part = BrainPart(plans(rule), PATHWAYS, INPUTS, PLACEMENT, SGD)
        for inputs, reset in windows():
            part.learn(inputs, reset)
        part.end()
        found[rule] = part.brain.state_dict(), part.bytes_sent
    torch.save(found, f"{folder}/{rank}.pt")
    torch.distributed.barrier()


def whole(rule: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights of one process before and after."""
    torch.manual_seed(0)
    brain = Brain(plans(rule), PATHWAYS, INPUTS)
    begun = {name: value.clone() for name, value in brain.state_dict().items()}
    optimizer, state = SGD(brain.parameters()), None
    for inputs, reset in windows():
        activities, state = brain(inputs, reset, state)
        optimizer.zero_grad()
        each = [v for own in brain.losses(activities).values() for v in own.values()]
        torch.stack(each).sum().backward()
        optimizer.step()
        brain.after_step()
    return begun, brain.state_dict()


def both(folder: str) -> None:
    """Two processes with some areas each, and all areas in this one."""
    torch.multiprocessing.spawn(process, (folder,), 2)  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    torch.save({rule: whole(rule) for rule in RULES}, f"{folder}/whole.pt")


@pytest.mark.slow  # two processes
def test_areas_on_two_processes_learn_what_they_learn_on_one(tmp_path: Path) -> None:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    text = f"{head}from tests.training.test_area_parallel import both\nboth({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", text], check=True, timeout=120)
    *found, alone = (torch.load(tmp_path / f"{n}.pt", weights_only=True) for n in (0, 1, "whole"))
    differ = []
    for rule in RULES:
        begun, learnt = alone[rule]
        parts = [own[rule] for own in found]
        merged = parts[0][0] | parts[1][0]
        assert merged.keys() == learnt.keys()
        differ += [(rule, n) for n, value in learnt.items() if not torch.equal(merged[n], value)]
        for area in ("V1", "PM"):  # the control: training moves the weights on both sides
            own = [n for n in learnt if n.startswith(f"areas.{area}.")]
            assert any(not torch.equal(begun[n], learnt[n]) for n in own), (rule, area)
        sizes = 5 + SIZES["LM"]  # V1's error, for two pathways; LM's rate
        assert [own[1] for own in parts] == [STEPS * BATCH * sizes * 4, 0]
    assert not differ


def test_what_would_need_more_than_signals_is_refused() -> None:
    own = dict.fromkeys(SIZES, 0)
    four = {n: AreaPlan(SubLSTM(), [2], toy.RULES["bptt"]()) for n in SIZES}
    with pytest.raises(ValueError, match="scope: Global sends learning signals"):
        BrainPart(four, PATHWAYS, INPUTS, own, SGD, Global())
    noisy = four | {"PM": AreaPlan(SubLSTM(), [2], toy.RULES["uoro"]())}
    with pytest.raises(ValueError, match=r"areas\.PM\.rule: UORO draws random numbers"):
        BrainPart(noisy, PATHWAYS, INPUTS, own, SGD)
    with pytest.raises(ValueError, match="placement: need areas on each of 1 processes"):
        BrainPart(four, PATHWAYS, INPUTS, PLACEMENT, SGD)
    with pytest.raises(ValueError, match=r"placement\.PM: need the rank of each area"):
        BrainPart(four, PATHWAYS, INPUTS, {"V1": 0, "LM": 0, "AM": 0}, SGD)
    with pytest.raises(ValueError, match=r"pathways\.LM_V1: leads back, from rank 1 to 0"):
        require_forward(PATHWAYS, {"V1": 0, "LM": 1, "PM": 1, "AM": 1})
