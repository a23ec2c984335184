"""Two processes with some areas each do what one with the whole brain does, to the last bit; four,
of which each two have the same areas and half of the streams, to rounding."""

import io
import subprocess
import sys
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
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
from brainmodel.pathways import Mix
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global
from brainmodel.training.parts.area_parallel import BrainPart
from brainmodel.training.parts.lines import lines_between
from brainmodel.training.parts.placement import require_told
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
RULES = ("bptt", "e_prop", "rflo", "rtrl")
BACK = Pathway("PM", "V1", "feedback", "rate")
CASES: dict[str, dict[str, Pathway]] = {
    "one way": PATHWAYS,
    "step by step": PATHWAYS | {"PM_V1": BACK},
    "steps together": {  # seven steps around: two in a message, the fifth alone
        "retina_V1": Pathway("retina", "V1"),
        "retina_LM": Pathway("retina", "LM"),
        "V1_PM": Pathway("V1", "PM", delay=3),
        "PM_V1": replace(BACK, delay=4),
        "V1_AM": Pathway("V1", "AM"),  # in no cycle, of a signal that is told step by step
        "PM_LM": Pathway("PM", "LM", "feedback", "rate", delay=6),
    },
    "longer than a window": PATHWAYS | {"PM_V1": replace(BACK, delay=2 * 5 + 1)},
    "up and down within a step": {
        "retina_V1": Pathway("retina", "V1"),
        "V1_PM": Pathway("V1", "PM", adapters=[Mix(5, 3).double()]),
        "PM_LM": Pathway("PM", "LM"),
        "LM_AM": Pathway("LM", "AM"),
        "PM_V1": replace(BACK, delay=0, onto=["units"]),
        "AM_V1": Pathway("AM", "V1", "feedback", "rate", adapters=[Mix(2, 3).double()]),
        "AM_LM": Pathway("AM", "LM", "lateral", "prediction", delay=2),
    },
    "there and back, in no cycle": {
        "retina_V1": Pathway("retina", "V1"),
        "V1_PM": Pathway("V1", "PM"),
        "PM_LM": Pathway("PM", "LM", delay=1),
        "LM_AM": Pathway("LM", "AM"),
    },
}
RESUMED = ("one way", "steps together")
TRIED = [(case, "bptt") for case in CASES]
TRIED += [(case, rule) for case in RESUMED for rule in RULES[1:]]
TOLD = {  # values that each process tells at a step, each signal once, and messages of a window
    "one way": (5 + 3, 0, 2, 0),  # V1's error, for two pathways; LM's rate
    "step by step": (5 + 3, 6, 2 * 5, 5),  # and PM's rate
    "steps together": (5, 6, 3, 3 + 0),
    "longer than a window": (5 + 3, 6, 2 * 2, 2),
    "up and down within a step": (5 + 3, 6 + 2 + 3 + 3, 2 * 5, 4 * 5),
    "there and back, in no cycle": (5 + 5, 5, 2, 1),
}
SGD = partial(torch.optim.SGD, lr=0.1)
STEPS, BATCH, WINDOWS = 5, 4, 4


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


def part_of(case: str, rule: str, replicas: int) -> BrainPart:
    torch.manual_seed(0)
    return BrainPart(plans(rule), CASES[case], INPUTS, PLACEMENT, SGD, replicas=replicas)


def gradients(brain: Brain) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in brain.named_parameters() if p.grad is not None}


def two(rank: int, folder: str) -> None:
    """A process with half of the areas; halfway another part may go on from its checkpoint."""
    begin(rank, 2, folder)
    found = {}
    for case, rule in TRIED:
        part = part_of(case, rule, 1)
        for k, (inputs, reset) in enumerate(windows()):
            if k == WINDOWS // 2 and case in RESUMED:
                torch.save(part.checkpoint(), file := io.BytesIO())
                part = part_of(case, rule, 1)
                part.go_on(torch.load(io.BytesIO(file.getvalue()), weights_only=False))
            part.learn(inputs, reset)
        part.end()
        sent = part.bytes_sent, sum(part.exchange.messages_sent.values())
        own = part.brain.state_dict(), gradients(part.brain)
        found[case, rule] = *own, sent, part.weights(), part.on_the_wire()
    torch.save(found, f"{folder}/{rank}.pt")
    torch.distributed.barrier()


def four(rank: int, folder: str) -> None:
    """A process with half of the areas and half of the streams."""
    begin(rank, 4, folder)
    found = {}
    for case, rule in TRIED[:2]:
        part = part_of(case, rule, 2)
        own = slice(part.mesh.replica, None, 2)
        for inputs, reset in windows():
            part.learn({"retina": inputs["retina"][:, own]}, reset[:, own])
        part.end()
        found[case, rule] = part.weights()
    torch.save(found, f"{folder}/mesh{rank}.pt")
    torch.distributed.barrier()


def learn_alone(brain: Brain, seen: Iterable[tuple[dict[str, Tensor], Tensor]]) -> None:
    """Take a whole brain through inputs and resets of windows, in one process."""
    optimizer, state = SGD(brain.parameters()), None
    for inputs, reset in seen:
        activities, state = brain(inputs, reset, state)
        optimizer.zero_grad()
        each = [v for own in brain.losses(activities).values() for v in own.values()]
        torch.stack(each).sum().backward()
        optimizer.step()
        brain.after_step()


def whole(case: str, rule: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    """Weights of one process before and after; gradients of the last window."""
    torch.manual_seed(0)
    brain = Brain(plans(rule), deepcopy(CASES[case]), INPUTS)
    begun = {name: value.clone() for name, value in brain.state_dict().items()}
    learn_alone(brain, windows())
    return begun, brain.state_dict(), gradients(brain)


def all_ways(folder: str) -> None:
    """Two processes, four, and all areas in this one; processes are forked before any autograd."""
    for process, count in ((two, 2), (four, 4)):
        torch.multiprocessing.start_processes(  # type: ignore[attr-defined]
            process, (folder,), count, start_method="fork"
        )
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.save({k: whole(*k) for k in TRIED}, f"{folder}/whole.pt")


@pytest.mark.slow  # processes
def test_areas_on_several_processes_learn_what_they_learn_on_one(tmp_path: Path) -> None:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    text = (
        f"{head}from tests.training.test_area_parallel import all_ways\nall_ways({str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", text], check=True, timeout=600)
    names = (0, 1, "whole", "mesh0", "mesh1", "mesh2", "mesh3")
    *found, alone, m0, m1, m2, m3 = (torch.load(tmp_path / f"{n}.pt") for n in names)
    differ = []
    for case, rule in TRIED:
        begun, learnt, last = alone[case, rule]
        parts = [own[case, rule] for own in found]
        merged = parts[0][0] | parts[1][0]
        assert merged.keys() == learnt.keys()
        pairs = [(m, learnt) for m in (merged, *(own[3] for own in parts))]
        pairs.append((parts[0][1] | parts[1][1], last))
        assert pairs[-1][0].keys() == last.keys()
        differ += [
            (case, rule, n) for m, one in pairs for n, v in one.items() if not torch.equal(m[n], v)
        ]
        for area in ("V1", "PM"):  # the control: training moves the weights on both sides
            own = [n for n in learnt if n.startswith(f"areas.{area}.")]
            assert any(not torch.equal(begun[n], learnt[n]) for n in own), (case, rule, area)
        assert (case, [own[2] for own in parts]) == (case, told(case))
        assert case != "step by step" or [own[4] for own in parts] == [
            {"LM_rate, to part 1": BATCH * 3 * 8, "V1_error, to part 1": BATCH * 5 * 8},
            {"PM_rate, to part 0": BATCH * 6 * 8},
        ]
        for mesh in (m0, m1, m2, m3) if (case, rule) in TRIED[:2] else ():
            # means over half the streams each, added in another order
            torch.testing.assert_close(mesh[case, rule], learnt, rtol=1e-9, atol=1e-9)
    assert not differ


def told(case: str) -> list[tuple[int, int]]:
    """Bytes and messages that each process is to send in a window."""
    sizes, messages = TOLD[case][:2], TOLD[case][2:]
    return [(STEPS * BATCH * n * 8, k) for n, k in zip(sizes, messages, strict=True)]


@pytest.mark.parametrize(
    ("forth", "back", "together"),
    [(0, 1, 1), (0, 5, 1), (0, 6, 2), (3, 4, 2), (1, 10, 3), (30, 0, 10)],
)
def test_a_message_has_the_steps_around_over_the_parts_and_one(
    forth: int, back: int, together: int
) -> None:
    """So each part computes as many steps, and as many are on their way."""
    ways = {
        "retina_V1": Pathway("retina", "V1"),
        "V1_PM": Pathway("V1", "PM", delay=forth),
        "PM_V1": replace(BACK, delay=back),
        "V1_AM": Pathway("V1", "AM"),  # in no cycle; it hears what PM hears
        "AM_LM": Pathway("AM", "LM"),
    }
    slower = {"V1_again": Pathway("V1", "PM", "lateral", "rate", delay=40)}
    for more in ({}, slower):
        lines = lines_between(Brain(plans("bptt"), ways | more, INPUTS), PLACEMENT)
        told = {x.name: x.together for x in lines if x.source != "AM"}
        rates = {"V1_rate": together} if more else {}
        assert told == {"V1_error": together, "PM_rate": together} | rates
        assert [x.together for x in lines if x.source == "AM"] == [None]  # a window at once
    three = PLACEMENT | {"AM": 2}
    ways |= {"AM_V1": replace(BACK, source="AM", delay=4 * 7)}  # a longer way around
    lines = lines_between(Brain(plans("bptt"), ways, INPUTS), three)
    assert {x.together for x in lines if x.source in ("V1", "PM")} == {
        max(1, min(forth + back, 4 * 7) // 4)
    }


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
    brain = Brain(four, PATHWAYS | {"PM_V1": replace(BACK, signal="memory")}, INPUTS)
    with pytest.raises(ValueError, match=r"pathways\.PM_V1: carries memory to another part"):
        require_told(brain.pathways, PLACEMENT)
