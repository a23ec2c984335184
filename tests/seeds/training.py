"""Seeds trained together and one by one, to be compared."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast
from zlib import crc32

import torch
from torch import Tensor

from areas.seeds import AreaOfSeeds
from brainmodel.brain import Brain
from brainmodel.seeds import (
    apart,
    inputs_together,
    labels_together,
    losses_by_seed,
    resets_together,
    together,
)
from brainmodel.wiring.state import BrainState
from tests import toy
from tests.objectives.activities import make_activity

EXACT: Any = {"rtol": 1e-9, "atol": 1e-9}
Optimizer = Callable[[list[Tensor]], torch.optim.Optimizer]


class Windows(NamedTuple):
    """Of one seed: inputs, resets and labels of each window."""

    inputs: list[dict[str, Tensor]]
    resets: list[Tensor]
    labels: list[dict[str, Tensor]]


class Trained(NamedTuple):
    """What training came to."""

    weights: dict[str, Tensor]
    fields: dict[str, Tensor]  # of states, "AREA.FIELD"
    losses: list[dict[str, Tensor]]  # of each window, "PLACE.OBJECTIVE"


def sgd(parameters: list[Tensor]) -> torch.optim.Optimizer:
    """Gradient descent with momentum."""
    return torch.optim.SGD(parameters, 0.05, momentum=0.5)


def adam(parameters: list[Tensor]) -> torch.optim.Optimizer:
    """Adam, whose changes tell what gradients of 1e-9 are."""
    return torch.optim.Adam(parameters, 0.01, eps=1e-3)


def drawn(make: Callable[[], Brain], seed: int) -> Brain:
    """A brain with the weights of a seed, random feedback included."""
    made = make()
    for name, value in [*made.named_parameters(), *made.named_buffers()]:
        if value.is_floating_point() and value.dim() and "constants" not in name:
            generator = torch.Generator().manual_seed(seed + crc32(name.encode()))
            random = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            value.data = random * (0.2 if value.dim() == 1 else value[0].numel() ** -0.5)
    for name in made.areas:
        toy.settle(made.area(name))
    return made


def windows_of(brain: Brain, seed: int, count: int = 2, labels: bool = False) -> Windows:
    """Streams of a seed; all seeds begin anew at the same steps."""
    steps, batch = (5, 4) if labels else (4, 2)
    made = [toy.stream(brain, steps, batch, seed=10 * seed + k) for k in range(count)]
    torch.manual_seed(seed)
    told = [make_activity(time=steps, batch=batch).labels if labels else {} for _ in made]
    resets = [toy.stream(brain, steps, batch, seed=k)[1] for k in range(count)]
    for reset in resets[1:]:
        reset[0] = torch.arange(batch) == 0
    return Windows([inputs for inputs, _ in made], resets, told)


def alone(brain: Brain, windows: Windows, optimizer: Optimizer) -> Trained:
    """Train one seed."""
    steps, state, losses = optimizer(list(brain.parameters())), None, []
    for inputs, reset, labels in zip(*windows, strict=True):
        activities, state = brain(inputs, reset, state)
        activities = {n: a._replace(labels=labels) for n, a in activities.items()}
        losses.append(_flat(brain.judge(activities)))
        _step(brain, activities, steps)
    assert state is not None
    fields = {f"{n}.{k}": v for n, s in state.areas.items() for k, v in s._asdict().items()}
    return Trained(brain.state_dict(), fields, losses)


def at_once(
    brains: Sequence[Brain], windows: Sequence[Windows], optimizer: Optimizer
) -> list[Trained]:
    """Train all seeds together."""
    whole = together(brains)
    steps, state = optimizer(list(whole.parameters())), None
    losses: list[list[dict[str, Tensor]]] = [[] for _ in brains]
    for k in range(len(windows[0].inputs)):
        inputs = inputs_together([own.inputs[k] for own in windows])
        reset = resets_together([own.resets[k] for own in windows])
        labels = labels_together([own.labels[k] for own in windows])
        activities, state = whole(inputs, reset, state)
        activities = {n: a._replace(labels=labels) for n, a in activities.items()}
        for own, found in zip(losses, losses_by_seed(whole, activities), strict=True):
            own.append(_flat(found))
        _step(whole, activities, steps)
    assert state is not None
    apart(whole, brains)
    return [
        Trained(brain.state_dict(), _fields(whole, state, seed), losses[seed])
        for seed, brain in enumerate(brains)
    ]


def _step(brain: Brain, activities: dict, steps: torch.optim.Optimizer) -> None:
    steps.zero_grad()
    torch.stack(
        [v for own in brain.losses(activities).values() for v in own.values()]
    ).sum().backward()
    steps.step()
    brain.after_step()


def _flat(losses: dict) -> dict[str, Tensor]:
    return {f"{a}.{k}": v.detach() for a, own in losses.items() for k, v in own.items()}


def _fields(whole: Brain, state: BrainState, seed: int) -> dict[str, Tensor]:
    return {
        f"{name}.{field}": cast(AreaOfSeeds, whole.area(name)).layout.apart(value, 1)[:, seed]
        for name, own in state.areas.items()
        for field, value in own._asdict().items()
    }


def require_same(
    make: Callable[[], Brain],
    optimizer: Optimizer = adam,
    seeds: int = 2,
    labels: bool = False,
    learns: bool = True,
    area: str | None = "V1",
) -> None:
    """Hold seeds trained together against the same trained one by one."""
    brains = [drawn(make, seed) for seed in range(seeds)]
    before = [{n: v.clone() for n, v in brain.state_dict().items()} for brain in brains]
    windows = [windows_of(brain, seed, labels=labels) for seed, brain in enumerate(brains)]
    one_by_one = [alone(drawn(make, seed), windows[seed], optimizer) for seed in range(seeds)]
    found = at_once(brains, windows, optimizer)
    for seed in range(seeds):
        torch.testing.assert_close(found[seed], one_by_one[seed], **EXACT)
        moved = [
            not torch.allclose(value, before[seed][name], **EXACT)
            for name, value in found[seed].weights.items()
            if name != "age"
        ]
        assert any(moved) == learns
    area = area or next(iter(brains[0].areas))
    name = f"{area}.rate"
    assert not torch.allclose(found[0].fields[name], found[1].fields[name], **EXACT)
