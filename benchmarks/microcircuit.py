"""The gated microcircuit rule on photographs, whole and with one factor at a time taken away.

Two subLSTM areas, V1 and PM, learn for the same number of steps from the same seeds; PM's errors
end on V1's apical dendrites, and surprise is the neuromodulator of both. The rules it is compared
with have no neuromodulator, and e-prop has it once. Predictions are bounded, for errors that cause
errors would grow on their way round. What is reported are mean squared errors per unit of V1's
drive, the image, over held-out streams, next to those of the whole rule with the same seed.

    python -m benchmarks.microcircuit --out runs/benchmarks/microcircuit
"""

import tempfile
from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import Callback
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from brainmodel.command_line.config_files import Config, merge, read_config
from brainmodel.command_line.train_command import CommandLine, usual
from brainmodel.training.callbacks.report import Report

WHOLE = {"hold": 1.0, "write": 0.5, "read": 0.5, "dendrite": 0.5}
GAIN, OWN = 0.1, 1.0
BOUNDED: Config = {
    "V1": {"predictor": {"activation": "torch.sigmoid"}},
    "PM": {"predictor": {"activation": "torch.tanh"}, "cell": "areas.SubLSTM"},
}
SURPRISE, CONSTANT = (f"brainmodel.learning.modulation.{n}" for n in ("Surprise", "Constant"))


def circuit(
    gain: float = GAIN, own: float = OWN, modulator: str = SURPRISE, **gates: float
) -> Config:
    """Both areas by the microcircuit rule, but for what is given."""

    def rule(apical: list[str]) -> Config:
        arguments: dict[str, Any] = {"apical": apical, "gain": gain, "own": own}
        return {
            "class_path": "brainmodel.learning.GatedMicrocircuit",
            "init_args": arguments | {"gates": WHOLE | gates},
        }

    return {
        area: {"rule": rule(apical), "modulator": modulator}
        for area, apical in {"V1": ["PM_V1"], "PM": []}.items()
    }


def other(rule: str, modulator: str = CONSTANT) -> Config:
    """Both areas by another rule."""
    plan: Config = {"rule": f"brainmodel.learning.{rule}", "modulator": modulator}
    return dict.fromkeys(("V1", "PM"), plan)


CONTENDERS: dict[str, Config] = {
    "whole": circuit(),
    "forgets at once (hold 0)": circuit(hold=0.0),
    "written whatever the input's inhibition (write 0)": circuit(write=0.0),
    "read whatever the output's inhibition (read 0)": circuit(read=0.0),
    "dendrites always open (dendrite 0)": circuit(dendrite=0.0),
    "deaf to higher errors (gain 0)": circuit(gain=0.0),
    "deaf to its own error (own 0)": circuit(own=0.0),
    "without neuromodulator (M 1)": circuit(modulator=CONSTANT),
    "e-prop": other("EProp"),
    "e-prop, surprise": other("EProp", SURPRISE),
    "BPTT": other("BPTT"),
    "reservoir": other("NoLearning"),
}


def train(areas: Config, seed: int, steps: int, folder: Path) -> Report:
    """Train the two areas; what the report says at the end."""
    changes: Config = {
        "model": {
            "areas": merge(BOUNDED, areas),
            "pathways": {"PM_V1": {"signal": "error"}},
        },
        "data": {"init_args": {"windows_per_epoch": steps}},
        "seed_everything": seed,
        "trainer": {
            "max_steps": steps,
            "max_epochs": -1,
            "default_root_dir": str(folder),
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
            "limit_val_batches": 0,
        },
        "report": {"scenes": 0},
    }
    config = merge(merge(usual("fit", ["quick"]), read_config("quick")), changes)
    callbacks: list[Callback] = CommandLine("fit", config, []).trainer.callbacks  # type: ignore[attr-defined]
    return next(callback for callback in callbacks if isinstance(callback, Report))


def main() -> None:
    """Train everything; write what came out."""
    chosen = arguments(__doc__ or "")
    seeds, steps = ((0,), 5) if chosen.quick else ((0, 1, 2), 250)
    errors: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    repeating: list[float] = []
    runs = [(name, seed) for name in CONTENDERS for seed in seeds]
    with tempfile.TemporaryDirectory() as folder:
        for name, seed in tqdm(runs, desc="training"):
            report = train(CONTENDERS[name], seed, steps, Path(folder))
            errors[name].append(report.errors["V1"].error)
            if name == "whole":
                repeating.append(report.errors["V1"].repeating)
    settings = {"scenes": "photographs", "steps": steps, "seeds": list(seeds), "area": "V1"}
    options = ("squared error", "whole", errors["whole"], settings)
    figures = [Figure(name, values, *options) for name, values in errors.items()]
    write(chosen.out, [Figure("repeating the last frame", repeating, *options), *figures])


if __name__ == "__main__":
    main()
