"""Runs in lockstep learn what they learn alone, whoever ends or fails meanwhile."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import torch

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.learning import EProp
from brainmodel.schedules import CriticalPeriod, WarmUp, Weight
from brainmodel.training.lockstep import BrainsTogether, Lockstep, SharedStep, Sharing, given
from tests import toy
from tests.seeds.training import EXACT, Windows, adam, alone, drawn, windows_of


def make() -> Brain:
    return toy.ladder(lambda name: EProp())


def growing() -> Brain:
    """What it learns changes with its age."""
    weights = {"whole": Weight(0.5, WarmUp(6))}
    return toy.ladder(
        lambda name: EProp(), plasticity=CriticalPeriod(closes=1, ramp=4), weights=weights
    )


def job(
    seed: int, windows: Windows, ends_after: int = 99, made: Callable[[], Brain] = make
) -> Callable[[Sharing], Any]:
    """A run that takes a step from each window, and its own optimizer."""

    def run(share: Sharing) -> Brain:
        brain = drawn(made, seed)
        optimizer = adam(list(brain.parameters()))
        for k, (inputs, reset, labels) in enumerate(zip(*windows, strict=True)):
            if k == ends_after:
                raise KeyError(seed)
            step = share(brain, Window(inputs, reset, labels))
            weighed = brain.weigh(step.losses).values()
            total = torch.stack([v for own in weighed for v in own.values()]).sum()
            optimizer.zero_grad()
            given(total, brain, step.gradients).backward()
            optimizer.step()
            brain.after_step()
            assert step.activities["V1"].rate.shape == (4, 2, 3)
        return brain

    return run


def test_runs_in_lockstep_learn_what_they_learn_alone() -> None:
    windows = [windows_of(make(), seed, 3) for seed in range(3)]
    jobs = [job(seed, own, 1 if seed == 1 else 99) for seed, own in enumerate(windows)]
    found = Lockstep(jobs).run()
    assert isinstance(found[1], KeyError)  # the others go on
    for seed in (0, 2):
        expected = alone(drawn(make, seed), windows[seed], adam).weights
        torch.testing.assert_close(found[seed].state_dict(), expected, **EXACT)


@pytest.mark.parametrize("ends", [0, 1])
def test_schedules_go_on_when_any_seed_has_ended(ends: int) -> None:
    windows = [windows_of(growing(), seed, 5) for seed in range(2)]
    after = [1 if seed == ends else 99 for seed in range(2)]
    found = Lockstep([job(s, windows[s], after[s], growing) for s in range(2)]).run()
    assert isinstance(found[ends], KeyError)
    expected = alone(drawn(growing, 1 - ends), windows[1 - ends], adam).weights
    torch.testing.assert_close(found[1 - ends].state_dict(), expected, **EXACT)


def test_what_breaks_a_step_breaks_it_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> list[SharedStep]:
        raise MemoryError

    monkeypatch.setattr(BrainsTogether, "learn", broken)
    lockstep = Lockstep([job(seed, windows_of(make(), seed)) for seed in range(2)])
    assert [type(found) for found in lockstep.run()] == [MemoryError] * 2
    assert not lockstep.refused


def test_short_numbers_are_those_of_seeds_alone() -> None:
    """Lightning goes back where autocast ended, and so do seeds together."""
    windows, brains = [], [drawn(make, seed).float() for seed in range(2)]
    for seed in range(2):
        own = windows_of(make(), seed, 1)
        inputs = {name: value.float() for name, value in own.inputs[0].items()}
        windows.append(Window(inputs, own.resets[0], {}))
    with torch.autocast("cpu", torch.bfloat16):
        steps = BrainsTogether(brains).learn(windows)
        activities, _ = brains[1](windows[1].inputs, windows[1].reset, None)
        losses = brains[1].losses(activities).values()
        total = torch.stack([loss for own in losses for loss in own.values()]).sum()
    total.backward()
    for name, parameter in brains[1].named_parameters():
        if parameter.grad is not None:  # float32, summed in another order; within autocast .003 off
            torch.testing.assert_close(
                steps[1].gradients[name], parameter.grad, rtol=1e-4, atol=1e-6
            )


def test_ctrl_c_ends_all_at_their_next_window() -> None:
    """Threads that were left at work would end the process in the midst of a product."""
    own = windows_of(make(), 0, 1)
    ended, window = [], Window(own.inputs[0], own.resets[0], own.labels[0])

    def endless(seed: int) -> Callable[[Sharing], None]:
        def run(share: Sharing) -> None:
            brain = drawn(make, seed)
            try:
                for number in range(1000):
                    share(brain, window)
                    if seed == number == 0:
                        os.kill(os.getpid(), signal.SIGINT)
            finally:
                ended.append(seed)

        return run

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # others may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            Lockstep([endless(seed) for seed in range(2)]).run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert sorted(ended) == [0, 1]


def test_brains_that_somebody_listens_to_do_not_learn_together() -> None:
    brains = [drawn(make, seed) for seed in range(2)]
    joined, own = BrainsTogether(brains), windows_of(brains[0], 0)
    windows = [Window(own.inputs[0], own.resets[0], {})] * 2
    assert len(joined.learn(windows)) == 2
    with brains[1].listen(lambda *_: None), pytest.raises(ValueError, match="do not reach it"):
        joined.learn(windows)


def test_a_precision_of_the_whole_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_default_dtype", lambda: torch.float64)
    lockstep = Lockstep([job(seed, windows_of(make(), seed, 1)) for seed in range(2)])
    found = lockstep.run()
    assert "trainer.precision" in lockstep.refused
    assert all(isinstance(one, ValueError) for one in found)
