"""Studies by the command line: what they train and write, killed, joined, failing, spread."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from brainmodel.cli import main
from brainmodel.command_line import cells_together, study_command
from brainmodel.data.tasks import TemporalXOR
from brainmodel.probing.activity import average_places, mean_inputs
from brainmodel.probing.recordings import Recording, write_npz
from brainmodel.training.lockstep import BrainsTogether

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RECORDINGS = "brainmodel.probing.recordings"
SMALL = str(HERE / "small.yaml")
LEDGER = {
    "class_path": "brainmodel.training.callbacks.Ledger",
    "init_args": {"what": "PFC.recurrent"},
}


def study(*options: str, config: str = SMALL, out: str = "out") -> list[dict[str, str]]:
    """Run a study; the rows of its table."""
    main(["study", f"--config={config}", f"--out={out}", *options])
    return rows(out)


def rows(out: str = "out") -> list[dict[str, str]]:
    with Path(out, "study.csv").open() as opened:
        return list(csv.DictReader(opened))


def journal(out: str = "out") -> str:
    path = Path(out, "study.journal")
    return path.read_text() if path.exists() else ""


def done(text: str) -> int:
    """How many trials are complete, by the journal of a study."""
    return text.count('"state":1,')


@pytest.mark.slow
def test_a_study_measures_what_fit_measures_and_trains_nothing_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = study()
    assert [(row["rule"], row["seed"]) for row in found] == [
        (rule, seed) for seed in "01" for rule in ("BPTT", "NoLearning")
    ]
    content = yaml.safe_load(Path(SMALL).read_text())
    Path("same.yaml").write_text(
        yaml.safe_dump({"extends": "tasks/temporal_xor"} | content["changes"])
    )
    quiet = ["--trainer.enable_progress_bar=false", "--report.scenes=0", "--trainer.logger=false"]
    seed = ["--seed_everything=1", "--data.seed=1", "--trainer.enable_checkpointing=false"]
    capsys.readouterr()
    main(["fit", "--config=same.yaml", *seed, *quiet])
    told = re.search(r"accuracy (\S+) \(chance (\S+), untrained (\S+)\)", capsys.readouterr().out)
    assert told is not None
    (row,) = [row for row in found if (row["rule"], row["seed"]) == ("BPTT", "1")]
    ours = [f"{float(row[column]):.3f}" for column in ("score", "chance", "untrained")]
    assert ours == list(told.groups())
    assert len({row["score"] for row in found}) > 1, "the control"

    def never(*_: Any) -> Any:
        raise AssertionError("a finished cell was trained again")

    monkeypatch.setattr(cells_together, "train_cell", never)
    assert study() == found
    page = Path("out", "study.html").read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    for part in ("chance", "untrained", "cannot tell", "NoLearning", "Configuration", "data:image"):
        assert part in page
    told_again = json.loads(Path("out", "study.json").read_text())
    (cell, *_) = [c for c in told_again["cells"] if c["seed"] == 1]
    assert [step for step, _ in cell["curves"]["accuracy"]] == [6, 12]


@pytest.mark.slow
def test_a_study_that_is_killed_three_times_ends_with_the_same_table() -> None:
    whole = study(out="whole")
    command = [sys.executable, str(ROOT / "train.py"), "study", f"--config={SMALL}", "--out=out"]
    command += ["--stale_after=2"]
    moments = (lambda: '"alive"' in journal(), *(lambda k=k: done(journal()) >= k for k in (1, 2)))
    for moment in moments:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            while not moment() and running.poll() is None:
                time.sleep(0.01)
            os.kill(running.pid, signal.SIGKILL)
        assert done(journal()) < 4
    assert study("--stale_after=2") == whole
    assert done(journal()) == 4, "what was finished was not run again"


@pytest.mark.slow
def test_two_workers_run_each_cell_once_and_find_the_same() -> None:
    alone = study(out="alone")
    assert study("--workers=2") == alone
    assert done(journal()) == 4 and journal().count('"op_code":4') >= 4
    workers = re.findall(r'"worker_id":"([^"]+)","trial_id":\d+,"user_attr":{"found"', journal())
    assert len(workers) == 4 and len(set(workers)) == 2, "the control: both had a part in it"


@pytest.mark.slow
def test_a_cell_that_fails_is_shown_and_not_mixed_in(capsys: pytest.CaptureFixture[str]) -> None:
    Path("breaks.py").write_text(
        "import pytorch_lightning as pl\n\n\n"
        "class Breaks(pl.Callback):\n"
        "    def on_train_end(self, trainer, pl_module):\n"
        "        raise RuntimeError('out of luck\\nat all')\n"
    )
    broken = {"trainer": {"callbacks": ["breaks.Breaks"]}}
    levels = {"levels": {"whole": {}, "broken": broken}}
    content = yaml.safe_load(Path(SMALL).read_text()) | {"factors": {"callbacks": levels}}
    Path("mine.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    found = study(config="mine.yaml")
    assert [row["state"] for row in found] == ["done", "failed"] * 2
    assert found[1]["error"] == "RuntimeError: out of luck" and found[1]["score"] == ""
    assert "failed: callbacks broken, seed 0: RuntimeError: out of luck" in capsys.readouterr().out
    tables = json.loads(Path("out", "study.json").read_text())["tables"]["accuracy"]
    whole, without, *_ = tables["levels"]
    scores = [float(row["score"]) for row in found if row["callbacks"] == "whole"]
    assert whole["score"] == pytest.approx(sum(scores) / 2) and whole["seeds"] == 2
    assert without["score"] is None and without["seeds"] == 0
    assert tables["differences"][0]["outcome"] == "cannot tell" and tables["variance"] == []
    assert "out of luck" in Path("out", "study.html").read_text()
    log = [path.read_text() for path in Path("out", "cells").iterdir()]
    assert len(log) == 4
    Path("breaks.py").write_text(Path("breaks.py").read_text().replace("luck", "time"))
    with pytest.raises(SystemExit):
        study(config="mine.yaml")
    assert "holds results of other code" in capsys.readouterr().err
    assert rows() == found


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # nobody waits for the process of a job
)
def test_jobs_of_a_cluster_do_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    submitit = pytest.importorskip("submitit")

    class Here:
        """submitit, whose jobs run on this machine."""

        @staticmethod
        def AutoExecutor(folder: str, cluster: str) -> Any:  # noqa: N802
            assert cluster == "slurm"
            return submitit.AutoExecutor(folder, cluster="local")

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(study_command, "require_slurm", lambda: Here)
    first = study("--slurm=1", "--slurm_options={timeout_min: 5}")
    assert len(first) == 4
    until = time.monotonic() + 120
    while done(journal()) < 4 and time.monotonic() < until:
        time.sleep(0.2)
    monkeypatch.setattr(cells_together, "train_cell", None)
    assert {row["state"] for row in study("--workers=0")} == {"done"}


@pytest.mark.slow
def test_a_score_against_neurons_is_a_measure() -> None:
    """Neurons that are the inputs of the task, by condition; training ends within an epoch."""
    task = TemporalXOR(aligned=True, batch_size=32)
    windows = [window[2] for window in task.held_out_windows(2)]
    labels = {name: torch.cat([window[name] for window in windows]) for name in windows[0]}
    places = average_places(labels, "response", range(4), (-8, 1))
    inputs = torch.cat([window[0]["stimulus"] for window in task.held_out_windows(2)])
    neurons = mean_inputs(inputs, places).transpose(2, 0, 1)[:, :, None].astype(float)
    edges = (places.first + np.arange(places.steps + 1)) / task.frames_per_second
    names = np.array(["00", "10", "01", "11"])
    area = np.full(len(neurons), "V1")
    write_npz(Recording(neurons, area, names, edges, "rates", "made up"), "neurons.npz")
    own = {"class_path": "brainmodel.data.tasks.TemporalXOR"}
    own |= {"init_args": {"aligned": True, "batch_size": 32}}  # type: ignore[dict-item]
    experiment = {"path": "neurons.npz", "task": own, "windows": 2, "event": "response"}
    recorded = {"class_path": f"{RECORDINGS}.DuringTask", "init_args": experiment}
    scoring = {"sampling": "brainmodel.probing.scores.PerStep", "halvings": 0}
    asked = {"metrics": {"cka": "brainmodel.probing.metrics.CKA"}, "scoring": scoring}
    probe = {"class_path": "brainmodel.training.callbacks.Probe"}
    probe |= {"init_args": {"recording": recorded, "plan": asked, "every_n_epochs": 5}}  # type: ignore[dict-item]
    content = yaml.safe_load(Path(SMALL).read_text())
    content["measures"] = {"alike": "probe_cka/PFC-V1"}
    Path("unprobed.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(SystemExit):
        study(config="unprobed.yaml")
    content["changes"]["trainer"] |= {"callbacks": [probe]}
    Path("probed.yaml").write_text(yaml.safe_dump(content))
    found = study(config="probed.yaml")
    assert len(found) == 4 and all(0 < float(row["score"]) < 1 for row in found)
    still = [row for row in found if row["rule"] == "NoLearning"]
    assert all(row["score"] == row["untrained"] for row in still)
    moved = [row for row in found if row["rule"] == "BPTT"]
    assert all(row["score"] != row["untrained"] for row in moved)
    cells = json.loads(Path("out", "study.json").read_text())["cells"]
    assert [step for step, _ in cells[0]["curves"]["alike"]] == [0, 12]


def test_a_term_that_nothing_tells_ends_a_cell_before_its_first_step() -> None:
    content = yaml.safe_load(Path(SMALL).read_text()) | {"seeds": [0]}
    content["measures"] = {"right": "held_out_terms/PFC.parity.acuracy"}
    content["factors"]["rule"]["levels"] = ["brainmodel.learning.BPTT"]
    content["changes"]["trainer"] = {"max_steps": 10**7}
    Path("mistyped.yaml").write_text(yaml.safe_dump(content))
    (row,) = study(config="mistyped.yaml")
    assert "measures.right: no curve is called that; among held_out_terms/PFC.par" in row["error"]


def test_time_ends_no_cell() -> None:
    """Else slow cells would have learnt less; see docs/studies.md."""
    study("--seeds=[0]", "--trainer.max_time=00:00:00:00", "--trainer.max_steps=6")
    cells = json.loads(Path("out", "study.json").read_text())["cells"]
    assert [[step for step, _ in cell["curves"]["accuracy"]] for cell in cells] == [[6], [6]]


@pytest.mark.slow
def test_how_well_gradients_align_is_a_measure() -> None:
    content = yaml.safe_load(Path(SMALL).read_text())
    content["changes"]["alignment"] = {"every_n_steps": 4}
    content["factors"]["rule"]["levels"] = ["brainmodel.learning.BPTT", "brainmodel.learning.EProp"]
    content |= {"measures": {"alignment": "cosine_local/PFC"}, "seeds": [0]}
    Path("mine.yaml").write_text(yaml.safe_dump(content))
    exact, local = (float(row["score"]) for row in study(config="mine.yaml"))
    assert exact == pytest.approx(1, abs=1e-5) and 0 < local < 0.9999


def test_what_changed_synapses_is_a_measure() -> None:
    content = yaml.safe_load(Path(SMALL).read_text())
    content["changes"]["trainer"] |= {"callbacks": [LEDGER]}
    content["factors"]["rule"]["levels"] = ["brainmodel.learning.BPTT"]
    content |= {"measures": {"learnt": "ledger_norm/PFC.recurrent.PFC.parity"}, "seeds": [0]}
    Path("mine.yaml").write_text(yaml.safe_dump(content))
    assert all(float(row["score"]) > 0 for row in study(config="mine.yaml"))


@pytest.mark.slow
def test_seeds_together_score_what_they_score_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    content = yaml.safe_load(Path(SMALL).read_text())
    content["measures"] = {"loss": "held_out_loss/PFC.parity", **content["measures"]}
    content["changes"]["trainer"] |= {"gradient_clip_val": 0.5, "log_every_n_steps": 4}
    Path("other.yaml").write_text(yaml.safe_dump(content))
    steps, learn = [], BrainsTogether.learn

    def counted(brains: BrainsTogether, windows: Any) -> Any:
        steps.append(len(windows))
        return learn(brains, windows)

    alone = study(config="other.yaml")
    monkeypatch.setattr(BrainsTogether, "learn", counted)
    joined = study("--seeds_together", "8", config="other.yaml", out="joined")
    assert steps == [2] * 24  # two rules, twelve steps of both seeds
    losses = []
    for one, other in zip(alone, joined, strict=True):
        assert (one["rule"], one["seed"], one["measure"]) == tuple(
            other[name] for name in ("rule", "seed", "measure")
        )
        assert float(other["score"]) == pytest.approx(float(one["score"]), abs=1e-6)
        assert (one["untrained"], one["chance"]) == (other["untrained"], other["chance"])
        losses += [one["score"]] * (one["measure"] == "loss")
    assert len(set(losses)) == 4  # what is compared is of this seed and of this rule


@pytest.mark.parametrize(
    ("measure", "changes"),
    [
        ("ledger_norm/PFC.recurrent.PFC.parity", {"trainer": {"callbacks": [LEDGER]}}),
        ("cosine_local/PFC", {"alignment": {"every_n_steps": 1}, "trainer": {}}),
    ],
    ids=["ledger", "alignment"],
)
def test_what_asks_each_objective_is_measured_one_by_one(
    measure: str, changes: dict[str, Any]
) -> None:
    content = yaml.safe_load(Path(SMALL).read_text())
    content["changes"] |= changes
    content["changes"]["trainer"]["max_steps"] = 2
    content["factors"]["rule"]["levels"] = ["brainmodel.learning.BPTT"]
    content["measures"] = {"measured": measure}
    Path("mine.yaml").write_text(yaml.safe_dump(content))
    found = study("--seeds_together", "2", config="mine.yaml")
    assert len(found) == 2 and all(float(row["score"]) > 0 for row in found)
    assert "ask each objective" in journal()


@pytest.mark.slow
def test_seeds_that_cannot_be_one_are_trained_one_by_one() -> None:
    content = yaml.safe_load(Path(SMALL).read_text())
    del content["factors"]["rule"]["key"]
    content["factors"]["rule"]["levels"] = {
        "Hebbian": {"model": {"areas": {"PFC": {"rule": "brainmodel.learning.Hebbian"}}}}
    }
    Path("other.yaml").write_text(yaml.safe_dump(content))
    study(config="other.yaml")
    study("--seeds_together", "2", config="other.yaml", out="joined")
    assert [row["score"] for row in rows()] == [row["score"] for row in rows("joined")]
    assert "Hebbian is not known to keep seeds apart" in journal("joined")
