"""Stopping at any step and resuming gives what not stopping gives, to the last bit."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brainmodel.training.callbacks.random_numbers import current, restore
from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved

NOISY: dict[str, Any] = {
    "model": {
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
                "objectives": {"next": "tests.training.parts.Noisy"},
                "rule": {
                    "class_path": "brainmodel.learning.GatedMicrocircuit",
                    "init_args": {"apical": ["PM_V1"]},
                },
            },
        },
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
