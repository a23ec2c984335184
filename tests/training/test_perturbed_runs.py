"""Perturbed runs: in which phases perturbations act, and what is refused before any is done."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from brainmodel.cli import main
from brainmodel.perturbation import During, Silence
from brainmodel.training.callbacks import Perturb
from tests import toy
from tests.training.runs import EVERY_STEP, checkpoint, fit, learnt, same, saved

RECURRENT = "brain.areas.PM.synapses.recurrent.weight"
SILENT = {"class_path": "brainmodel.perturbation.Silence", "init_args": {"what": "PM_V1"}}


def told(part: dict[str, Any], *phases: str) -> dict[str, Any]:
    return {"perturb": {"of": {"one": part}} | ({"phases": list(phases)} if phases else {})}


def part(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"class_path": f"brainmodel.perturbation.{kind}", "init_args": arguments}


def test_held_out_windows_alone_are_perturbed_and_training_is_to_the_bit_as_ever(
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = fit(folder="usual")
    before = capsys.readouterr().out
    held_out = fit(config=told(part("Silence", what="V1"), "held_out"), folder="held_out")
    after = capsys.readouterr().out
    assert same(learnt(saved(usual)), learnt(saved(held_out)))
    assert "Perturbed, in held-out windows: one (Silence V1)." in after
    assert row(before, "PM") != row(after, "PM") and row(before, "V1") != row(after, "V1")


def row(said: str, area: str) -> list[str]:
    return next(line.split() for line in said.splitlines() if line.startswith(f"  {area} "))


@pytest.mark.slow
def test_training_is_perturbed_and_a_run_may_be_interrupted() -> None:
    """The opsin's opening and the noise of streams are kept with them."""
    light = part("Opsin", what="V1", gain=0.5, onset=3.0, decay=9.0)
    noise = part("AddedNoise", what="PM_V1", deviation=0.2)
    config = {"perturb": {"of": {"light": light, "noise": noise}}}
    whole = fit(*EVERY_STEP, config=config, folder="whole")
    without = fit(folder="without")
    assert not torch.equal(
        saved(whole)["state_dict"][RECURRENT], saved(without)["state_dict"][RECURRENT]
    )
    resumed = fit(f"--ckpt_path={checkpoint(whole, 3)}", *EVERY_STEP, config=config, folder="again")
    assert same(learnt(saved(resumed)), learnt(saved(whole)))


def test_what_is_frozen_stays_whatever_other_callbacks_do() -> None:
    scaling = {
        "class_path": "brainmodel.training.callbacks.SynapticScaling",
        "init_args": {"rates": {"PM": 0.2}, "speed": 0.1},
    }
    frozen = told(part("Plasticity", what="PM.recurrent"))
    config = frozen | {"trainer": {"callbacks": [scaling]}}
    run = fit(*EVERY_STEP, config=config, folder="frozen")
    weights = [saved(run, step)["state_dict"] for step in (1, 5)]
    assert torch.equal(weights[0][RECURRENT], weights[1][RECURRENT])
    drive = RECURRENT.replace("recurrent", "drive")
    assert not torch.equal(weights[0][drive], weights[1][drive])


def test_validation_of_a_checkpoint_is_perturbed(capsys: pytest.CaptureFixture[str]) -> None:
    run = fit(folder="run")
    path, rows = checkpoint(run), []
    for options in ([], [f"--perturb.of={json.dumps({'one': SILENT})}"]):
        capsys.readouterr()
        tiny = Path(__file__).with_name("tiny.yaml")
        main(["validate", f"--config={tiny}", f"--ckpt_path={path}", *options])
        rows.append(row(capsys.readouterr().out, "V1"))
    assert rows[0] != rows[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            part("Silence", what="LM_V1"),
            "perturb.of: one: what: LM_V1: there is no area or pathway",
        ),
        (part("Plasticity", what="V1.axons"), "V1.axons: there are no synapses 'axons'"),
        (part("Scale", what="V1", gain=-1.0), "gain: need 0 or more, got -1.0"),
        (
            part("Shuffle", what="PM_V1", shift=12),
            "perturb.of.one: shift: 12 leaves each of",
        ),
        (part("Silence", what="V1.PV"), "one: what: V1.PV: V1 has no populations, and"),
        (part("Silence", what="V1", when=part("During", label="tone")), "the data have no 'tone'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_done(
    wrong: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        fit(config=told(wrong), folder="refused")
    assert message in capsys.readouterr().err
    assert not Path("runs", "refused").exists()


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (part("After", label="trial", start=5, stop=80), "stop: is step 80, beyond the longest"),
        (part("StreamSteps", start=80), "start: is step 80, beyond the longest trial, which has"),
        (part("During", label="answer", values=[2]), "'answer' is a whole number from 0 to 1, and"),
        (part("During", label="delay"), "label: the data have no 'delay'; there are"),
    ],
)
def test_a_window_beyond_the_trial_is_refused(
    when: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    perturb = json.dumps({"one": part("Silence", what="PFC", when=when)})
    with pytest.raises(SystemExit):
        main(["fit", "--config=tasks/delayed_match", f"--perturb.of={perturb}"])
    assert message in capsys.readouterr().err


def test_a_probe_is_perturbed_where_it_is_told() -> None:
    brain = toy.lone()
    inputs, reset = toy.stream(brain)
    for phases, silent in ((("probe",), True), (("training",), False)):
        with Perturb({"one": Silence("V1")}, phases).within("probe", brain):  # type: ignore[arg-type]
            assert (not brain(inputs, reset)[0]["V1"].rate.any()) is silent
    assert isinstance(Perturb().within("probe", brain), nullcontext)
    with (
        Perturb({"one": Silence("V1", During("tone"))}).within("probe", brain),
        pytest.raises(ValueError, match="perturbation one: label: there is no 'tone' here"),
    ):
        brain(inputs, reset)


def test_a_phase_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="perturb.phases: is empty; give one or more of training"):
        Perturb({"one": Silence("V1")}, [])
    with pytest.raises(ValueError, match="there is no 'sleep'; training, held_out, probe are"):
        Perturb({}, ["sleep"])  # type: ignore[list-item]
