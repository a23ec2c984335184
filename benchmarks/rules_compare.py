"""All learning rules on the tasks of Marschall, Cho & Savin (2020): losses and alignment.

Loss: each rule of configs/learning that takes leaky units trains a network of 32 of them, with
orthogonal recurrent weights, by plain descent along 16 streams at once, in windows of 10 steps. The
sum of learning rate times steps is that of 400,000 steps at 1e-3 with one stream.

Alignment: RTRL trains; on its way every rule is given the same record, one stream in windows of
one step, and the cosine of its gradient of the network's synapses with that of every other is
averaged.

Known of Add with alpha = 1: RTRL reaches .458, RFLO about .50; the alignment with RTRL is about .65
of RFLO, .62 of KeRNL, .38 of KF-RTRL, .05 of UORO.

    python -m benchmarks.rules_compare --out runs/benchmarks/rules_compare
"""

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from areas import Leaky
from benchmarks._results import Figure, arguments, write
from benchmarks._rule_figures import draw_alignment, draw_losses
from benchmarks._rules import fitting, rule
from benchmarks._tasks import TASKS, Task
from benchmarks.cells import alone
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, NoLearning, Rule
from brainmodel.learning.rule import Signal
from brainmodel.sweep import Sweep

UNITS, STREAMS, WINDOW = 32, 16, 10
RATE = 0.2  # learning rate, of the gradient of the mean loss of a window
SLOWER = {"uoro": 0.1, "rkf_rtrl": 0.1}  # rules with large gradients take a part of it


class Amount(NamedTuple):
    """How long the comparison takes."""

    seeds: int
    windows: int  # of training
    stops: int  # at which gradients are compared on the way
    steps: int  # of one stream, compared at each stop


FULL, QUICK = Amount(3, 2000, 8, 150), Amount(1, 60, 2, 20)


class Network(NamedTuple):
    """A network of leaky units and its read-out."""

    brain: Brain
    readout: nn.Linear


def network(task: Task, made: Rule, seed: int) -> Network:
    """A network with the initial weights of Marschall et al. (2020)."""
    torch.manual_seed(seed)
    brain = alone(Leaky(task.alpha), made, task.inputs, UNITS)
    area = brain.area("area")
    nn.init.orthogonal_(area.synapses["recurrent"].weight)
    nn.init.normal_(area.synapses["drive"].weight, std=task.inputs**-0.5)
    nn.init.zeros_(area.bias)
    readout = nn.Linear(UNITS, task.outputs)
    nn.init.normal_(readout.weight, std=UNITS**-0.5)
    nn.init.zeros_(readout.bias)
    return Network(brain, readout)


def train(
    task: Task,
    net: Network,
    amount: Amount,
    seed: int,
    rate: float,
    stop: Callable[[int], None] = lambda window: None,
) -> list[float]:
    """Train; the loss of every window. `stop` is called between windows."""
    parameters = (*net.brain.parameters(), *net.readout.parameters())
    optimizer = torch.optim.SGD([p for p in parameters if p.requires_grad], lr=rate)
    windows = task.windows(WINDOW, STREAMS, torch.Generator().manual_seed(seed))
    reset, state, losses = torch.zeros(WINDOW, STREAMS, dtype=torch.bool), None, []
    for k in range(amount.windows):
        stop(k)
        inputs, targets = next(windows)
        activities, state = net.brain({"input": inputs}, reset, state)
        loss = task.loss(net.readout(activities["area"].rate), targets).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def final(losses: Sequence[float]) -> float:
    """Loss of the last tenth of the windows."""
    return float(np.mean(losses[-max(1, len(losses) // 10) :]))


def learn(job: tuple[int, str, int, Amount]) -> list[float]:
    """Losses of one rule on one task with one seed."""
    torch.set_num_threads(1)
    place, name, seed, amount = job
    net = network(TASKS[place], rule(name), seed)
    return train(TASKS[place], net, amount, seed, RATE * SLOWER.get(name, 1.0))


def align(job: tuple[int, tuple[str, ...], int, Amount]) -> np.ndarray:
    """Mean cosine of each rule's gradient with each other's, [rule, rule], on RTRL's way."""
    torch.set_num_threads(1)
    place, names, seed, amount = job
    task = TASKS[place]
    net, found = network(task, RTRL(), seed), []
    every = max(1, amount.windows // amount.stops)

    def stop(window: int) -> None:
        if window % every == 0:
            found.append(compare(task, net, names, seed + window, amount.steps))

    train(task, net, amount, seed, RATE, stop)
    return np.nanmean(np.concatenate(found), axis=0)


def compare(task: Task, net: Network, names: tuple[str, ...], seed: int, steps: int) -> np.ndarray:
    """Cosines [step, rule, rule] of gradients on one stream, in windows of one step."""
    brain, area = copy.deepcopy(net.brain), net.brain.area("area")
    rules = [built(name, net.brain) for name in names]
    windows = task.windows(1, 1, torch.Generator().manual_seed(seed))
    state, reset = brain.initial_state(1), torch.zeros(1, 1, dtype=torch.bool)
    memories: list[Any] = [None] * len(rules)
    found = []
    for k in range(steps):
        inputs, targets = next(windows)
        with torch.no_grad():
            sweep = Sweep(brain, {"input": inputs}, reset, state)
            sweep.run()
        record = sweep.records()["area"]
        rate = record.fields["rate"][1:].clone().requires_grad_()
        loss = task.loss(net.readout(rate), targets).sum()
        said = torch.autograd.grad(loss, rate)[0]
        signal = Signal(said, torch.zeros_like(record.prediction))
        with torch.no_grad():
            pairs = list(zip(rules, memories, strict=True))
            made = [r.gradients(area, record, signal, m) for r, m in pairs]
            memories = [r.remember(area, record, m) for r, m in pairs]
        state = state._replace(areas={"area": sweep.courses["area"].state()})
        if k >= steps // 3:
            found.append(cosines(made))
    return np.stack(found)


def built(name: str, brain: Brain) -> Rule:
    """A rule of its own for a brain's area."""
    made = rule(name)
    made.build(brain.area("area"))
    return made


def cosines(gradients: list[dict[str, Tensor]]) -> np.ndarray:
    """Cosine of each pair of gradients of synapses and bias, [rule, rule]."""
    keys = [key for key in gradients[0] if not key.startswith(("rule.", "predictor."))]
    flat = torch.stack([torch.cat([g[key].flatten() for key in keys]) for g in gradients])
    unit = flat / flat.norm(dim=1, keepdim=True)
    return (unit @ unit.t()).numpy()


def main() -> None:
    """Train, compare, write and draw."""
    chosen = arguments(__doc__ or "")
    amount = QUICK if chosen.quick else FULL
    names = fitting(Leaky)
    compared = tuple(n for n in names if not isinstance(rule(n), BPTT | NoLearning))
    places, seeds = range(len(TASKS)), range(amount.seeds)
    lessons = [(place, name, seed, amount) for place in places for name in names for seed in seeds]
    ways = [(place, compared, seed, amount) for place in places for seed in seeds]
    with ProcessPoolExecutor() as pool:
        aligned = list(tqdm(pool.map(align, ways), desc="alignment", total=len(ways)))
        losses = list(tqdm(pool.map(learn, lessons), desc="loss", total=len(lessons)))
    curves = {
        (place, name): np.array(
            [kept for job, kept in zip(lessons, losses, strict=True) if job[:2] == (place, name)]
        )
        for place in places
        for name in names
    }
    cosine = {
        place: np.stack([c for way, c in zip(ways, aligned, strict=True) if way[0] == place])
        for place in places
    }
    write(chosen.out, [*losses_of(names, curves), *alignment_of(list(compared), cosine)])
    draw_losses(chosen.out / "loss.png", TASKS, names, curves)
    draw_alignment(chosen.out / "alignment.png", TASKS, list(compared), cosine)


def losses_of(names: list[str], curves: dict[tuple[int, str], np.ndarray]) -> list[Figure]:
    """Final losses next to those of RTRL with the same seeds."""
    figures = []
    for place, task in enumerate(TASKS):
        exact = [final(curve.tolist()) for curve in curves[place, "rtrl"]]
        for name in names:
            reached = [final(curve.tolist()) for curve in curves[place, name]]
            settings = {
                "rate": RATE * SLOWER.get(name, 1.0),
                "windows": curves[place, name].shape[1],
            }
            what = f"{task.name}: loss, {name}"
            figures.append(Figure(what, reached, "", "rtrl", exact, settings))
    return figures


def alignment_of(names: list[str], cosine: dict[int, np.ndarray]) -> list[Figure]:
    """Cosine of each rule's gradient with RTRL's, by seed."""
    exact = names.index("rtrl")
    return [
        Figure(f"{TASKS[place].name}: cosine with rtrl, {name}", values[:, k, exact].tolist(), "")
        for place, values in cosine.items()
        for k, name in enumerate(names)
    ]


if __name__ == "__main__":
    main()
