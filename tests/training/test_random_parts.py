"""Brains wired by chance and placed by chance on three processes learn what they learn on one.

To the last bit, whatever the delays: so nobody waits for what waits for him, and nobody computes
in another way than one process does.
"""

import os
import random
import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor

from areas import SubLSTM
from areas.message import Onto
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT
from brainmodel.pathways.pathway import Kind, Pathway
from brainmodel.training.parts.area_parallel import BrainPart
from objectives import SquaredError
from tests.training.test_area_parallel import INPUTS, ROOT, SGD, begin, learn_alone

KINDS: tuple[Kind, ...] = ("feedback", "lateral", "feedforward")
ENDS: tuple[list[Onto] | None, ...] = (None, ["units"])
AREAS, PARTS, SEEDS, WINDOWS = "ABCDEF", 3, range(6), 3


def plans() -> dict[str, AreaPlan]:
    return {
        name: AreaPlan(SubLSTM(), [3 + k], BPTT(), {"next": SquaredError()})
        for k, name in enumerate(AREAS)
    }


@cache
def drawn(seed: int) -> tuple[dict[str, Pathway], dict[str, int]]:
    """Pathways and a placement; those that cannot be are drawn again."""
    chance = random.Random(seed)
    while True:
        ways = {}
        for name in AREAS:
            source = chance.choice(["retina", *AREAS.replace(name, "")])
            delay = chance.choice([0, 0, 0, 1, 2, 5])
            ways[f"{source}_{name}"] = Pathway(source, name, delay=delay)
        for k in range(chance.randint(3, 9)):
            source, target = chance.sample(AREAS, 2)
            kind = chance.choice(KINDS)
            onto = None if kind == "feedforward" else chance.choice(ENDS)
            signal = chance.choice(["rate", "error", "prediction", None])
            delay = chance.choice([None, 0, 1, 2, 3, 7, 12])
            ways[f"more_{k}"] = Pathway(source, target, kind, signal, delay, onto=onto)
        placement = {name: chance.randrange(PARTS) for name in AREAS}
        try:
            Brain(plans(), deepcopy(ways), INPUTS)
        except ValueError:  # a cycle without delay
            continue
        if len(set(placement.values())) == PARTS:
            return ways, placement


def windows(seed: int) -> list[tuple[dict[str, Tensor], Tensor]]:
    """Of another number of steps for each seed, with streams that begin anew."""
    chance, steps = torch.Generator().manual_seed(seed), random.Random(seed).randint(1, 9)
    seen = torch.randn(WINDOWS, steps, 2, *INPUTS["retina"], generator=chance)
    reset = torch.rand(WINDOWS, steps, 2, generator=chance) < 0.1
    return [({"retina": x}, r) for x, r in zip(seen, reset, strict=True)]


def in_parts(rank: int, folder: str) -> None:
    """A process with some areas of each brain."""
    begin(rank, PARTS, folder)
    learnt, together = [], set[int | None]()
    for seed in SEEDS:
        ways, placement = drawn(seed)
        torch.manual_seed(0)
        part = BrainPart(plans(), ways, INPUTS, placement, SGD)
        for inputs, reset in windows(seed):
            part.learn(inputs, reset)
        part.end()
        learnt.append(part.weights())
        together |= {line.together for line in part.lines}
    torch.save((learnt, together), f"{folder}/{rank}.pt")
    torch.distributed.barrier()


def in_one(seed: int) -> dict[str, Tensor]:
    """Weights that one process learns."""
    ways, _ = drawn(seed)
    torch.manual_seed(0)
    brain = Brain(plans(), deepcopy(ways), INPUTS)
    learn_alone(brain, windows(seed))
    return brain.state_dict()


def all_ways(folder: str) -> None:
    """Three processes, then this one alone."""
    torch.multiprocessing.start_processes(  # type: ignore[attr-defined]
        in_parts, (folder,), PARTS, start_method="fork"
    )
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.save([in_one(seed) for seed in SEEDS], f"{folder}/one.pt")


@pytest.mark.slow  # processes
def test_brains_by_chance_in_parts_by_chance_learn_the_same(tmp_path: Path) -> None:
    text = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    text += f"from tests.training.test_random_parts import all_ways\nall_ways({str(tmp_path)!r})"
    tensors = os.environ | {"BRAINMODEL_NATIVE": "0"}  # loops take long to be made
    subprocess.run([sys.executable, "-c", text], check=True, timeout=300, env=tensors)
    alone = torch.load(tmp_path / "one.pt")
    for rank in range(PARTS):
        learnt, together = torch.load(tmp_path / f"{rank}.pt")
        assert together > {None, 1}  # the control: windows at once, single steps, and several
        for seed, own, one in zip(SEEDS, learnt, alone, strict=True):
            assert own.keys() == one.keys()
            assert not [(seed, n) for n, v in one.items() if not torch.equal(own[n], v)]
