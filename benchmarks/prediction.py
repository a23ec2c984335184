"""Prediction of held-out scenes: local rules, BPTT within areas, BPTT end to end.

The default brain trains for the same number of steps from the same seeds. Errors are mean squared
errors per unit of V1's drive, the image, over held-out streams, next to those of repeating the last
frame and of the untrained brain.

    python -m benchmarks.prediction --out runs/benchmarks/prediction
"""

import tempfile
from pathlib import Path

from pytorch_lightning.callbacks import Callback
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from brainmodel.training.command_line import CommandLine, usual
from brainmodel.training.config_files import Config, merge, read
from brainmodel.training.report import Report

AREAS = ("V1", "LM", "AL", "PM")
BPTT: Config = {"areas": {area: {"rule": "brainmodel.learning.BPTT"} for area in AREAS}}
CONTENDERS: dict[str, Config] = {
    "local rules": {},
    "BPTT, local": BPTT,
    "BPTT, global": BPTT | {"scope": "brainmodel.learning.Global"},
}
SCENES = {"photographs": "default", "video": "natural_video"}


def train(scenes: str, model: Config, seed: int, steps: int, folder: Path) -> Report:
    """Train a variant of a shipped config; what its report says at the end."""
    config = merge(usual("fit", [scenes]), read(scenes))
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


def main() -> None:
    """Train everything; write what came out."""
    chosen = arguments(__doc__ or "")
    seeds, steps = ((0,), 5) if chosen.quick else ((0, 1, 2), 600)
    runs = [(s, c, seed) for s in SCENES for c in CONTENDERS for seed in seeds]
    reports: dict[tuple[str, str], list[Report]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for scenes, contender, seed in tqdm(runs, desc="training"):
            model = CONTENDERS[contender]
            report = train(SCENES[scenes], model, seed, steps, Path(folder))
            reports.setdefault((scenes, contender), []).append(report)
    figures = []
    for (scenes, contender), made in reports.items():
        settings = {"scenes": scenes, "steps": steps, "seeds": list(seeds), "area": "V1"}
        repeating = [report.errors["V1"].repeating for report in made]
        options = ("squared error", "repeating the last frame", repeating, settings)
        if contender == "local rules":
            untrained = [report.untrained["V1"] for report in made]
            figures.append(Figure("untrained", untrained, *options))
        errors = [report.errors["V1"].error for report in made]
        figures.append(Figure(contender, errors, *options))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
