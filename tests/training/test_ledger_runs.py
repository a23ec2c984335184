"""A ledger in training: the run is as without it, and its files add up to what training changed."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from brainmodel.plasticity import Account
from brainmodel.training.callbacks import Ledger
from tests import toy
from tests.training.runs import EVERY_STEP, fit, learnt, same, saved
from tests.training.test_refusals import refused

RECURRENT = "areas.PM.synapses.recurrent.weight"
LEDGER = "brainmodel.training.callbacks.Ledger"


def callback(kind: str = LEDGER, **arguments: Any) -> dict[str, Any]:
    return {"class_path": kind, "init_args": arguments}


def told(*callbacks: dict[str, Any]) -> dict[str, Any]:
    return {"trainer": {"callbacks": list(callbacks)}}


WATCH = callback(what=["PM.recurrent", "V1.predictor"])
SCALE = callback("brainmodel.training.callbacks.SynapticScaling", rates={"PM": 0.2}, speed=0.1)


def test_a_run_is_to_the_bit_as_without_and_the_file_adds_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With scaling, clipping, and gradients of two windows to a step."""
    more = ("--trainer.accumulate_grad_batches=2", "--trainer.gradient_clip_val=0.01", *EVERY_STEP)
    more += ("--trainer.log_every_n_steps=1",)
    plain = fit(*more, config=told(SCALE), folder="plain")
    before = capsys.readouterr().out
    run = fit(*more, config=told(WATCH, SCALE), folder="watched")
    after = capsys.readouterr().out
    assert same(learnt(saved(plain)), learnt(saved(run)))
    account, steps = Account.load(run / "ledger.pt"), int(saved(run)["global_step"])
    assert account.steps == steps > 2
    whole = sum(own[RECURRENT] for own in account.changes.values())
    torch.testing.assert_close(whole, account.total[RECURRENT], rtol=0, atol=1e-12)
    norms = {name: float(own[RECURRENT].norm()) for name, own in account.changes.items()}
    assert norms["clipping"] > 1e-6 and norms["scaling"] > 1e-6 and norms["momentum"] < 1e-6
    assert f"Changes of weights by cause, in {steps} of {steps} steps:" in after
    assert "Changes of weights" not in before
    with (run / "ledger.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == "PM.recurrent"]
    totals = {int(row["step"]): row for row in rows if row["component"] == "total"}
    assert list(totals) == [*range(1, steps + 1)]
    for step in (2, steps):
        one, two = (saved(run, k)["state_dict"][f"brain.{RECURRENT}"] for k in (step - 1, step))
        moved = float((two.double() - one.double()).norm())
        assert float(totals[step]["norm"]) == pytest.approx(moved, abs=1e-12)
        parts = [row for row in rows if row["step"] == str(step) and row["component"] != "total"]
        assert sum(float(row["along"]) for row in parts) == pytest.approx(1, abs=1e-9)
    events = EventAccumulator(str(run))
    events.Reload()
    assert "ledger_norm/PM.recurrent.PM.next" in events.Tags()["scalars"]


def test_steps_that_are_not_asked_for_are_not_accounted_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = fit(
        "--config=plasticity/ledger",
        "--trainer.callbacks.what=[PM.recurrent]",
        "--trainer.callbacks.every_n_steps=3",
    )
    steps = int(saved(run)["global_step"])
    assert Account.load(run / "ledger.pt").steps == steps // 3 > 0
    assert f"in {steps // 3} of {steps} steps:" in capsys.readouterr().out


def test_a_ledger_that_hides_something_is_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("wrong.yaml").write_text(yaml.safe_dump(told(SCALE, WATCH)))
    said = refused(capsys, "fit", "--config=quick", "--config=wrong.yaml")
    assert "Ledger comes after SynapticScaling" in said and "name it before" in said
    brain = toy.lone()
    with pytest.raises(ValueError, match="ledger: what: V1.sideways: there are no synapses"):
        Ledger("V1.sideways").require(brain, [])
    with pytest.raises(ValueError, match="need one Ledger, got several"):
        Ledger("V1").require(brain, [Ledger("V1"), Ledger("V1")])
    with pytest.raises(ValueError, match="ledger.every_n_steps: need 1 or more, got 0"):
        Ledger("V1", 0)
