"""Each rule under each scope learns in two processes, half the streams each, what it learns in one.

Random numbers are drawn by the number of a stream (`stream_noise`), so the law holds to rounding
for rules and units with noise, too: each stream draws what it draws when one process has them all.
"""

import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils._pytree import tree_leaves, tree_map

from areas import LearntFeedback
from brainmodel.brain import Brain
from brainmodel.learning.modulation import Surprise
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.wiring.plan import UnitNoise
from brainmodel.wiring.state import BrainState
from tests import lessons, toy

ROOT = Path(__file__).parents[2]
SCOPES: dict[str, Callable[[], Scope]] = {
    "local": Local,
    "global": Global,
    "adjacent": lambda: Adjacent(LearntFeedback(decay=0.1)),
}
WINDOWS, STEPS, STREAMS = 2, 3, 4
APART = "bptt", "local, not averaged"
Case = tuple[str, str]
Found = dict[str, Any]


def brains() -> dict[Case, Brain]:
    """Of each rule under each scope: three areas with pathways up, down and across, a modulator and
    noisy units in each."""
    made = {}
    for rule in toy.RULES:
        cell, kind = toy.fit(rule)(), toy.RULES[rule]()
        for scope, its in SCOPES.items():
            torch.manual_seed(0)
            more = {"modulator": Surprise(), "noise": UnitNoise(0.1)}
            cells = [partial(deepcopy, cell)] * 3
            made[rule, scope] = toy.ladder(lambda _, k=kind: deepcopy(k), its(), cells, **more)
    return made


def learnt(brain: Brain, model: Any, streams: slice) -> Found:
    """Gradients of each window, the weights after the last, and what streams carry on."""
    eye, reset = toy.stream(brain, WINDOWS * STEPS, STREAMS)
    optimizer = torch.optim.SGD(brain.parameters(), lr=0.01, momentum=0.5)
    state: BrainState | None = None
    gradients = []
    for first in range(0, WINDOWS * STEPS, STEPS):
        now = slice(first, first + STEPS), streams
        activities, state = model({"eye": eye["eye"][now]}, reset[now], state)
        optimizer.zero_grad()
        lessons.mean(brain, activities).backward()
        named = brain.named_parameters()
        gradients.append({n: p.grad.clone() for n, p in named if p.grad is not None})
        optimizer.step()
        brain.after_step()
    assert state is not None
    return {
        "gradients": gradients,
        "weights": brain.state_dict(),
        "state": carried(state, len(range(STREAMS)[streams])),
    }


def carried(state: BrainState, streams: int) -> list[Tensor]:
    """What streams carry on. Learning signals that wait are derivatives of a mean over the streams
    of a process; here of one over all streams."""
    if state.waiting is not None:
        signals = tree_map(lambda bar: bar * streams / STREAMS, state.waiting.signals)
        state = state._replace(waiting=state.waiting._replace(signals=signals))
    return [leaf for leaf in tree_leaves(state) if isinstance(leaf, Tensor)]


def process(rank: int, folder: str, made: dict[Case, Brain]) -> None:
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2)
    own, apart = slice(2 * rank, 2 * rank + 2), deepcopy(made["bptt", "local"])
    found = {c: learnt(brain, DistributedDataParallel(brain), own) for c, brain in made.items()}
    torch.save(found | {APART: learnt(apart, apart, own)}, f"{folder}/{rank}.pt")
    torch.distributed.barrier()


def both(folder: str) -> None:
    """Two processes with half the streams each, forked before any autograd; this one with all."""
    made = brains()
    started = torch.multiprocessing.start_processes(  # type: ignore[attr-defined]
        process, (folder, made), 2, join=False, start_method="fork"
    )
    torch.set_num_threads(1)
    found = {}
    for case, brain in made.items():
        begun = {name: value.clone() for name, value in brain.state_dict().items()}
        found[case] = learnt(brain, brain, slice(None)) | {"begun": begun}
    torch.save(found, f"{folder}/one.pt")
    while started is not None and not started.join():
        pass


def same(found: Tensor, expected: Tensor) -> bool:
    return torch.allclose(found, expected, rtol=1e-9, atol=1e-9)


def joined(ranks: list[Tensor], one: Tensor) -> Tensor:
    """What two processes have, side by side where one has the streams of both."""
    halves = [d for d, n in enumerate(one.shape) if ranks[0].shape[d] != n]
    return torch.cat(ranks, dim=halves[0]) if halves else ranks[0]


def unlike(ranks: list[Found], one: Found) -> list[str]:
    """What of two processes together differs from what one has."""
    names = []
    for k, gradients in enumerate(one["gradients"]):
        mine = [own["gradients"][k] for own in ranks]
        assert all(g.keys() == gradients.keys() for g in mine)
        names += [f"{n} {k}" for n, g in gradients.items() for m in mine if not same(m[n], g)]
    for name, weights in one["weights"].items():
        names += [name for own in ranks if not same(own["weights"][name], weights)]
    states = zip(*(own["state"] for own in (*ranks, one)), strict=True)
    names += [f"state {k}" for k, (*m, s) in enumerate(states) if not same(joined(m, s), s)]
    return names


@pytest.mark.slow  # two processes and this one, each through all rules and scopes
def test_each_rule_under_each_scope_learns_in_two_processes_what_it_learns_in_one(
    tmp_path: Path,
) -> None:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    text = f"{head}from tests.training.test_data_parallel import both\nboth({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", text], check=True, timeout=300)
    *ranks, one = (torch.load(tmp_path / f"{name}.pt") for name in (0, 1, "one"))
    assert len(one) == len(toy.RULES) * len(SCOPES)
    for case in one:
        assert not unlike([own[case] for own in ranks], one[case]), case
        for area in ("V1", "LM", "PM"):  # the controls: all areas learn, no stream twice
            moved = one[case]["weights"].items()
            own = [n for n, w in moved if area in n and not same(w, one[case]["begun"][n])]
            assert own or case[0] == "none", (case, area)
        states = zip(*(own[case]["state"] for own in ranks), strict=True)
        assert not all(torch.equal(a, b) for a, b in states)
    apart = [own[APART] for own in ranks]  # the control: gradients have to be averaged
    assert any("weight" in name for name in unlike(apart, one["bptt", "local"]))
