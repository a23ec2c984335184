"""Prediction across saccades, with and without word of the coming movement of the eye.

The brain of configs/corollary_discharge.yaml, and the same without the gain on its pathway, each in
three trainings that draw other weights and other streams. Errors are mean squared errors of V1's
drive on held-out photographs over those of repeating the last drive, by what the eye did; beside
them the best linear predictor, and those who move the last frame as the eye moved last, or moves.

    python -m benchmarks.corollary_discharge --out runs/benchmarks/corollary_discharge
"""

import contextlib
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure as Drawing
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import callback, fit
from brainmodel.command_line.config_files import Config
from brainmodel.figures.style import save
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import BRAIN, REPEATING

WITH, WITHOUT = "told of the movement", "not told"
CONTENDERS: dict[str, Config] = {
    WITH: {},
    WITHOUT: {"model": {"pathways": {"remapped": {"gain": None}}}},
}
ORDER = (WITH, WITHOUT, "linear", "last motion", "true motion")  # of bars
SEEDS = 3
Shares = dict[tuple[str, str], float]  # by prediction and split


def run(contender: str, seed: int, steps: int | None) -> Shares:
    """Errors over those of repeating, in a process of its own, on one thread."""
    torch.set_num_threads(1)
    quiet = (contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()))
    with quiet[0], quiet[1]:
        report = callback(fit("corollary_discharge", CONTENDERS[contender], seed, steps), Report)
    tally = report.tallies["V1"]
    return {
        (contender if prediction == BRAIN else prediction, split): tally.ratio(
            prediction, split=split
        )
        for prediction in tally.predictions
        for split in tally.splits
        if prediction != REPEATING
    }


def joined(found: Mapping[tuple[str, int], Shares]) -> dict[tuple[str, str], list[float]]:
    """By prediction and split, the shares of all seeds; rivals once."""
    by_seed = [found[WITHOUT, seed] | found[WITH, seed] for seed in sorted({s for _, s in found})]
    return {key: [shares[key] for shares in by_seed] for key in by_seed[0]}


def draw(path: Path, shares: Mapping[tuple[str, str], Sequence[float]]) -> None:
    """Bars by what the eye did, with the range of seeds; repeating is the line at 1."""
    names = [name for name in ORDER if (name, "all") in shares]
    splits = [split for split in dict.fromkeys(split for _, split in shares) if split != "all"]
    figure = Drawing(figsize=(8, 3.2), layout="constrained")
    panel = figure.subplots()
    for k, name in enumerate(names):
        middle = np.array([np.median(shares[name, split]) for split in splits])
        ends = np.array([[min(shares[name, s]), max(shares[name, s])] for s in splits]).T
        place = np.arange(len(splits)) + 0.16 * (k - (len(names) - 1) / 2)
        reach = np.abs(ends - middle)
        panel.bar(place, middle, 0.14, yerr=reach, label=name, color=f"C{k}", ecolor="0.3")
    panel.axhline(1, color="0.4", lw=0.8)
    panel.set_xticks(range(len(splits)), splits)
    panel.set_ylabel("error / that of repeating")
    panel.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    save(figure, path)


def main() -> None:
    """Train, as many at a time as there are cores; write and draw what came out."""
    chosen = arguments(__doc__ or "")
    steps, seeds = (5, 1) if chosen.quick else (None, SEEDS)
    runs = [(contender, seed) for seed in range(seeds) for contender in CONTENDERS]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        made = processes.map(run, *zip(*runs, strict=True), [steps] * len(runs))
        found = dict(zip(runs, tqdm(made, desc="training", total=len(runs)), strict=True))
    shares = joined(found)
    settings = {"seeds": seeds}
    write(
        chosen.out,
        [
            Figure(f"{name}, {split}", values, "of repeating", settings=settings)
            for (name, split), values in shares.items()
        ],
    )
    draw(chosen.out / "corollary_discharge.png", shares)


if __name__ == "__main__":
    main()
