"""The command `record`, and `probe` of a brain that does a task."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pynwb
import pytest
import yaml

from brainmodel.cli import main
from brainmodel.probing.recordings import Recording, write_npz

OPEN: Any = pynwb.NWBHDF5IO
TASK = "brainmodel.data.tasks.CentreOutReaching"
REACHES = {"hold": [2, 3], "preparation": [20, 22], "movement": 6, "aligned": True}
SMALL = ["--data.hold=[2, 3]", "--data.preparation=[20, 22]", "--data.movement=6"]
SMALL += ["--data.batch_size=8", "--data.windows_per_epoch=2", "--data.validation_windows=1"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.log_every_n_steps=1"]
QUIET += ["--report.scenes=0", "--pictures.scenes=0"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder, and the checkpoint of a brain in it that reaches."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("reaching")
        patch.chdir(folder)
        patch.setenv("BRAINMODEL_NATIVE", "0")
        small = [*SMALL, *QUIET, "--model.areas.PFC.units=[6]", "--trainer.max_steps=2"]
        main(["fit", "--config=tasks/centre_out_reaching", *small, "--trainer.logger.name=run"])
    return folder, "runs/run/version_0/checkpoints/last.ckpt"


@pytest.fixture(autouse=True)
def beside(ran: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ran[0])
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


def test_a_checkpoint_is_recorded_while_it_does_its_task(
    ran: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config=tasks/centre_out_reaching", *SMALL, f"--ckpt_path={ran[1]}", "--windows=2"]
    main(["record", *words, "--out=session.nwb"])
    assert "8 streams of 1.12 s, 16 trials; units of PFC (6)" in capsys.readouterr().out
    with OPEN("session.nwb", "r") as opened:
        file = opened.read()
        assert file.processing["ecephys"]["PFC_rate"].data.shape == (8 * 112, 6)
        assert file.processing["behavior"]["answer_PFC_arm"].data.shape == (8 * 112, 2)
        assert len(file.trials) == 16 and ran[1] in file.session_description


def test_a_session_is_perturbed_as_held_out_windows_are_and_says_so(
    ran: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The area is silent where the label is true, and at these steps alone."""
    when = {"class_path": "brainmodel.perturbation.During", "init_args": {"label": "response"}}
    mute = {
        "class_path": "brainmodel.perturbation.Silence",
        "init_args": {"what": "PFC", "when": when},
    }
    words = ["--config=tasks/centre_out_reaching", *SMALL, f"--ckpt_path={ran[1]}", "--windows=1"]
    main(["record", *words, f"--perturb.of={json.dumps({'mute': mute})}", "--out=mute.nwb"])
    assert "perturbed   mute (Silence PFC)" in capsys.readouterr().out
    with OPEN("mute.nwb", "r") as opened:
        file = opened.read()
        rates = file.processing["ecephys"]["PFC_rate"].data[:]
        during = file.processing["behavior"]["label_response"].data[:].ravel().astype(bool)
        assert during.any() and not rates[during].any() and rates[~during].any(1).mean() > 0.9
        assert "perturbed: mute (Silence PFC)" in file.session_description


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--ckpt_path=CKPT", "--out=a.nwb"], "data: is missing; add --config tasks/delayed_match"),
        (["--config=tasks/add", "--out=a.nwb"], "ckpt_path: is missing; add --ckpt_path FILE"),
        (["--config=tasks/add", "--ckpt_path=CKPT"], "out: is missing; add --out session.nwb"),
        (
            ["--config=tasks/add", "--ckpt_path=CKPT", "--out=a.nwb", "--windows=0"],
            "windows: need 1 or more, got 0",
        ),
        (
            ["--config=tasks/add", "--ckpt_path=CKPT", "--out=a.nwb"],
            "inputs.stimulus is float32",
        ),
        (
            ["--config=tasks/centre_out_reaching", "--ckpt_path=CKPT", "--out=a.nwb"]
            + ["--signals=[rates]"],
            "signals: there is no 'rates': choose among",
        ),
        (
            ["--config=tasks/centre_out_reaching", "--ckpt_path=CKPT", "--out=a.nwb"]
            + ["--window=3"],
            "window",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    words: list[str], sentence: str, ran: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["record", *[word.replace("CKPT", ran[1]) for word in words]])
    assert left.value.code == 2 and sentence in capsys.readouterr().err
    assert not Path("a.nwb").exists()


def test_a_task_brain_is_probed_from_the_command_line(
    ran: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    random, edges = np.random.default_rng(0), np.arange(-20, 13) / 100
    neurons = random.random((9, 8, 1, 32))
    names = np.array([f"direction {k}" for k in range(8)])
    write_npz(Recording(neurons, np.full(9, "M1"), names, edges, "spikes/s", "made up"), "m1.npz")
    recording = {
        "class_path": "brainmodel.probing.recordings.DuringTask",
        "init_args": {
            "path": "m1.npz",
            "task": {"class_path": TASK, "init_args": REACHES | {"batch_size": 32}},
            "windows": 2,
            "event": "since",
        },
    }
    scoring = {"bootstraps": 0, "halvings": 0, "progress": False}
    scoring["sampling"] = "brainmodel.probing.scores.PerStep"  # type: ignore[assignment]
    metrics = {"cka": "brainmodel.probing.metrics.CKA"}
    plan = {"recording": recording, "scoring": scoring, "metrics": metrics}
    Path("plan.yaml").write_text(yaml.safe_dump(plan))
    main(["probe", "--config=plan.yaml", f"--ckpt_path={ran[1]}", "--untrained=2", "--out=page"])
    said = capsys.readouterr().out
    assert "recording   9 neurons in M1; 8 stimuli; -0.2 to 0.12 s" in said
    assert "M1, cka: best is" in said and "Inputs over time" in Path("page/report.html").read_text()
