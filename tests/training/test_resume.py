"""Stopping at any step and resuming gives what not stopping gives, to the last bit."""

import os
import random
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning.callbacks import Timer

from brainmodel.schedules import Annealing
from brainmodel.training.callbacks.random_numbers import current, restore
from tests.training.parts import Interrupted
from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved

NOISY: dict[str, Any] = {
    "model": {
        "final": 0.1,
        "scope": {
            "class_path": "brainmodel.scopes.Adjacent",
            "init_args": {"feedback": "areas.LearntFeedback"},
        },
        "areas": {
            "PM": {
                "modulator": "brainmodel.learning.modulation.Surprise",
                "plasticity": {
                    "class_path": "brainmodel.schedules.CriticalPeriod",
                    "init_args": {"closes": 2, "ramp": 9},
                },
            },
            "V1": {
                "weights": {
                    "next": {
                        "schedule": {
                            "class_path": "brainmodel.schedules.WarmUp",
                            "init_args": {"steps": 9},
                        }
                    }
                },
                "objectives": {"next": "tests.training.parts.Interrupted"},
                "rule": {
                    "class_path": "brainmodel.learning.GatedMicrocircuit",
                    "init_args": {"apical": ["PM_V1"]},
                },
            },
        },
        "pathways": {"PM_V1": {"signal": "error"}},
    }
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is not interrupted: two epochs of five windows, a checkpoint after each."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("whole")
        patch.chdir(folder)
        return folder / fit(*EVERY_STEP, config=NOISY)


@pytest.mark.parametrize("step", [1, 3, 5, 8])  # in an epoch, at its end, in the next
def test_a_run_that_was_stopped_ends_like_one_that_was_not(whole: Path, step: int) -> None:
    begun = checkpoint(whole, step)
    resumed = fit(f"--ckpt_path={begun}", *EVERY_STEP, config=NOISY)
    assert same(learnt(saved(resumed)), learnt(saved(whole)))
    assert saved(resumed)["global_step"] == 10


def test_what_is_compared_moves_at_every_step(whole: Path) -> None:
    for earlier, later in ((3, 4), (9, 10)):
        assert not same(learnt(saved(whole, earlier)), learnt(saved(whole, later)))


def hear(*signals: str) -> Callable[[], None]:
    def heard() -> None:
        for name in signals:
            os.kill(os.getpid(), getattr(signal, name))
            signal.getsignal(signal.SIGINT)  # Python runs handlers between two of its own calls

    return heard


def fail() -> None:
    raise RuntimeError("as it must")


STOPS = {
    "ctrl-C": (hear("SIGINT"), 130, 4),
    "ctrl-C twice": (hear("SIGINT", "SIGINT"), 130, None),
    "SIGTERM": (hear("SIGTERM"), 143, 4),
    "SIGUSR1": (hear("SIGUSR1"), 138, 4),
    "an error": (fail, 1, 3),
}


@pytest.mark.slow
@pytest.mark.parametrize("stop", STOPS)
def test_what_stops_a_step_leaves_the_checkpoint_of_the_end_of_one(
    whole: Path, stop: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call, status, step = STOPS[stop]
    monkeypatch.setattr(Interrupted, "window", 4)
    monkeypatch.setattr(Interrupted, "call", staticmethod(call))
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as left:
            fit(config=NOISY)
        assert stop == "ctrl-C twice" or signal.getsignal(signal.SIGINT) is before[0]
    finally:
        signal.signal(signal.SIGINT, before[0])  # Lightning ignores it after the second ctrl-C
    assert left.value.code == status and signal.getsignal(signal.SIGTERM) is before[1]
    begun, said = Path("runs/run/version_0/checkpoints/last.ckpt"), capsys.readouterr().err
    if step is None:
        assert "No checkpoint was saved." in said and not begun.exists()
        return
    assert f"The last checkpoint is {begun}, of step {step}." in said, said
    (going_on,) = re.findall("Go on with: (.*)", said)
    assert shlex.split(going_on)[:2] == ["brainmodel", "fit"]
    assert going_on.endswith(f" --trainer.logger.name=run --ckpt_path {begun}")
    monkeypatch.setattr(Interrupted, "call", None)
    resumed = fit(f"--ckpt_path={begun}", config=NOISY)
    assert saved(resumed)["global_step"] == 10
    assert same(learnt(saved(resumed)), learnt(saved(whole)))


@pytest.mark.slow
def test_a_run_whose_time_was_over_goes_on_and_says_for_how_long(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    elapsed, late = Timer.time_elapsed, []
    monkeypatch.setattr(Timer, "time_elapsed", lambda *a: elapsed(*a) + 1e4 * len(late))
    monkeypatch.setattr(Interrupted, "window", 3)
    monkeypatch.setattr(Interrupted, "call", staticmethod(lambda: late.append(True)))
    limit = "--trainer.max_time=00:01:00:00"
    run = fit(limit, config=NOISY)
    assert saved(run)["global_step"] == 3  # in the middle of an epoch of 5
    late.clear()
    monkeypatch.setattr(Interrupted, "call", None)
    capsys.readouterr()
    resumed = fit(limit, f"--ckpt_path={checkpoint(run)}", config=NOISY)
    said = capsys.readouterr().out
    assert "Goes on after step 3 of" in said and "for 1:00:00 at most" in said, said
    rate = 0.003 * Annealing(10, 0.1).level(3)
    assert f"PM.synapses, PM.predictor: {rate:.3g} now, 0.0003 at the end." in said, said
    assert same(learnt(saved(resumed)), learnt(saved(whole)))


def test_the_last_step_is_saved_whenever_held_out_streams_are_looked_at() -> None:
    run = fit("--trainer.val_check_interval=2", "--trainer.max_steps=3", config=NOISY)
    assert saved(run)["global_step"] == 3


def test_the_config_says_the_learning_rates_of_a_resumed_run(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = f"--ckpt_path={checkpoint(whole, 3)}"
    resumed = fit(begun, "--model.final=1", "--model.learning_rate=0.02", *EVERY_STEP, config=NOISY)
    assert "PM.predictor: 0.02 now." in capsys.readouterr().out
    (optimizer,) = saved(resumed)["optimizer_states"]
    assert {group["lr"] for group in optimizer["param_groups"]} == {0.02}


def test_double_precision_is_resumed_to_the_last_bit() -> None:
    double = ("--trainer.precision=64-true", *EVERY_STEP)
    run = fit(*double)
    resumed = fit(*double, f"--ckpt_path={checkpoint(run, 3)}")
    weights = saved(resumed)["state_dict"].values()
    assert {value.dtype for value in weights if value.is_floating_point()} == {torch.float64}
    assert same(learnt(saved(resumed)), learnt(saved(run)))


@pytest.mark.parametrize("forgotten", ["streams", "random_numbers"])
def test_the_streams_and_the_random_numbers_of_another_step_end_elsewhere(
    whole: Path, own_folder: Path, forgotten: str
) -> None:
    content = saved(whole, 3) | {forgotten: saved(whole, 2)[forgotten]}
    torch.save(content, own_folder / "other.ckpt")
    resumed = fit("--ckpt_path=other.ckpt", *EVERY_STEP, config=NOISY)
    weights = saved(resumed)["state_dict"], saved(whole)["state_dict"]
    assert not same(list(weights[0].values()), list(weights[1].values()))


def test_eligibility_traces_are_in_the_checkpoint(whole: Path) -> None:
    (streams,) = saved(whole)["streams"]
    memory = streams["fields"]["memories"]["entries"]["PM"]
    assert memory["class"].endswith("Traces")
    eligibility = memory["fields"]["eligibility"]["entries"]
    assert eligibility["recurrent"].shape == (2, 1, 3 * 6, 6)  # the output gate leaves none
    assert eligibility["recurrent"].abs().sum() > 0


def test_what_waits_and_what_modulators_remember_is_in_the_checkpoint(whole: Path) -> None:
    content = saved(whole)
    (streams,) = content["streams"]
    waiting = streams["fields"]["waiting"]
    assert waiting["class"].endswith("Waiting")
    said = waiting["fields"]["signals"]["entries"]["PM"]["fields"]
    assert said["prediction"].any() and said["prediction"].shape[:2] == (3, 2)  # lag, streams
    usual = streams["fields"]["modulators"]["entries"]["PM"]["fields"]
    assert usual["weight"].shape == (2,) and (usual["total"] > 0).all()
    assert int(content["state_dict"]["brain.age"]) == 10


def test_validation_leaves_the_training_streams_alone(whole: Path) -> None:
    seldom = fit("--trainer.limit_val_batches=0", "--trainer.num_sanity_val_steps=0", config=NOISY)
    assert same(learnt(saved(seldom)), learnt(saved(whole)))  # random numbers included


def test_the_same_seed_gives_the_same_run_and_another_seed_another(whole: Path) -> None:
    again = fit("--seed_everything=0", config=NOISY)
    other = fit("--seed_everything=1", config=NOISY)
    assert same(learnt(saved(again)), learnt(saved(whole)))
    assert not same(learnt(saved(other)), learnt(saved(whole)))


def test_all_global_generators_go_on_where_they_were() -> None:
    states = current()
    first = (random.random(), float(np.random.rand()), float(torch.rand(())))
    between = (random.random(), float(np.random.rand()), float(torch.rand(())))
    restore(states)
    assert (random.random(), float(np.random.rand()), float(torch.rand(()))) == first != between
