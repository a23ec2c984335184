"""The examples of docs/probing.md work as they stand there, and its tables name what there is."""

import importlib
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from brainmodel import CONFIGS
from brainmodel.command_line.probe_command import probe_parser
from brainmodel.probing.analyses import Expectation
from brainmodel.probing.recordings import read_npz
from tests.probing.brains import looking

TEXT = (Path(__file__).parents[2] / "docs" / "probing.md").read_text()
EXAMPLES = dict(re.findall(r"```python file=(\w+)\.py\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the page's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in EXAMPLES.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    return tmp_path


def test_data_of_ones_own_are_written_and_probed(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path("bring.py")
    recording = read_npz("recording.npz")
    assert recording.responses.shape == (20, 60, 6, 5)
    assert np.load("frames.npy").shape == (60, 16, 16)
    report = importlib.import_module("by_hand").report
    findings = report(looking(), [looking(1), looking(2)], "out")
    assert "made-up mouse" in (written / "out" / "report.html").read_text()
    area, brain_area, score, ceiling = capsys.readouterr().out.split()
    assert brain_area in ("VISp", "VISl") and area
    assert 0.3 < float(score) < float(ceiling) < 1  # the neurons are linear in the pixels

    import csv

    with (written / "out" / "scores.csv").open() as opened:
        columns = set(next(csv.reader(opened)))
    named = {n for line in re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE) for n in _names(line)}
    unnamed = columns - named - {"metric", "seed"}
    assert not unnamed, "columns that the page does not explain"

    (text,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    first, *questions = text.splitlines()
    names: dict[str, Any] = {"findings": findings}
    exec(first, names)
    interval, lag, pixels, by_lag, table = (eval(question, names) for question in questions)
    assert interval[0] < float(score) and lag in (0.0, 0.05) and 0 < pixels < 1
    assert [place for place, _ in by_lag] == [0.0, 0.05] and set(table[0]) == columns


def test_other_formats_are_written_and_read_by_their_configs(written: Path) -> None:
    pytest.importorskip("h5netcdf")
    runpy.run_path("bring.py")
    runpy.run_path("formats.py")
    original = read_npz("recording.npz")
    frames = np.load("frames.npy")[:, None, ..., None]
    for name, changes in (("netcdf_file", {"frames": "frames"}), ("mat_file", {})):
        found, stimuli = configured(name, changes)
        assert np.allclose(found.responses, original.responses), name
        assert found.areas.tolist() == original.areas.tolist() and found.unit == original.unit
        assert found.edges == pytest.approx(original.edges)
        assert np.array_equal(stimuli.frames, frames), name
    spikes, stimuli = configured("tables", {})
    assert spikes.responses.shape == (20, 60, 6, 5) and np.array_equal(stimuli.frames, frames)
    assert spikes.responses.mean() == pytest.approx(40000 / 182 / 20, rel=0.02)


def configured(name: str, changes: dict[str, Any]) -> Any:
    """What is read by a config of a recording, as it is but for these options."""
    held = yaml.safe_load((CONFIGS / "probing/recordings" / f"{name}.yaml").read_text())
    held["init_args"] |= changes
    parser = probe_parser()
    text = yaml.safe_dump({"recording": held})
    return parser.instantiate(parser.parse_args(["--config", text])).recording.read()


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_the_metrics_and_recordings_named_are_there() -> None:
    metrics = TEXT.split("| metric | config | is |")[1].split("\n\n")[0]
    named = re.findall(r"`(\w+)`", metrics)
    assert {f"{name}.yaml" for name in named} <= {p.name for p in (CONFIGS / "probing").iterdir()}
    recordings = re.findall(r"`--recording (\w+)`", TEXT)
    assert len(recordings) >= 3
    for name in recordings:
        assert name == "NAME" or (CONFIGS / "probing/recordings" / f"{name}.yaml").is_file()


def test_the_expectation_named_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(analyses:.*?)```", TEXT, re.DOTALL)
    named = yaml.safe_load(text)["analyses"]["expectation"]
    assert named["class_path"] == "brainmodel.probing.analyses.Expectation"
    assert Expectation(**named["init_args"]).window == [0.1, 0.3]
