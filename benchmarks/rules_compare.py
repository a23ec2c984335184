"""All learning rules on the tasks of Marschall, Cho & Savin (2020): losses and alignment.

Loss: each rule of configs/learning that takes leaky units trains a network of 32 of them, with
orthogonal recurrent weights, by plain descent along 16 streams at once, in windows of 10 steps. At
the largest rate the sum of learning rate times steps is that of 300,000 steps at 1e-3 with one
stream. What rules learn for themselves (kernels, synthesizers) they learn first, while the weights
stand still, and then along with them. Rules differ in the size and spread of their gradients: each
takes on each task the one of three learning rates that does best in a third of the time, with a
seed of its own.

Alignment: RTRL trains; on its way every rule is given the same record, one stream in windows of
one step, and the cosine of its gradient of the network's synapses with that of every other is
averaged. What rules learn for themselves they have learnt on the network as it is then.

Known of Add with alpha = 1: RTRL reaches .458, RFLO about .50; the alignment with RTRL is about .65
of RFLO, .62 of KeRNL, .38 of KF-RTRL, .05 of UORO.

    python -m benchmarks.rules_compare --out runs/benchmarks/rules_compare
"""

import copy
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from areas import Leaky
from areas.keys import belongs_to_predictor
from benchmarks._lessons import OTHER, Lesson, Network, final, learn, network, settle, train
from benchmarks._results import Figure, arguments, write
from benchmarks._rule_figures import draw_alignment, draw_losses
from benchmarks._rules import fitting, rule
from benchmarks._tasks import TASKS, Task
from brainmodel.learning import BPTT, RTRL, NoLearning, Rule
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.learning.rule import name_in_rule
from brainmodel.roll_out.sweep import Sweep

RATES = (0.2, 0.1, 0.02)  # learning rates, of the gradient of the mean loss of a window


class Amount(NamedTuple):
    """How long the comparison takes."""

    seeds: int
    windows: int  # of training
    trial: int  # windows of training by which a learning rate is chosen
    settle: int  # windows in which rules learn for themselves alone
    stops: int  # at which gradients are compared on the way
    steps: int  # of one stream, compared at each stop


FULL, QUICK = Amount(3, 1500, 500, 300, 4, 150), Amount(1, 60, 10, 10, 2, 20)


def align(job: tuple[int, tuple[str, ...], int, Amount]) -> np.ndarray:
    """Mean cosine of each rule's gradient with each other's, [rule, rule], on RTRL's way."""
    torch.set_num_threads(1)
    place, names, seed, amount = job
    task = TASKS[place]
    net, found = network(task, RTRL(), seed), []
    every = max(1, amount.windows // amount.stops)

    def stop(window: int) -> None:
        if window % every == 0:
            rules = [settled(name, task, net, seed, amount.settle) for name in names]
            found.append(compare(task, net, rules, seed + window, amount.steps))

    train(task, net, amount.windows, seed, RATES[0], stop)
    return np.nanmean(np.concatenate(found), axis=0)


def settled(name: str, task: Task, net: Network, seed: int, windows: int) -> Rule:
    """A rule that has learnt for itself on a network as it is."""
    made = rule(name)
    own = network(task, made, seed)
    own.brain.area("area").load_state_dict(net.brain.area("area").state_dict())
    own.readout.load_state_dict(net.readout.state_dict())
    settle(task, own, windows, OTHER + seed)
    return made


def compare(task: Task, net: Network, rules: list[Rule], seed: int, steps: int) -> np.ndarray:
    """Cosines [step, rule, rule] of gradients on one stream, in windows of one step."""
    brain, area = copy.deepcopy(net.brain), net.brain.area("area")
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
        signal = LearningSignal(said, torch.zeros_like(record.prediction))
        with torch.no_grad():
            pairs = list(zip(rules, memories, strict=True))
            made = [r.gradients(area, record, signal, m) for r, m in pairs]
            memories = [r.remember(area, record, m) for r, m in pairs]
        state = state._replace(areas={"area": sweep.courses["area"].state()})
        if k >= steps // 3:
            found.append(cosines(made))
    return np.stack(found)


def cosines(gradients: list[dict[str, Tensor]]) -> np.ndarray:
    """Cosine of each pair of gradients of synapses and bias, [rule, rule]."""
    keys = [key for key in gradients[0] if name_in_rule(key) is None]
    keys = [key for key in keys if not belongs_to_predictor(key)]
    flat = torch.stack([torch.cat([g[key].flatten() for key in keys]) for g in gradients])
    unit = flat / flat.norm(dim=1, keepdim=True)
    return (unit @ unit.t()).numpy()


def taught(
    pool: ProcessPoolExecutor, names: list[str], amount: Amount
) -> tuple[dict[tuple[int, str], float], dict[tuple[int, str], np.ndarray]]:
    """Learning rates, and losses [seed, window], by place of the task and name of the rule."""
    pairs = list(product(range(len(TASKS)), names))
    trials = [
        Lesson(*pair, OTHER, rate, amount.trial, amount.settle) for pair in pairs for rate in RATES
    ]
    tried = list(tqdm(pool.map(learn, trials), desc="trial", total=len(trials)))
    ends = np.array([final(losses) for losses in tried]).reshape(len(pairs), len(RATES))
    rates = {p: RATES[best] for p, best in zip(pairs, ends.argmin(1), strict=True)}
    lessons = [
        Lesson(*pair, seed, rates[pair], amount.windows, amount.settle)
        for pair in pairs
        for seed in range(amount.seeds)
    ]
    losses = list(tqdm(pool.map(learn, lessons), desc="loss", total=len(lessons)))
    curves = np.array(losses).reshape(len(pairs), amount.seeds, -1)
    return rates, dict(zip(pairs, curves, strict=True))


def main() -> None:
    """Train, compare, write and draw."""
    chosen = arguments(__doc__ or "")
    amount = QUICK if chosen.quick else FULL
    names = fitting(Leaky)
    compared = tuple(n for n in names if not isinstance(rule(n), BPTT | NoLearning))
    places, seeds = range(len(TASKS)), range(amount.seeds)
    ways = [(place, compared, seed, amount) for place in places for seed in seeds]
    with ProcessPoolExecutor() as pool:
        rates, curves = taught(pool, names, amount)
        aligned = list(tqdm(pool.map(align, ways), desc="alignment", total=len(ways)))
    cosines = np.stack(aligned).reshape(len(TASKS), amount.seeds, len(compared), -1)
    figures = losses_of(names, rates, curves) + alignment_of(list(compared), cosines)
    write(chosen.out, figures)
    draw_losses(chosen.out / "loss.png", TASKS, names, curves)
    draw_alignment(chosen.out / "alignment.png", TASKS, list(compared), cosines)


def losses_of(
    names: list[str],
    rates: dict[tuple[int, str], float],
    curves: dict[tuple[int, str], np.ndarray],
) -> list[Figure]:
    """Final losses next to those of RTRL with the same seeds."""
    figures = []
    for place, task in enumerate(TASKS):
        exact = [final(curve.tolist()) for curve in curves[place, "rtrl"]]
        for name in names:
            losses = curves[place, name]
            reached = [final(curve.tolist()) for curve in losses]
            settings = {"rate": rates[place, name], "windows": losses.shape[1]}
            figures.append(
                Figure(f"{task.name}: loss, {name}", reached, "", "rtrl", exact, settings)
            )
    return figures


def alignment_of(names: list[str], cosines: np.ndarray) -> list[Figure]:
    """Cosine of each rule's gradient with RTRL's, by seed, of [task, seed, rule, rule]."""
    exact = names.index("rtrl")
    return [
        Figure(f"{TASKS[place].name}: cosine with rtrl, {name}", values[:, k, exact].tolist(), "")
        for place, values in enumerate(cosines)
        for k, name in enumerate(names)
    ]


if __name__ == "__main__":
    main()
