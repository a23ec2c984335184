"""What brains do that act: reaches of the arm, and staying after the outcome of two steps.

The brains of configs/tasks that act on environments are trained by the command line, as a user
does, and their scores on held-out streams are read off what it prints, beside chance, untrained
and a reservoir (the first seed, of whose areas only what reads them out learns); the two-step
decision beside others who could decide (`benchmarks._two_step`). Of the first seed a figure: the
hand's courses to eight targets, and how often the first choice is repeated after what was paid or
not, by a common or a rare transition (Daw et al. 2011, figure 2).

    python -m benchmarks.acting --out runs/benchmarks/acting
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray
from torch import Tensor

from benchmarks._results import Figure, arguments, write
from benchmarks._two_step import rivals
from brainmodel.command_line.config_files import read_config
from brainmodel.data import ClosedLoop
from brainmodel.data.streams import Part
from brainmodel.environments import Reaching, TwoStepDecision
from brainmodel.figures import save
from brainmodel.perturbation import Silence, perturbed
from brainmodel.training.held_out import follow_streams
from brainmodel.training.module import BrainModule

LOOPS = ("centre_out_reaching_closed", "two_step_decision", "cart_pole")
BOUNDS = (0.1, 0.9)  # of the two-step decision, as its config has them
TOLD = re.compile(r"(\S+) (-?[\d.]+) \((?:chance (-?[\d.]+), )?untrained (-?[\d.]+)\)")


class Scores(NamedTuple):
    """Of one objective on held-out streams."""

    reached: float
    untrained: float
    chance: float | None


def train(name: str, seed: int, folder: Path, more: list[str]) -> dict[str, Scores]:
    """Train a config's brain; scores by objective and term."""
    command = [sys.executable, "train.py", "fit", "--config", f"tasks/{name}"]
    command += ["--seed_everything", str(seed), "--trainer.enable_progress_bar", "false"]
    command += ["--trainer.default_root_dir", str(folder), *more]
    command += ["--checkpoint.dirpath", str(folder), "--pictures.scenes", "0"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = [one for one in said.splitlines() if one.startswith("Tasks on held-out streams")]
    print(name, seed, line, flush=True)
    return {
        place: Scores(float(reached), float(untrained), float(chance) if chance else None)
        for place, reached, chance, untrained in TOLD.findall(line)
    }


def as_reservoir(name: str) -> list[str]:
    """Options by which no area of a config learns; what reads out its rates does."""
    areas = read_config(f"tasks/{name}")["model"]["areas"]
    return [f"--model.areas.{area}.rule=brainmodel.learning.NoLearning" for area in areas]


def acted(
    path: Path, data: ClosedLoop, windows: int, silent: Sequence[str] = ()
) -> dict[str, Tensor]:
    """Labels [time, batch, ...] of a trained brain on held-out streams, some pathways silent."""
    brain = BrainModule.load_from_checkpoint(path).brain
    stream = data.stream(data.share(Part.VALIDATION))
    with perturbed(brain, {"silent": Silence(silent)} if silent else {}):
        shown = follow_streams(brain, (stream.window(index) for index in range(windows)))
        told = [next(iter(activities.values())).labels for _, activities in shown]
    return {name: torch.cat([one[name] for one in told]) for name in told[0]}


def stays(labels: dict[str, Tensor]) -> NDArray[np.float64]:
    """How often the first choice is repeated, [not paid or paid, rare or common]."""
    streams = labels["ends"].shape[1]
    found = np.zeros((2, 2, 2))  # paid, common, stayed
    for k in range(streams):
        ends = labels["ends"][:, k]
        first, paid, common = (labels[n][ends, k].long() for n in ("first", "reward", "common"))
        np.add.at(found, (paid[:-1], common[:-1], (first[1:] == first[:-1]).long()), 1)
    return found[:, :, 1] / found.sum(2)


def bidders(out: Path, seeds: range, windows: int) -> Iterator[Figure]:
    """Of the two-step decision: reward and planning, while both areas bid, or one is silent.

    Planning is how much more the first choice is repeated after a common transition than after a
    rare one, where it was paid, less the same where it was not (Daw et al. 2011): 0 for a habit.
    """
    loop = two_step_loop()
    for silent in ((), ("PFC_task",), ("DLS_task",)):
        paid, planning = [], []
        for seed in seeds:
            labels = acted(out / f"two_step_decision_{seed}/last.ckpt", loop, windows, silent)
            paid.append(float(labels["reward"][labels["ends"].bool()].mean()))
            (rare_0, common_0), (rare_1, common_1) = stays(labels)
            planning.append(float(common_1 - rare_1 - (common_0 - rare_0)))
        who = f"without {silent[0]}" if silent else "both bid"
        yield Figure(f"two_step_decision, {who}: reward", paid, "")
        yield Figure(f"two_step_decision, {who}: planning", planning, "")


def two_step_loop() -> ClosedLoop:
    """The data of the config."""
    task = TwoStepDecision(bounds=BOUNDS)
    return ClosedLoop({"task": task}, window=60, episode=600, batch_size=128)


def draw_reaches(axes: Axes, labels: dict[str, Tensor]) -> None:
    """Courses of the hand after the go, centimetres from the shoulder."""
    for k in range(min(16, labels["go"].shape[1])):
        go = labels["go"][:, k]
        begins = (go & ~torch.cat([go[:1], go[:-1]])).nonzero()[:, 0].tolist()
        stops = labels["ends"][:, k].nonzero()[:, 0].tolist()
        for begin in begins:
            stop = next((s for s in stops if s > begin), None)
            if stop is not None:
                hand = 100 * labels["hand"][begin : stop + 1, k]
                colour = plt.get_cmap("hsv")(int(labels["target"][begin, k]) / 8)
                axes.plot(hand[:, 0], hand[:, 1], color=colour, lw=0.7)
    turn = np.arange(8) * np.pi / 4
    axes.plot(8 * np.cos(turn), 40 + 8 * np.sin(turn), "o", mfc="none", color="#444444", ms=11)
    axes.set(aspect="equal", xlabel="cm", ylabel="cm", title="reaches after the go")


def draw_stays(axes: Axes, share: NDArray[np.float64]) -> None:
    """Bars of how often the first choice is repeated."""
    for common, colour, name in ((1, "#3465a4", "common"), (0, "#c4612d", "rare")):
        places = np.array([0.0, 1.0]) + (0.2 if common == 0 else -0.2)
        axes.bar(places, share[::-1, common], 0.36, color=colour, label=name)
    axes.axhline(0.5, color="#444444", lw=0.8, ls="--")
    axes.set_xticks([0, 1], ["paid", "not paid"])
    axes.set(ylim=(0, 1.3), ylabel="first choice repeated", title="two-step decision")
    axes.legend(title="transition", frameon=False, ncols=2)


def draw(out: Path, quick: bool) -> None:
    """The figure, of the first seed."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
    arm = ClosedLoop({"plant": Reaching()}, window=50, episode=1000, batch_size=32)
    draw_reaches(
        axes[0], acted(out / "centre_out_reaching_closed_0/last.ckpt", arm, 2 if quick else 8)
    )
    labels = acted(out / "two_step_decision_0/last.ckpt", two_step_loop(), 1 if quick else 20)
    draw_stays(axes[1], stays(labels))
    save(figure, out / "closed_loop.png")


def main() -> None:
    """Train all; write scores and the figure."""
    chosen = arguments(__doc__ or "")
    seeds, more = (range(1), ["--trainer.max_steps", "2"]) if chosen.quick else (range(3), [])
    figures = []
    for name in LOOPS:
        found = [train(name, seed, chosen.out / f"{name}_{seed}", more) for seed in seeds]
        still = chosen.out / f"{name}_reservoir"
        floor = train(name, 0, still, [*as_reservoir(name), *more])
        for place in found[0]:
            own = [scores[place] for scores in found]
            settings = {"chance": "unknown" if own[0].chance is None else own[0].chance}
            reached, untrained = (
                [getattr(one, f) for one in own] for f in ("reached", "untrained")
            )
            figures.append(
                Figure(f"{name}: {place}", reached, "", "untrained", untrained, settings)
            )
            figures.append(Figure(f"{name}, reservoir: {place}", [floor[place].reached], ""))
    trials = 20 if chosen.quick else 200
    for who, value in rivals(TwoStepDecision(bounds=BOUNDS), trials).items():
        figures.append(Figure(f"two_step_decision, {who}: reward", [value], ""))
    figures += bidders(chosen.out, seeds, 1 if chosen.quick else 10)
    draw(chosen.out, chosen.quick)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
