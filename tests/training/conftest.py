"""Each test of training runs in a folder of its own."""

from functools import partial
from pathlib import Path

import pytest

from brainmodel.physiology import orientation_tuning


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in; sys.path is put back, for the command line adds the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear rivals are fitted to few steps, and tuning is measured with few gratings: in most runs
    nobody looks at how well they do."""
    report = "brainmodel.training.callbacks.report"
    few = partial(orientation_tuning, cycles=(2,), orientations=2)
    monkeypatch.setattr(f"{report}.STEPS", 48)
    monkeypatch.setattr(f"{report}.orientation_tuning", few)
