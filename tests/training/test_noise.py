"""Noise of units in training: a config's option, carried over a stop."""

import pytest

from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved

NOISE = ("--model.areas.V1.noise.deviation=0.2", "--trainer.max_steps=4", *EVERY_STEP)


@pytest.mark.slow
def test_a_run_with_noise_that_was_stopped_ends_like_one_that_was_not() -> None:
    whole = fit(*NOISE, folder="whole")
    resumed = fit(*NOISE, f"--ckpt_path={checkpoint(whole, 2)}", folder="resumed")
    assert same(learnt(saved(resumed)), learnt(saved(whole)))
    silent = fit("--trainer.max_steps=4", folder="silent")
    weights = [list(saved(run)["state_dict"].values()) for run in (silent, whole)]
    assert len(weights[0]) == len(weights[1]) and not same(*weights)
