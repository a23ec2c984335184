"""What a brain learns from a stream: by its own rules, and by autograd through a literal one."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.learning.credit.stream_noise import Noise, NoisyRule
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.roll_out.sweep import Sweep
from brainmodel.wiring.state import BrainState
from objectives import Activity
from tests import toy
from tests.literal import Literal

Gradients = dict[str, Tensor]


def windows(steps: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """(first, last) of windows of these lengths in turn, over so many steps."""
    places = [0]
    while places[-1] < steps:
        length = lengths[(len(places) - 1) % len(lengths)]
        places.append(min(steps, places[-1] + length))
    return list(pairwise(places))


def total(brain: Brain, activities: Mapping[str, Activity]) -> Tensor:
    """The losses of all areas, summed over all steps and streams, those of a reset among them."""
    losses = [
        objective(activities[name]).sum()
        for name in brain.areas
        for objective in brain.objectives[name].values()  # type: ignore[operator]
    ]
    return torch.stack(losses).sum()


def mean(brain: Brain, activities: Mapping[str, Activity]) -> Tensor:
    """The same as a mean over steps and streams, as losses in training are."""
    return total(brain, activities) / next(iter(activities.values())).valid.numel()


def begin(brain: Brain, streams: Sequence[int]) -> BrainState:
    """The state of streams that begin, with the noise that streams of these numbers have."""
    state = brain.initial_state(len(streams))
    noise = Noise(torch.tensor(streams), torch.zeros(len(streams), dtype=torch.int64))
    rules = {name: brain.rule(name) for name in brain.areas}
    noisy = {name: rule for name, rule in rules.items() if isinstance(rule, NoisyRule)}
    memories = {name: rule.begin(brain.area(name), noise) for name, rule in noisy.items()}
    return state._replace(memories=state.memories | memories)


def complete(brain: Brain, gradients: Sequence[Tensor | None]) -> Gradients:
    """Gradients by name, zeros where there is none."""
    named = [(n, p) for n, p in brain.named_parameters() if p.requires_grad]
    return {
        name: torch.zeros_like(p) if g is None else g
        for (name, p), g in zip(named, gradients, strict=True)
    }


def learnt(brain: Brain) -> list[Tensor]:
    """The parameters that learn."""
    return [p for p in brain.parameters() if p.requires_grad]


def add(found: Sequence[Gradients]) -> Gradients:
    """Sum of gradients by name."""
    return {name: torch.stack([g[name] for g in found]).sum(0) for name in found[0]}


def learn(
    brain: Brain,
    inputs: Mapping[str, Tensor],
    reset: Tensor,
    lengths: Sequence[int] = (10**9,),
    state: BrainState | None = None,
    loss_of: Callable[[Brain, Mapping[str, Activity]], Tensor] = total,
    gains: Mapping[str, Tensor] | None = None,
) -> Gradients:
    """The brain's own gradients over a stream, summed over windows of these lengths.

    Of `total`, unless another loss is given; from streams that begin, unless there is a state.
    Gains are [time, ...] by address.
    """
    found = []
    for first, last in windows(len(reset), lengths):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        told = {address: gain[first:last] for address, gain in (gains or {}).items()}
        activities, state = brain(window, reset[first:last], state, told)
        loss = loss_of(brain, activities)
        made = torch.autograd.grad(loss, learnt(brain), allow_unused=True)
        found.append(complete(brain, made))
    return add(found)


def learn_literally(
    brain: Brain,
    inputs: Mapping[str, Tensor],
    reset: Tensor,
    lengths: Sequence[int] = (10**9,),
    **how: Any,
) -> Gradients:
    """The same by torch's autograd through the literal brain; `how` as for `Literal`."""
    found = []
    for first, last in windows(len(reset), lengths):
        course = Literal(brain, inputs, reset, first=first, **how)
        activities = {name: course.activity(name, first, last) for name in brain.areas}
        if how.get("local"):
            activities = {n: a._replace(drive=a.drive.detach()) for n, a in activities.items()}
        loss = total(brain, activities)
        made = torch.autograd.grad(loss, learnt(brain), allow_unused=True)
        found.append(complete(brain, made))
    return existing(brain, add(found))


def existing(brain: Brain, found: Gradients) -> Gradients:
    """The same without those of synapses that do not exist."""
    return {name: gradient * brain.masks().get(name, 1.0) for name, gradient in found.items()}


def assert_same(found: Gradients, expected: Gradients, atol: float = 1e-11) -> None:
    """Gradients agree, and name the first that does not."""
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(
            found[name], gradient, rtol=1e-9, atol=atol, msg=lambda m, n=name: f"{n}: {m}"
        )


def distance(found: Gradients, expected: Gradients) -> float:
    """Largest difference of two sets of gradients."""
    return max(float((found[name] - g).abs().max()) for name, g in expected.items() if g.numel())


def recorded(brain: Brain, steps: int = 6) -> Record:
    """What happened in V1 over a window of random inputs."""
    inputs, reset = toy.stream(brain, steps=steps)
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(reset.shape[1]))
        sweep.run()
    return sweep.records()["V1"]


def given(brain: Brain, record: Record, **more: Tensor) -> Gradients:
    """The gradients of V1's rule where no loss says anything, but for `more` of the signal."""
    zero = LearningSignal(torch.zeros_like(record.fields["rate"][1:]), 0 * record.prediction)
    return brain.rule("V1").gradients(brain.area("V1"), record, zero._replace(**more), None)
