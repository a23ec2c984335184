"""Recorded windows are what they would be as written, whatever the host decides between them.

They are recorded on a tape of operations on the processor, which has the meaning of a CUDA graph.
"""

import warnings
from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor

from areas import LSTM, Leaky, SubLSTM
from benchmarks.perturbation import default_brain
from brainmodel.brain import Brain
from brainmodel.command_line.train_command import quieten
from brainmodel.data.window import Window
from brainmodel.learning import BPTT, RFLO, EProp, Rule
from brainmodel.learning.modulation import AfterDevelopment, Surprise
from brainmodel.perturbation import Silence, perturbed
from brainmodel.schedules import Alternating, Annealing, CriticalPeriod, Weight
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.training.recorded_windows import RecordedWindows
from brainmodel.wiring.plan import UnitNoise
from objectives import Activity, Objective, SquaredError
from tests import toy
from tests.replayed import (
    Counting,
    assert_as_written,
    brain_with,
    counting,
    recorded,
    stream_of,
    train,
)


@pytest.fixture(autouse=True)
def by_tensor_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tape does not see native loops; CUDA sees those of Triton."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


@pytest.mark.parametrize("name", sorted(toy.RULES))
def test_windows_of_every_rule_are_as_written(name: str) -> None:
    brain = toy.lone(toy.fit(name)(), rule=toy.RULES[name]())
    assert_as_written(brain, stream_of(brain), least=2)


@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
@pytest.mark.parametrize("rule", [BPTT, EProp, RFLO])
def test_windows_of_every_scope_are_as_written(rule: type[Rule], scope: type[Scope]) -> None:
    cells = [lambda: Leaky(0.5, torch.tanh)] * 3 if rule is RFLO else [SubLSTM, LSTM, SubLSTM]
    brain = toy.ladder(lambda name: rule(), scope(), cells)
    assert_as_written(brain, stream_of(brain), least=2)


def test_maps_and_signals_that_cross_two_pathways_are_as_written() -> None:
    brain = toy.ladder(lambda name: EProp(), Adjacent(hops=2), [LSTM] * 3, maps=True)
    assert_as_written(brain, stream_of(brain, 10), least=2)


@pytest.mark.slow  # a brain of that size, operation by operation
@pytest.mark.sampled(3)
@pytest.mark.parametrize("scope", ["Local", "Adjacent", "Global"])
def test_the_default_brain_is_as_written(scope: str) -> None:
    with warnings.catch_warnings():
        quieten()
        brain = default_brain(scope).double()
    assert_as_written(brain, stream_of(brain, 7, breaks=False), least=2)


def test_where_no_stream_begins_they_are_the_same_to_the_last_bit() -> None:
    brain = toy.ladder(lambda name: EProp())
    assert_as_written(brain, stream_of(brain, breaks=False), least=5, exactly=True)


@pytest.mark.parametrize("rule", [BPTT, EProp])
@pytest.mark.parametrize("scope", [Local, Global])
def test_short_numbers_are_those_as_written(rule: type[Rule], scope: type[Scope]) -> None:
    """Lightning enters autocast for a window, and goes back outside of it."""
    brain = toy.ladder(lambda name: rule(), scope()).float()
    copy, windows = recorded(brain)
    for window in stream_of(brain, 4, breaks=False):
        inputs = {name: value.float() for name, value in window.inputs.items()}
        found = []
        for own, engine in ((brain, RecordedWindows()), (copy, windows)):
            own.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                losses = engine.judged(own, window._replace(inputs=inputs), None)[0].values()
                total = torch.stack([loss for of in losses for loss in of.values()]).sum()
            total.backward()
            gradients = {n: p.grad for n, p in own.named_parameters() if p.grad is not None}
            found.append((total.detach(), gradients))
        torch.testing.assert_close(found[1], found[0], rtol=0, atol=0)
    assert windows.replayed >= 2


class Chancy(Objective):
    """An objective that draws random numbers."""

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        return (activity.rate * torch.randn_like(activity.rate)).sum(2)


def at(number: int, change: Callable[[Brain], object]) -> Callable[[Brain, int], None]:
    def between(brain: Brain, now: int) -> None:
        if now == number:
            change(brain)

    return between


def older(brain: Brain) -> None:
    brain.age.fill_(40)


def other_weight(brain: Brain) -> None:
    weight = brain.area("V1").synapses["recurrent"].weight
    weight.data = 0.5 * weight.data


SLOW = Annealing(80, 0.1)
CHANGES: dict[str, tuple[Callable[[], Brain], Callable[[Brain], object]]] = {
    "weights of objectives": (lambda: brain_with(weights={"count": Weight(2.0, SLOW)}), older),
    "plasticity, a number": (lambda: brain_with(plasticity=SLOW), older),
    "plasticity, none": (lambda: brain_with(plasticity=CriticalPeriod(30)), older),
    "plasticity of synapses": (lambda: brain_with(plastic={"recurrent": SLOW}), older),
    "a modulator": (lambda: brain_with(modulator=AfterDevelopment(Surprise(), SLOW)), older),
    "a number of a part": (brain_with, lambda brain: setattr(counting(brain), "factor", 3.0)),
    "a number of a part, held": (brain_with, lambda brain: counting(brain).held.update(factor=3.0)),
    "a buffer": (brain_with, lambda brain: counting(brain).goal.fill_(0.3)),
    "another buffer": (brain_with, lambda brain: setattr(counting(brain), "goal", torch.ones(()))),
    "another weight": (brain_with, other_weight),
    "a weight in place": (brain_with, lambda brain: brain.area("V1").bias.data.add_(0.5)),
    "what learns": (brain_with, lambda brain: brain.area("V1").bias.requires_grad_(False)),
    "training": (brain_with, lambda brain: brain.eval()),
    "another part": (
        brain_with,
        lambda brain: setattr(brain.objectives["V1"], "count", SquaredError()),
    ),
}
"""What the host may decide between windows: a brain, and the change."""


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_windows_is_never_an_old_value(name: str) -> None:
    make, change = CHANGES[name]
    brain = make()
    given = stream_of(brain, breaks=False)
    assert_as_written(brain, given, at(5, change), least=2)
    usual = train(deepcopy(brain), RecordedWindows(), given)[-1]
    changed = train(deepcopy(brain), RecordedWindows(), given, at(5, change))[-1]
    differ = [
        a is None or b is None or not torch.equal(a, b) for a, b in zip(usual, changed, strict=True)
    ]
    assert any(differ), "the change matters"


def test_levels_that_change_at_every_step_need_one_recording() -> None:
    brain = brain_with(plasticity=SLOW, modulator=AfterDevelopment(Surprise(), SLOW))
    brain.after_step()
    windows = assert_as_written(brain, stream_of(brain, breaks=False), least=5)
    assert windows.missing is None


def test_levels_of_0_and_1_take_turns() -> None:
    brain = brain_with(plasticity=Alternating(1, 1))
    assert_as_written(brain, stream_of(brain, 10, breaks=False), least=2)


@pytest.mark.parametrize("what", ["noise of units", "random numbers"])
def test_chance_goes_on(what: str) -> None:
    brain = (
        brain_with(noise=UnitNoise(0.3))
        if what == "noise of units"
        else brain_with(objectives={"chance": Chancy(), "count": Counting()})
    )
    assert_as_written(brain, stream_of(brain, breaks=False), least=5, exactly=True)


def test_streams_and_steps_may_be_of_another_number() -> None:
    brain = brain_with()
    given = stream_of(brain, 12, breaks=False)

    def cut(window: Window, steps: int, streams: int) -> Window:
        parts = [{n: s[:steps, :streams] for n, s in own.items()} for own in (window[0], window[2])]
        return Window(parts[0], window.reset[:steps, :streams], parts[1])

    shapes = [(3, 2)] * 4 + [(2, 2)] * 4 + [(2, 1)] * 4
    cuts = [cut(window, *shape) for window, shape in zip(given, shapes, strict=True)]
    assert_as_written(brain, cuts, least=5)


def test_a_perturbed_brain_is_computed_as_written_and_recorded_again_afterwards() -> None:
    brain = brain_with()
    held = {}

    def between(brain: Brain, number: int) -> None:
        if number == 4:
            held[brain] = perturbed(brain, Silence("V1"))
            held[brain].__enter__()
        if number == 6:
            held[brain].__exit__(None, None, None)

    with pytest.warns(RuntimeWarning, match="not recorded.*: the brain is perturbed"):
        assert_as_written(brain, stream_of(brain, 10, breaks=False), between, least=2)
