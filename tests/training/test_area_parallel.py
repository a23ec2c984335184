"""Two processes with some areas each do what one with the whole brain does, to the last bit; four,
of which each two have the same areas and half of the streams, to rounding."""

import io
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
STEPS, BATCH, WINDOWS = 5, 4, 4
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


def begin(rank: int, count: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    meet = f"file://{folder}/meet{count}"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=count)


def part_of(rule: str, replicas: int) -> BrainPart:
    torch.manual_seed(0)
    return BrainPart(plans(rule), PATHWAYS, INPUTS, PLACEMENT, SGD, replicas=replicas)


def two(rank: int, folder: str) -> None:
    """A process with half of the areas; halfway another part goes on from its checkpoint."""
    begin(rank, 2, folder)
    found = {}
    for rule in RULES:
        part = part_of(rule, 1)
        for k, (inputs, reset) in enumerate(windows()):
            if k == WINDOWS // 2:
                torch.save(part.checkpoint(), file := io.BytesIO())
                part = part_of(rule, 1)
                part.go_on(torch.load(io.BytesIO(file.getvalue()), weights_only=False))
            part.learn(inputs, reset)
        part.end()
        found[rule] = part.brain.state_dict(), part.bytes_sent, part.weights()
    torch.save(found, f"{folder}/{rank}.pt")
    torch.distributed.barrier()


def four(rank: int, folder: str) -> None:
    """A process with half of the areas and half of the streams."""
    begin(rank, 4, folder)
    found = {}
    for rule in RULES:
        part = part_of(rule, 2)
        own = slice(part.mesh.replica, None, 2)
        for inputs, reset in windows():
            part.learn({"retina": inputs["retina"][:, own]}, reset[:, own])
        part.end()
        found[rule] = part.weights()
    torch.save(found, f"{folder}/mesh{rank}.pt")
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


def all_ways(folder: str) -> None:
    """Two processes, four, and all areas in this one; processes are forked before any autograd."""
    for process, count in ((two, 2), (four, 4)):
        torch.multiprocessing.start_processes(  # type: ignore[attr-defined]
            process, (folder,), count, start_method="fork"
        )
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.save({rule: whole(rule) for rule in RULES}, f"{folder}/whole.pt")


@pytest.mark.slow  # processes
def test_areas_on_several_processes_learn_what_they_learn_on_one(tmp_path: Path) -> None:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    text = (
        f"{head}from tests.training.test_area_parallel import all_ways\nall_ways({str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", text], check=True, timeout=120)
    names = (0, 1, "whole", "mesh0", "mesh1", "mesh2", "mesh3")
    *found, alone, m0, m1, m2, m3 = (torch.load(tmp_path / f"{n}.pt") for n in names)
    differ = []
    for rule in RULES:
        begun, learnt = alone[rule]
        parts = [own[rule] for own in found]
        merged = parts[0][0] | parts[1][0]
        assert merged.keys() == learnt.keys()
        every = [merged, *(own[2] for own in parts)]
        differ += [(rule, n) for n, v in learnt.items() for m in every if not torch.equal(m[n], v)]
        for area in ("V1", "PM"):  # the control: training moves the weights on both sides
            own = [n for n in learnt if n.startswith(f"areas.{area}.")]
            assert any(not torch.equal(begun[n], learnt[n]) for n in own), (rule, area)
        sizes = 5 + SIZES["LM"]  # V1's error, for two pathways; LM's rate
        assert [own[1] for own in parts] == [STEPS * BATCH * sizes * 8, 0]
        for mesh in (m0, m1, m2, m3):  # means over half the streams each, added in another order
            torch.testing.assert_close(mesh[rule], learnt, rtol=1e-9, atol=1e-9)
    assert not differ


def test_what_would_need_more_than_signals_is_refused() -> None:
    own = dict.fromkeys(SIZES, 0)
    four = {n: AreaPlan(SubLSTM(), [2], toy.RULES["bptt"]()) for n in SIZES}
    with pytest.raises(ValueError, match="scope: Global sends learning signals"):
        BrainPart(four, PATHWAYS, INPUTS, own, SGD, Global())
    noisy = four | {"PM": AreaPlan(SubLSTM(), [2], toy.RULES["uoro"]())}
    with pytest.raises(ValueError, match=r"areas\.PM\.rule: UORO draws random numbers"):
        BrainPart(noisy, PATHWAYS, INPUTS, own, SGD)
    with pytest.raises(ValueError, match="replicas: 1 of each of 2 parts need 2 processes, .* 1$"):
        BrainPart(four, PATHWAYS, INPUTS, PLACEMENT, SGD)
    with pytest.raises(ValueError, match=r"placement: need parts 0, 1, \.\.\. .* got \[0, 2\]"):
        BrainPart(four, PATHWAYS, INPUTS, own | {"PM": 2}, SGD)
    with pytest.raises(ValueError, match=r"placement\.PM: need the part of each area"):
        BrainPart(four, PATHWAYS, INPUTS, {"V1": 0, "LM": 0, "AM": 0}, SGD)
    with pytest.raises(ValueError, match=r"pathways\.LM_V1: leads back, from part 1 to 0"):
        require_forward(PATHWAYS, {"V1": 0, "LM": 1, "PM": 1, "AM": 1})
