"""Brains that learn sequences and what they do with the unexpected, over training, beside mice.

The brains of configs/gabor_expectation.yaml (Gabors A, B, C, D, and U in 7 % of the sequences;
somata and apical dendrites apart, after Gillon et al. 2024), of configs/gabor_layers.yaml (the
same with layer 5) and of configs/grating_abcd.yaml (ABCD against EBCD, after Price et al. 2023),
half of them under either assignment, as they begin and after 50, 100 and 200 changes of the
weights. Effects are means over units, unexpected less expected; the sample is the brain. Drift is
the likeness of rates to the same trials between stages (`brainmodel.probing.analyses.Drift`).
Where the recordings are there (BRAINMODEL_RECORDINGS), their course stands beside: of mice over
sessions or days. A quarter of an hour on two quiet cores.

    python -m benchmarks.expectation --out runs/benchmarks/expectation
"""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

import brainmodel.data
from benchmarks._results import Figure, arguments, write
from benchmarks._training import brains_along
from benchmarks.recordings import sequence_effects
from brainmodel.command_line.config_files import read_config
from brainmodel.command_line.train_command import quieten
from brainmodel.data import SequenceModule
from brainmodel.physiology.battery import over_halves
from brainmodel.physiology.model_alone import AskedBrain, analyse_alone
from brainmodel.physiology.phenomena import ViolatedSequences
from brainmodel.probing.activity import Source
from brainmodel.probing.analyses import Drift, Expectation, Section
from brainmodel.probing.recordings.readers.mouse_unexpected import read_differences

QUESTIONS = {
    "gabor_expectation": ("unexpected_gabors", "unexpected"),
    "gabor_layers": ("unexpected_gabors", "unexpected"),
    "grating_abcd": ("abcd_ebcd", "expectation"),
}
STEPS = (0, 50, 100, 200)


def learnt_by(config: str, seed: int) -> SequenceModule:
    """The data of a config by a seed."""
    data = read_config(config)["data"]
    kind = getattr(brainmodel.data, data["class_path"].rpartition(".")[2])
    return kind(**(data["init_args"] | {"seed": seed}))


def brains_of(config: str, seeds: int, steps: tuple[int, ...]) -> Iterator[AskedBrain]:
    """Brains of all seeds at all stages."""
    for seed in tqdm(range(seeds), desc=config):
        learnt, name = learnt_by(config, seed), f"seed {seed}"
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            quieten()
            for step, brain in brains_along(config, steps, seed):
                model = "trained" if step else "untrained"
                instance = f"{name}, {step}" if step else name
                source = Source(model, instance, step, "", name)
                yield AskedBrain(source, deepcopy(brain).eval(), learnt)


def answers_of(config: str, brains: list[AskedBrain]) -> dict[str, Section]:
    """To the question of the config in configs/physiology, and to that of drift."""
    file, name = QUESTIONS[config]
    asked = read_config(f"physiology/{file}")
    question = Expectation(**asked["analyses"][name]["init_args"])
    found = analyse_alone({name: question, "drift": Drift()}, brains, asked["events"])
    return {"expectation": found[name], "drift": found["drift"]}


def effects_of(config: str, section: Section, brains: list[AskedBrain]) -> list[Figure]:
    """By area, signal and stage: effect and index of each brain, even seeds first."""
    halves = {brain.source.brain: brain.learnt.assignment for brain in brains}
    places: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in section.tables["expectation"]:
        places.setdefault((row["area"], row["signal"], row["stage"]), []).append(row)
    found = []
    for (area, signal, stage), rows in sorted(places.items()):
        for what in ("effect", "index"):
            known = [row for row in rows if row[what] is not None]
            if known:
                by_half = [[r[what] for r in known if halves[r["brain"]] == h] for h in (0, 1)]
                name = f"{config}: {area} {signal}, {what} after {stage} steps"
                found.append(_figure(name, by_half))
    return found


def drift_of(config: str, section: Section) -> list[Figure]:
    """Likeness, geometry and the change of the score between stages; the mean over brains."""
    found = []
    for row in section.tables["drift"]:
        place = f"{config}: {row['area']}, {row['stages']} steps, {row['of']}"
        for what in ("likeness", "geometry", "change of score"):
            if row[what] is not None:
                settings = {"pairs": row["pairs"], "95 %": row[f"95 %, {what}"]}
                found.append(Figure(f"{place}: {what}", [row[what]], "", settings=settings))
    return found


def violations(config: str, brains: list[AskedBrain]) -> list[Figure]:
    """(U - P) / (U + P) of the element that was due, by area and stage."""
    by_place: dict[tuple[str, int], list[list[float]]] = {}
    for source, brain, learnt in brains:
        for area, shown in ViolatedSequences().after(learnt).measure(brain).items():
            halves = by_place.setdefault((area, source.stage or 0), [[], []])
            halves[learnt.assignment].append(float(shown.strength))
    return [
        _figure(f"{config}: {area}, (U - P) / (U + P) after {stage} steps", halves)
        for (area, stage), halves in sorted(by_place.items())
    ]


def _figure(name: str, halves: list[list[float]]) -> Figure:
    """One value for each brain; the mean over halves and its interval among the settings."""
    found = over_halves([torch.tensor(half).double().numpy() for half in halves])
    settings = {"brains": f"{len(halves[0])} + {len(halves[1])}"}
    if found is not None:
        interval = f"{found.low:.4f} to {found.high:.4f}"
        settings |= {"mean over halves": f"{found.value:.4f}", "95 %": interval}
    return Figure(name, [value for half in halves for value in half], "", settings=settings)


def mice(folder: Path) -> list[Figure]:
    """The same differences in mice: by session (dF/F), by day (scaled rate)."""
    found = [
        Figure(f"mice: Gabors, layer {d.layer} {d.compartment}, session {d.session}",
               [d.difference], "dF/F", settings={"p": d.p})
        for d in read_differences(folder / "mouse_v1_unexpected")
    ]  # fmt: skip
    (path,) = (folder / "mouse_v1_sequences").glob("*DataForMbTDRDecoder*")
    for day, effects in sequence_effects(path).items():
        found.append(Figure(f"mice: EBCD less ABCD, {day}", [float(effects.mean())], ""))
    return found


def main() -> None:
    """Measure, and write what was found."""
    options = arguments(__doc__ or "")
    seeds, steps = (4, (0, 2)) if options.quick else (6, STEPS)
    figures = []
    for config in QUESTIONS:
        brains = list(brains_of(config, seeds, steps))
        figures += violations(config, brains)
        answers = answers_of(config, brains)
        figures += effects_of(config, answers["expectation"], brains)
        figures += drift_of(config, answers["drift"])
        write(options.out, figures)
    folder = os.environ.get("BRAINMODEL_RECORDINGS")
    if folder:
        figures += mice(Path(folder))
    write(options.out, figures)


if __name__ == "__main__":
    main()
