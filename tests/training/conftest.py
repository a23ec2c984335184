"""Each test of training runs in a folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in; sys.path is put back, for the command line adds the folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear rivals are fitted to few steps: in most runs nobody looks at how well they do."""
    monkeypatch.setattr("brainmodel.training.callbacks.report.STEPS", 240)
