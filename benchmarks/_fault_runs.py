"""Runs of a tiny brain that has faults as it is told, what they leave, and how they go on."""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from torch.utils._pytree import tree_flatten

from benchmarks._forks import ends, forked
from brainmodel.physiology import orientation_tuning
from brainmodel.training.callbacks import report
from brainmodel.training.checkpoint_files import is_whole

STEPS = 60
WINDOWS = {
    "size": 8,
    "window": 4,
    "batch_size": 2,
    "windows_per_epoch": 15,
    "validation_windows": 2,
}
CONFIG: dict[str, Any] = {
    "extends": "quick",
    "model": {
        "areas": {
            "V1": {"units": [4, 8, 8]},
            "PM": {"units": [6], "objectives": {"next": "faulty.Faulty"}},
        },
        "final": 0.1,
    },
    "data": {
        "init_args": WINDOWS,
    },
    "trainer": {"max_epochs": STEPS // 15, "enable_progress_bar": False, "log_every_n_steps": 5},
    "checkpoint": {"every_n_train_steps": 3},
    "pictures": {"scenes": 0},
    "report": {"scenes": 0},
}
FILM: dict[str, Any] = {
    "extends": "tiny.yaml",
    "data": {
        "class_path": "brainmodel.data.VideoFolder",
        "init_args": {
            **WINDOWS,
            "folder": "videos",
            "cache": "cache",
            "gap": 0.1,
            "cut_below": None,
        },
    },
}
FAULTY = '''
import errno, os, pathlib, resource, signal
from objectives import SquaredError

class Faulty(SquaredError):
    """Has faults at a step of a process, as the environment asks: "error 1 7"."""
    windows = 0
    def forward(self, activity):
        self.windows += self.training
        fault, rank, step = os.environ.get("FAULT", "none 0 0").split()
        mine = os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0"))
        loss = super().forward(activity)
        if self.training and self.windows == int(step) and mine in rank.split("+"):
            loss = loss * self.fail(fault)
        return loss
    def fail(self, fault):
        if fault == "nan":
            return float("nan")
        if fault == "error":
            raise RuntimeError("as it must")
        if fault == "disk":  # no file can grow beyond these bytes
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
        if fault == "video":
            for film in pathlib.Path("cache").glob("*.npy"):
                os.truncate(film, 200)
        if fault in ("SIGKILL", "SIGTERM"):
            os.kill(os.getpid(), getattr(signal, fault))
        return 1.0
'''
FIT = ("fit", "--config=tiny.yaml")
SENTENCE = r"brainmodel: (failed|stopped)|Stopped by|terminated with code"


def prepare(folder: str) -> None:
    """Go to a folder with configs, two films, and a part that has faults.

    The table at the end of a run, at which nobody looks, is made of few steps and gratings.
    """
    torch.set_num_threads(1)
    report.STEPS = 48  # type: ignore[misc]
    report.orientation_tuning = partial(orientation_tuning, cycles=(2,), orientations=2)
    os.chdir(folder)
    sys.path.insert(0, folder)
    Path("faulty.py").write_text(FAULTY)
    Path("tiny.yaml").write_text(yaml.safe_dump(CONFIG))
    Path("film.yaml").write_text(yaml.safe_dump(FILM))
    random = np.random.default_rng(0)
    for film in ("a", "b"):
        Path("videos", film).mkdir(parents=True)
        for frame in range(60):
            pixels = random.integers(0, 256, (12, 12), dtype=np.uint8)
            Image.fromarray(pixels).save(f"videos/{film}/{frame:02}.png")


def last(name: str) -> Path:
    """The last checkpoint of the last run of a name."""
    runs = sorted(Path("runs", name).iterdir(), key=lambda path: int(path.name[8:]))
    return runs[-1] / "checkpoints" / "last.ckpt"


def learnt(path: Path) -> list[Any]:
    """All that a run leaves for the next step."""
    content = torch.load(path, weights_only=True)
    keys = ("state_dict", "optimizer_states", "streams", "random_numbers", "global_step")
    return tree_flatten([content[key] for key in keys])[0]


def ended_as(run: str, whole: str) -> bool:
    """Whether the last run of a name ended as another one, tensors to the last bit."""
    if not last(run).exists():
        return False
    one, other = learnt(last(run)), learnt(last(whole))
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(one, other, strict=True)
    )


def halves(run: str) -> list[Path]:
    """Files of a run that have their final name and cannot be read."""
    found = [path for path in Path("runs", run).rglob("*.ckpt") if not is_whole(path)]
    for path in Path("runs", run).rglob("*.yaml"):
        text = path.read_text()
        if not text.endswith("\n") or yaml.safe_load(text) is None:
            found.append(path)
    return found


def spoke(run: str, texts: Sequence[str]) -> bool:
    """Whether there is a sentence on why training ended; else all that was said is shown."""
    if any(re.search(SENTENCE, text) for text in texts):
        return True
    print(run, *[text[-800:] for text in texts], sep="\n---\n")
    return False


def command(texts: Sequence[str]) -> list[str]:
    """The words with which a run says that it goes on; none if it does not say so."""
    found = [words for text in texts for words in re.findall("Go on with: brainmodel (.*)", text)]
    return shlex.split(found[-1]) if found else []


def goes_on(run: str, words: Sequence[str], whole: str) -> bool:
    """Whether a command line takes a run to the end that a whole one has."""
    return bool(words) and ends(forked(run, words)) and ended_as(run, whole)
