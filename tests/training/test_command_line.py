"""The command line from end to end: what a run shows, leaves behind, and returns."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from areas.loops.compiled import which_loops
from brainmodel.cli import main
from brainmodel.training import BrainModule
from tests.training.runs import TINY, fit, saved

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run of the quick config, and what it printed."""
    from contextlib import redirect_stdout
    from io import StringIO

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        folder = tmp_path_factory.mktemp("quick")
        patch.chdir(folder)
        main(["fit", "--config", "quick"])
        return folder / "runs" / "quick" / "version_0", said.getvalue()


@pytest.mark.slow
def test_a_run_ends_with_a_table_and_with_where_everything_lies(quick: tuple[Path, str]) -> None:
    run, said = quick
    for area in ("V1", "PM"):
        row = next(line for line in said.splitlines() if line.split()[:1] == [area])
        brain, untrained = map(float, row.split()[3:5])  # over that of repeating the last drive
        assert brain < untrained
    places = re.findall(r"runs/quick/version_0[\w/.]*", said)
    assert len(places) == 4
    for place in places:
        assert (run.parents[2] / place).exists()


@pytest.mark.slow
def test_a_run_leaves_its_config_which_makes_the_same_run_again(quick: tuple[Path, str]) -> None:
    run, _ = quick
    main(["fit", f"--config={run}/config.yaml", "--report.scenes=0", "--pictures.scenes=0"])
    again = Path("runs/quick/version_0")
    first, second = saved(run)["state_dict"], saved(again)["state_dict"]
    assert all((first[name] == second[name]).all() for name in first)


def test_tensorboard_gets_curves_pictures_and_hyperparameters(quick: tuple[Path, str]) -> None:
    events = EventAccumulator(str(quick[0]))
    events.Reload()
    scalars, images = set(events.Tags()["scalars"]), set(events.Tags()["images"])
    for tag in (
        "loss/V1.next",
        "loss/total",
        "held_out_loss/PM.next",
        "relative_error/V1",
        "held_out_relative_error/V1",
        "rate/V1",
        "silent/PM",
        "gradient/V1.drive",
        "gradient/V1.PM_V1",
        "gradient/PM.predictor.rate",
        "learning_rate/V1.synapses",
        "speed/frames_per_second",
    ):
        assert tag in scalars, sorted(scalars)
        assert all(event.value == event.value for event in events.Scalars(tag))
    portraits = {"signals", "rdm", "receptive_fields/V1"}
    assert images == {"brain", "frames/V1", "film/V1"} | portraits
    film = events.Images("film/V1")[-1].encoded_image_string
    assert film.startswith(b"GIF89a")
    assert "units" in (quick[0] / "hparams.yaml").read_text()


def test_a_run_says_what_takes_its_steps(quick: tuple[Path, str]) -> None:
    assert f"Steps are taken by {which_loops()}." in quick[1]
    assert f"loops       {which_loops()}" in quick[1]


def test_pictures_have_something_to_see(quick: tuple[Path, str]) -> None:
    for name in ("brain.png", "held_out_V1.png"):
        picture = Image.open(quick[0] / name)
        assert min(picture.size) > 400
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 20


def test_a_checkpoint_is_loaded_without_its_config(quick: tuple[Path, str]) -> None:
    module = BrainModule.load_from_checkpoint(quick[0] / "checkpoints" / "last.ckpt")
    content = saved(quick[0])["state_dict"]
    assert all((module.state_dict()[name] == content[name]).all() for name in content)


@pytest.mark.parametrize("command", ["validate", "test"])
def test_a_checkpoint_is_measured(
    quick: tuple[Path, str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = quick[0] / "checkpoints" / "last.ckpt"
    main([command, "--config=quick", f"--ckpt_path={trained}"])
    measured = capsys.readouterr().out
    main([command, "--config=quick"])
    untrained = capsys.readouterr().out
    assert not list(Path.cwd().iterdir()), "measuring writes nothing"

    def error(said: str) -> float:
        return float(next(x.split()[3] for x in said.splitlines() if x.split()[:1] == ["V1"]))

    assert error(measured) < 0.5 * error(untrained)
    assert "metric" not in measured and "\nLosses on held-out streams: V1.next" in measured


def test_losses_are_told_as_in_the_table_of_lightning(capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", "--config", TINY, "--verbose=true"])
    line, table = capsys.readouterr().out.split("Losses on held-out streams: ")[1].split(".\n", 1)
    assert "Validate metric" in table
    for part in line.split(", "):
        name, loss = part.split()
        theirs = next(row for row in table.splitlines() if f"held_out_loss/{name} " in row)
        assert float(loss) == pytest.approx(float(theirs.split("│")[2]), rel=1e-3)


def test_print_config_shows_every_number_and_runs_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["fit", "--config", TINY, "--model.learning_rate=0.5", "--print_config"])
    assert left.value.code == 0
    printed = capsys.readouterr()
    assert printed.err.startswith(f"# On the CPU, steps are taken by {which_loops()}.")
    shown = yaml.safe_load(printed.out)
    assert shown["model"]["learning_rate"] == 0.5
    assert shown["model"]["areas"]["V1"]["kernel"] == 3  # from nowhere but the signature
    assert shown["trainer"]["max_epochs"] == 2  # from the file that the file extends
    assert not list(Path.cwd().iterdir())


def test_a_users_own_class_in_the_users_own_file_is_used() -> None:
    Path("mine.py").write_text(
        "from objectives import SquaredError\n"
        "class Twice(SquaredError):\n"
        "    def forward(self, activity):\n"
        "        open('used', 'w').close()\n"
        "        return 2 * super().forward(activity)\n"
    )
    fit(
        "--trainer.max_steps=1",
        config={"model": {"areas": {"V1": {"objectives": {"own": "mine.Twice"}}}}},
    )
    assert Path("used").exists()


def test_objectives_are_told_of_each_step_of_the_optimizer() -> None:
    counting = {"V1": {"objectives": {"count": "tests.training.parts.Counting"}}}
    run = fit("--trainer.accumulate_grad_batches=2", config={"model": {"areas": counting}})
    assert saved(run)["state_dict"]["brain.objectives.V1.count.steps"] == 6  # 2 epochs: 2 + 2 + 1


def test_help_is_there_before_torch_is() -> None:
    code = (
        "import sys; from brainmodel.cli import main; "
        "main(['--help']); print('torch' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert said.startswith("usage: brainmodel")
    assert said.endswith("False\n")


@pytest.mark.slow
def test_a_failure_leaves_with_1_and_sigterm_with_143() -> None:
    Path("failing.py").write_text(
        "from objectives import SquaredError\n"
        "class Failing(SquaredError):\n"
        "    def forward(self, activity):\n"
        "        raise RuntimeError('as it must')\n"
    )
    Path("fails.yaml").write_text("model: {areas: {V1: {objectives: {next: failing.Failing}}}}")
    command = [sys.executable, str(ROOT / "train.py"), "fit", f"--config={TINY}"]
    failed = subprocess.run(
        [*command, "--config=fails.yaml"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "brainmodel: failed: RuntimeError: as it must" in failed.stderr
    assert "Traceback" not in failed.stderr
    endless = [*command, "--trainer.max_epochs=-1", "--trainer.enable_progress_bar=false"]
    with subprocess.Popen(endless, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        until = time.monotonic() + 60
        last = Path("runs/tiny/version_0/checkpoints/last.ckpt")
        while not last.exists() and time.monotonic() < until:
            time.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) == 143
    assert saved(last.parents[1])["global_step"] >= 5


def test_ctrl_c_leaves_with_130() -> None:
    Path("interrupting.py").write_text(
        "from objectives import SquaredError\n"
        "class Interrupting(SquaredError):\n"
        "    def forward(self, activity):\n"
        "        raise KeyboardInterrupt\n"
    )
    before = signal.getsignal(signal.SIGINT)
    part = {"model": {"areas": {"V1": {"objectives": {"next": "interrupting.Interrupting"}}}}}
    try:
        with pytest.raises(SystemExit) as left:
            fit("--trainer.num_sanity_val_steps=0", config=part)
    finally:
        signal.signal(signal.SIGINT, before)  # Lightning ignores it from then on
    assert left.value.code == 130


def test_a_traceback_is_shown_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_TRACEBACK", "1")
    with pytest.raises(Exception, match="did you mean") as raised:
        main(["fitt"])
    assert not isinstance(raised.value, SystemExit)
    assert os.environ["BRAINMODEL_TRACEBACK"] == "1"
