"""Prediction of held-out scenes: local rules, BPTT within areas, BPTT end to end.

The default brain trains for the same number of steps from the same seeds. Errors are mean squared
errors per unit of V1's drive, the image, over held-out streams, next to those of repeating the last
frame and of the untrained brain.

    python -m benchmarks.prediction --out runs/benchmarks/prediction
"""

import contextlib
import io
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from pytorch_lightning.callbacks import Callback
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from brainmodel.command_line.config_files import Config, merge, read_config
from brainmodel.command_line.train_command import CommandLine, usual
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import HeldOut

AREAS = ("V1", "LM", "AL", "PM")
BPTT: Config = {"areas": {area: {"rule": "brainmodel.learning.BPTT"} for area in AREAS}}
CONTENDERS: dict[str, Config] = {
    "local rules": {},
    "BPTT, local": BPTT,
    "BPTT, global": BPTT | {"scope": "brainmodel.scopes.Global"},
}
Found = tuple[HeldOut, float]
"""What was reached on held-out streams, and the error of the untrained brain."""
SCENES = {"photographs": "default", "video": "natural_video"}


def train(scenes: str, model: Config, seed: int, steps: int, folder: Path) -> Report:
    """Train a variant of a shipped config; what its report says at the end."""
    config = merge(usual("fit", [scenes]), read_config(scenes))
    changes: Config = {
        "model": model,
        "seed_everything": seed,
        "trainer": {
            "max_steps": steps,
            "max_time": None,
            "default_root_dir": str(folder),
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
            "limit_val_batches": 0,
        },
        "report": {"scenes": 0},
    }
    command = CommandLine("fit", merge(config, changes), [])
    callbacks: list[Callback] = command.trainer.callbacks  # type: ignore[attr-defined]
    return next(callback for callback in callbacks if isinstance(callback, Report))


def run(scenes: str, contender: str, seed: int, steps: int) -> Found:
    """One contender on one kind of scenes, in a process and a folder of its own, on one thread."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        report = train(SCENES[scenes], CONTENDERS[contender], seed, steps, Path(folder))
    return report.errors["V1"], report.untrained["V1"]


def main() -> None:
    """Train everything, as many at a time as there are cores; write what came out."""
    chosen = arguments(__doc__ or "")
    seeds, steps = ((0,), 5) if chosen.quick else ((0, 1, 2), 250)
    runs = [(s, c, seed, steps) for s in SCENES for c in CONTENDERS for seed in seeds]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        made = list(tqdm(pool.map(run, *zip(*runs, strict=True)), "training", len(runs)))
    found: dict[tuple[str, str], list[Found]] = {}
    for (scenes, contender, *_), one in zip(runs, made, strict=True):
        found.setdefault((scenes, contender), []).append(one)
    figures = []
    for (scenes, contender), errors in found.items():
        settings = {"scenes": scenes, "steps": steps, "seeds": list(seeds), "area": "V1"}
        repeating = [held_out.repeating for held_out, _ in errors]
        options = ("squared error", "repeating the last frame", repeating, settings)
        if contender == "local rules":
            figures.append(Figure("untrained", [before for _, before in errors], *options))
        figures.append(Figure(contender, [held_out.error for held_out, _ in errors], *options))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
