"""Two processes with half the streams each do what one process with all of them does."""

import os
import re
import signal
import subprocess
import sys
import time
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.runs import EVERY_STEP, TINY, fit, learnt, same, saved

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = {
    "model": {
        "areas": {
            "PM": {
                "cell": {"class_path": "areas.SubLSTM", "init_args": {"recorded": True}},
                "objectives": {
                    "target": {"class_path": "objectives.TargetRate", "init_args": {"rate": 0.1}},
                    "gaze": {
                        "class_path": "objectives.Regression",
                        "init_args": {"label": "motion", "size": 3},
                    },
                },
                "weights": {"target": 0.0},
            }
        }
    }
}
TWO = """
from tests.training.runs import EVERY_STEP, checkpoint, fit
two = ("--trainer.devices=2", "--trainer.strategy=ddp_fork", "--data.batch_size=1", *EVERY_STEP)
run = fit(*two, folder="two", config=CONFIG)
fit(f"--ckpt_path={checkpoint(run, 3)}", *two, folder="resumed", config=CONFIG)
"""


@pytest.fixture
def few_samples() -> None:
    """Here linear rivals are compared, and are fitted to as many steps as in training."""


def scalars(run: Path, groups: tuple[str, ...]) -> dict[str, list[float]]:
    """Curves of a run, by tag."""
    events = EventAccumulator(str(run))
    events.Reload()
    tags = [tag for tag in events.Tags()["scalars"] if tag.startswith(groups)]
    return {tag: [event.value for event in events.Scalars(tag)] for tag in tags}


def table(said: str) -> list[float]:
    """The numbers of the first table that a run printed; not a number where it has none."""
    head, _, *rows = said[said.index("  area") :].splitlines()
    assert head.endswith("/ untrained's")
    rows = rows[: rows.index("")] if "" in rows else rows
    numbers = [number for row in rows for number in row.split()[2:]]
    return [float("nan" if number == "-" else number) for number in numbers]


def files_of(run: Path) -> list[str]:
    """Names of all that a run wrote, but for what each run has of its own."""
    own = re.compile(r"(events.out.tfevents).*")
    files = (path for path in run.rglob("*") if path.is_file())
    return sorted(own.sub(r"\1", str(path.relative_to(run))) for path in files)


def weights(content: dict[str, Any]) -> torch.Tensor:
    return torch.cat([value.flatten() for value in content["state_dict"].values()])


@pytest.mark.slow
def test_two_processes_with_half_the_streams_are_one_with_all(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nCONFIG = {CONFIG}"
    ran = subprocess.run(  # forks before any autograd
        [sys.executable, "-c", f"{head}\n{TWO}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    capsys.readouterr()
    one = saved(fit(*EVERY_STEP, folder="one", config=CONFIG))
    two = saved(Path("runs/two/version_0"))
    torch.testing.assert_close(weights(two), weights(one), rtol=1e-4, atol=1e-5)
    begun = weights(saved(Path("runs/one/version_0"), 1))
    with pytest.raises(AssertionError):  # the control: so far does training move them
        torch.testing.assert_close(weights(one), begun, rtol=1e-4, atol=1e-5)

    errors = ("relative_error/", "held_out_relative_error/")
    terms = ("terms/", "held_out_terms/")
    of_areas = ("rate/", "silent/", "gate/", "dead_outputs/", "dimensionality/")
    of_synapses = ("gradient/", "weight/", "learning_signal/")
    compared = ("loss/", "held_out_loss/", *errors, *terms, *of_areas, *of_synapses)
    curves = [scalars(Path("runs", name, "version_0"), compared) for name in ("one", "two")]
    assert len(curves[0]) > 12 and {tag.split("/")[0] + "/" for tag in curves[0]} == {*compared}
    for tag, values in curves[0].items():
        if tag.endswith("PM.target"):  # it is said to differ
            continue
        assert curves[1][tag] == pytest.approx(values, rel=1e-3, abs=1e-6), tag
    tables = table(capsys.readouterr().out), table(ran.stdout.split("Goes on after")[0])
    assert tables[1] == pytest.approx(tables[0], rel=0.02, nan_ok=True)
    assert len(tables[0]) == 2 * 7 and sum(map(isnan, tables[0])) == 3  # PM has no rivals
    warned = "areas.PM.objectives.target: TargetRate compares the streams of a batch, and each of"
    assert warned in ran.stdout and "areas.V1.objectives.next" not in ran.stdout

    written = [files_of(Path("runs", name, "version_0")) for name in ("one", "two")]
    assert written[0] == written[1]  # what one process writes, and nothing twice

    assert len(two["streams"]) == 2
    assert not same(*[learnt(two | {"streams": [stream]}) for stream in two["streams"]])
    assert same(learnt(saved(Path("runs/resumed/version_0"))), learnt(two))


@pytest.mark.slow
def test_when_the_first_process_is_killed_the_other_ends_with_a_sentence(own_folder: Path) -> None:
    """`benchmarks/faults.py` has more faults, of either process."""
    dying = {"PM": {"objectives": {"next": "tests.training.parts.Dying"}}}
    Path("dying.yaml").write_text(yaml.safe_dump({"model": {"areas": dying}}))
    two = ("--trainer.devices=2", "--trainer.strategy=ddp", "--data.batch_size=1", *EVERY_STEP)
    with Path("said.txt").open("w") as opened:
        ran = subprocess.run(
            [sys.executable, ROOT / "train.py", "fit", "-c", TINY, "-c", "dying.yaml", *two],
            env=os.environ | {"DIES": "0", "PYTHONPATH": str(ROOT)},
            stdout=opened,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
    assert ran.returncode == -signal.SIGKILL
    limit = time.monotonic() + 60
    while not (said := re.findall("brainmodel: .*", Path("said.txt").read_text())):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert said == ["brainmodel: stopped: process 1 ends: another process of this run has ended"]
    (going_on,) = re.findall("Go on with: (.*)", Path("said.txt").read_text())
    assert "-c dying.yaml" in going_on
    assert going_on.endswith("--ckpt_path runs/dying/version_0/checkpoints/last.ckpt")
