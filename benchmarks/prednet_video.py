"""PredNet on real video: how its error on held-out parts of clips falls while it learns.

Reads the curves that trainings wrote for TensorBoard; trains nothing itself but one step, which
tells what repeating the last frame, the best linear predictor of the frame's reach and the brain
before training reach on the same held-out parts. Errors are mean squared errors of the frame, as
shares of that of repeating it; beside them the share of units of each layer that said nothing in
the window looked at.

    python train.py fit --config prednet_video --seed_everything 0
    python -m benchmarks.prednet_video --runs runs/prednet_video/version_0 \\
        --out runs/benchmarks/prednet_video

Give several folders, of several seeds, after --runs. A training that was stopped has a curve as
far as it came. Writes curves.png, too.
"""

from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from benchmarks._results import Figure, write
from benchmarks._training import callback, fit
from brainmodel.figures import FAINT, INK, save
from brainmodel.probing.drawing import COLOURS, canvas
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import LINEAR, REPEATING

CONFIG, LOWEST = "prednet_video", "A0"
CURVE, SILENT = f"held_out_relative_error/{LOWEST}", "silent/"
AIM = 0.7  # of repeating
LAST = 10  # looks at silent units that count as the end of training

Points = list[tuple[int, float]]


class Curves(NamedTuple):
    """One training: error of the frame over repeating, and silent shares by layer, by step."""

    error: Points
    silent: dict[str, Points]


def read_run(folder: Path) -> Curves:
    """The curves of a training, from its folder.

    Raises:
        ValueError: if the folder holds no curve of held-out errors of the frame.
    """
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    names: list[str] = events.Tags()["scalars"]
    if CURVE not in names:
        raise ValueError(f"--runs {folder}: no curve {CURVE}; give a folder of fit, version_N")
    found = {
        name: [(point.step + 1, point.value) for point in events.Scalars(name)]
        for name in names
        if name == CURVE or name.startswith(SILENT)
    }
    return Curves(found.pop(CURVE), {name.removeprefix(SILENT): p for name, p in found.items()})


def rivals() -> dict[str, float]:
    """Errors of the frame over repeating of what learns nothing, and of the best linear one."""
    report = callback(fit(CONFIG, {}, 0, 1), Report)
    repeating = report.tallies[LOWEST].error(REPEATING, "all")
    return {
        LINEAR: report.tallies[LOWEST].error(LINEAR, "all") / repeating,
        "untrained": report.untrained[LOWEST].error / repeating,
    }


def figures(runs: list[Curves], beside: dict[str, float]) -> list[Figure]:
    """Errors by step, of as many trainings as came so far; silent units; what stands beside."""
    made = []
    for step in sorted({step for run in runs for step, _ in run.error}):
        values = [value for run in runs for at, value in run.error if at == step]
        made.append(Figure(f"after {step} steps", values, f"of {REPEATING}"))
    for area in runs[0].silent:
        ends = [median(value for _, value in run.silent[area][-LAST:]) for run in runs]
        made.append(Figure(f"silent units of {area}, at the end", ends, "share"))
    return made + [Figure(name, [value], f"of {REPEATING}") for name, value in beside.items()]


def draw(runs: list[Curves], beside: dict[str, float], out: Path) -> None:
    """Errors of every training by step, and the silent shares of the first."""
    figure, axes = canvas(1, 2, 4.2, 3.0)
    errors, silent = axes[0]
    for place, run in enumerate(runs):
        colour = COLOURS[place % len(COLOURS)]
        errors.plot(*zip(*run.error, strict=True), "o-", color=colour, label=f"run {place + 1}")
    lines = {"repeating": 1.0, "best linear": beside[LINEAR], "aimed at": AIM}
    for style, (name, height) in zip(("-", "--", ":"), lines.items(), strict=True):
        errors.axhline(height, color=FAINT, lw=1.2, ls=style, zorder=1, label=name)
    errors.set_ylim(bottom=0)
    errors.set_ylabel("error on held-out video / repeating", fontsize=9, color=INK)
    for place, (area, points) in enumerate(runs[0].silent.items()):
        silent.plot(*zip(*points, strict=True), color=COLOURS[place], lw=1.2, label=area)
    silent.set_ylim(0, 1)
    silent.set_ylabel("share of silent units, run 1", fontsize=9, color=INK)
    for panel in (errors, silent):
        panel.set_xlabel("steps of training", fontsize=9, color=INK)
        panel.legend(fontsize=8, frameon=False)
    out.mkdir(parents=True, exist_ok=True)
    save(figure, out / "curves.png")


def main() -> None:
    """Read, compare and write."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0], allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of fit")
    chosen = parser.parse_args()
    runs, beside = [read_run(folder) for folder in chosen.runs], rivals()
    write(chosen.out, figures(runs, beside))
    draw(runs, beside, chosen.out)


if __name__ == "__main__":
    main()
