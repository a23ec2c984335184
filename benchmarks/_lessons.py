"""How one rule teaches a small network a task: weights at the start, descent, its losses."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from areas import Leaky
from benchmarks._rules import rule
from benchmarks._tasks import TASKS, Task
from benchmarks.cells import alone
from brainmodel.brain import Brain
from brainmodel.learning import Rule

UNITS, STREAMS, WINDOW = 32, 16, 10
OWN_RATE = 0.05  # learning rate of what rules learn for themselves
OTHER = 1000  # seeds from here on are those of trials and of settling


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
    windows: int,
    seed: int,
    rate: float,
    stop: Callable[[int], None] = lambda window: None,
) -> list[float]:
    """Train by plain descent; the loss of every window. `stop` is called between windows."""
    theirs = set(net.brain.rules.parameters())
    weights = [p for p in _learnt(net.brain, net.readout) if p not in theirs]
    groups = [{"params": weights, "lr": rate}, {"params": _learnt(net.brain.rules), "lr": OWN_RATE}]
    optimizer = torch.optim.SGD([group for group in groups if group["params"]])
    losses = []
    for k, loss in enumerate(_losses(task, net, windows, seed)):
        stop(k)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def settle(task: Task, net: Network, windows: int, seed: int) -> None:
    """Let a rule learn what it learns for itself, while the network's weights stand still."""
    own = _learnt(net.brain.rules)
    if own:
        optimizer = torch.optim.SGD(own, lr=OWN_RATE)
        for loss in _losses(task, net, windows, seed):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def _learnt(*modules: nn.Module) -> list[nn.Parameter]:
    return [p for module in modules for p in module.parameters() if p.requires_grad]


def _losses(task: Task, net: Network, windows: int, seed: int) -> Iterable[Tensor]:
    """The loss of each window of a stream, one after the other."""
    generator = torch.Generator().manual_seed(seed)
    reset, state = torch.zeros(WINDOW, STREAMS, dtype=torch.bool), None
    for inputs, targets in islice(task.windows(WINDOW, STREAMS, generator), windows):
        activities, state = net.brain({"input": inputs}, reset, state)
        yield task.loss(net.readout(activities["area"].rate), targets).mean()


def final(losses: Sequence[float]) -> float:
    """Loss of the last tenth of the windows; infinite where training broke down."""
    reached = float(np.mean(losses[-max(1, len(losses) // 10) :]))
    return reached if np.isfinite(reached) else float("inf")


class Lesson(NamedTuple):
    """One rule on one task with one seed."""

    place: int  # of the task
    name: str  # of the rule
    seed: int
    rate: float
    windows: int
    settle: int


def learn(lesson: Lesson) -> list[float]:
    """The losses of a lesson."""
    torch.set_num_threads(1)
    task = TASKS[lesson.place]
    net = network(task, rule(lesson.name), lesson.seed)
    settle(task, net, lesson.settle, OTHER + lesson.seed)
    return train(task, net, lesson.windows, lesson.seed, lesson.rate)
