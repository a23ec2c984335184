"""What lower areas gain when a learning signal crosses pathways: scopes local, adjacent, global.

A hierarchy of leaky areas, driven by 16 coins that are tossed anew at each step. Only the topmost
area is asked for something: y(t) = .5 + .5 x(t - 1) - .25 x'(t - 2) of two of the coins, by a
softmax read-out. The areas below it have 4 units each, so that what they pass on decides what can
be known above; of themselves they are asked for nothing. All areas learn by e-prop, and once by
BPTT end to end. The losses to compare with: .6616 of one that knows nothing, .5192 with the first
coin, .4545 with both.

    python -m benchmarks.scopes --out runs/benchmarks/scopes
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from areas import Leaky, LearntFeedback, RandomFeedback
from benchmarks._lessons import final
from benchmarks._results import Figure, arguments, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Adjacent, Global, Local, Scope

COINS, NARROW, WIDE = 16, 4, 32
STREAMS, WINDOW, RATE = 16, 10, 0.5
HIERARCHIES: dict[str, dict[str, int]] = {
    "two areas": {"V1": NARROW, "PM": WIDE},
    "three areas": {"V1": NARROW, "LM": NARROW, "PM": WIDE},
}


class Contender(NamedTuple):
    """A scope and a rule."""

    scope: Callable[[], Scope]
    rule: Callable[[], Rule] = EProp


CONTENDERS = {
    "local": Contender(Local),
    "adjacent, transposed": Contender(Adjacent),
    "adjacent, fixed random": Contender(lambda: Adjacent(RandomFeedback())),
    "adjacent, learnt": Contender(lambda: Adjacent(LearntFeedback())),
    "adjacent, two hops, transposed": Contender(lambda: Adjacent(hops=2)),
    "adjacent, two hops, learnt": Contender(lambda: Adjacent(LearntFeedback(), hops=2)),
    "global": Contender(Global),
    "global, BPTT": Contender(Global, BPTT),
}
COMPARED = [("two areas", name) for name in CONTENDERS if "two hops" not in name]
COMPARED += [
    ("three areas", n) for n in CONTENDERS if "random" not in n and n != "adjacent, learnt"
]


def hierarchy(units: dict[str, int], contender: Contender) -> Brain:
    """Areas one above the other, each driven by the rates of the one below."""
    plans = {
        name: AreaPlan(Leaky(0.5), [n], contender.rule(), predictor=None, afferents=["drive"])
        for name, n in units.items()
    }
    chain = pairwise(["eye", *units])
    pathways = {f"{low}_{high}": Pathway(low, high, signal="rate") for low, high in chain}
    return Brain(plans, pathways, {"eye": [COINS]}, contender.scope())


def tosses(windows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Coins and targets, [time, batch, ...]."""
    coins = torch.rand(windows * WINDOW, STREAMS, COINS, generator=generator).round()
    target = 0.5 + 0.5 * coins[:, :, 0].roll(1, 0) - 0.25 * coins[:, :, 1].roll(2, 0)
    return coins, torch.stack([target, 1 - target], 2)


def learn(job: tuple[str, str, int, int]) -> float:
    """Loss that a contender reaches: areas, scope, seed, windows."""
    torch.set_num_threads(1)
    areas, name, seed, windows = job
    torch.manual_seed(seed)
    units = HIERARCHIES[areas]
    brain = hierarchy(units, CONTENDERS[name])
    readout = nn.Linear(WIDE, 2)
    optimizer = torch.optim.SGD([*brain.parameters(), *readout.parameters()], lr=RATE)
    parts = (a.split(WINDOW) for a in tosses(windows, torch.Generator().manual_seed(seed)))
    reset, state, losses = torch.zeros(WINDOW, STREAMS, dtype=torch.bool), None, []
    for inputs, target in zip(*parts, strict=True):
        activities, state = brain({"eye": inputs}, reset, state)
        output = readout(activities["PM"].rate).log_softmax(2)
        loss = -(target * output).sum(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return final(losses)


def main() -> None:
    """Train everything; write what came out."""
    chosen = arguments(__doc__ or "")
    seeds, windows = ((0,), 20) if chosen.quick else (range(3), 800)
    jobs = [(*pair, seed, windows) for pair in COMPARED for seed in seeds]
    with ProcessPoolExecutor() as pool:
        reached = list(tqdm(pool.map(learn, jobs), desc="scopes", total=len(jobs)))
    found = {
        pair: reached[k * len(seeds) : (k + 1) * len(seeds)] for k, pair in enumerate(COMPARED)
    }
    settings = {"windows": windows, "rate": RATE}
    figures = [
        Figure(f"{areas}: {name}", losses, "", "local", found[areas, "local"], settings)
        for (areas, name), losses in found.items()
    ]
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
