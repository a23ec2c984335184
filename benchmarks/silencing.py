"""Interneurons silenced in a brain of E, PV, SST and VIP: whose rates rise, and whose fall.

The brain of configs/interneurons.yaml, before training and after, in seeds that draw other weights
and other streams, watches held-out photographs; then it watches the same while one population of
V1 is silent at all steps (a gain of 0, `Brain.forward`). A change is that of a mean rate over its
mean when nothing is silent, -1 to infinity, and the sign beside it is the published one:

    PV silent     E fires more              Atallah et al. (2012), doi:10.1016/j.neuron.2011.12.013
    SST silent    E fires more              Adesnik et al. (2012), doi:10.1038/nature11526
    SST silent    feedback moves E more     of the anatomy: SST inhibits the apical dendrites on
                                            which feedback ends; Pfeffer et al. (2013),
                                            doi:10.1038/nn.3446
    VIP silent    SST fires more, E less    Pi et al. (2013), doi:10.1038/nature12676; Lee et al.
                                            (2013), doi:10.1038/nn.3544

(Papers cited from memory.) How much feedback moves E is the relative change of its mean rate when
what LM sends down is silent, its sign turned. Errors of both areas over repeating the last drive
stand beside. Where the sign is wrong the page says so.

    python -m benchmarks.silencing --out runs/benchmarks/silencing
"""

import contextlib
import io
from collections.abc import Mapping
from statistics import mean
from typing import NamedTuple

import torch
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import callback, fit
from brainmodel.brain import Brain
from brainmodel.data.stream_module import StreamModule
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import BRAIN
from brainmodel.training.module import brain_of

AREA, FEEDBACK = "V1", "LM_V1"
SEEDS, STEPS = 3, 800  # as many as the config
WINDOWS = 4  # held-out windows watched
FITTED = "prediction"
Rates = dict[str, float]
"""Mean rate by population."""


class Expected(NamedTuple):
    """A change that is published."""

    what: str
    sign: int


PUBLISHED = {
    "PV": [Expected("E", 1)],
    "SST": [Expected("E", 1), Expected("feedback", 1)],
    "VIP": [Expected("SST", 1), Expected("E", -1)],
}


def watched(brain: Brain, data: StreamModule, gains: Mapping[str, float]) -> Rates:
    """Mean rates of the populations of V1 over held-out windows, whose streams go on."""
    area, state, found = brain.area(AREA), None, dict[str, list[float]]()
    places = area.cell.places(area.units[0])
    for _, window in zip(range(WINDOWS), data.val_dataloader(), strict=False):
        with torch.no_grad():
            activities, state = brain(window.inputs, window.reset, state, gains)
        for name, at in places.items():
            rate = float(activities[AREA].rate[:, :, at].mean())
            found.setdefault(name, []).append(rate)
    return {name: mean(rates) for name, rates in found.items()}


def changes(brain: Brain, data: StreamModule) -> dict[tuple[str, str], float]:
    """By who is silent, and whose rate: the relative change."""
    before = watched(brain, data, {FEEDBACK: 1.0, AREA: 1.0})
    blind = watched(brain, data, {FEEDBACK: 0.0})
    usual = moved(before, blind)
    found = {("none", name): rate for name, rate in before.items()}
    found["none", "feedback"] = usual
    for name in PUBLISHED:
        address = f"{AREA}.{name}"
        silent = watched(brain, data, {address: 0.0})
        for other, rate in silent.items():
            if other != name:
                found[name, other] = rate / max(before[other], 1e-9) - 1
        without = watched(brain, data, {address: 0.0, FEEDBACK: 0.0})
        found[name, "feedback"] = moved(silent, without) - usual
    return found


def moved(with_it: Rates, without: Rates) -> float:
    """By how much of its mean rate feedback raises E."""
    return with_it["E"] / max(without["E"], 1e-9) - 1


def measure(seed: int, steps: int) -> dict[str, dict[tuple[str, str], float]]:
    """Changes before training and after, by one seed."""
    found = {}
    for when, count in (("untrained", 1), ("trained", steps)):
        with contextlib.redirect_stdout(io.StringIO()):
            command = fit("interneurons", {}, seed, count)
        data = command.datamodule
        assert isinstance(data, StreamModule)
        found[when] = changes(brain_of(command.model), data)
        for area, tally in callback(command, Report).tallies.items():
            found[when][FITTED, area] = tally.ratio(BRAIN, split="all")
    return found


def figures(seeds: int, steps: int) -> list[Figure]:
    """All changes, the published sign beside those that are published."""
    found = [measure(seed, steps) for seed in tqdm(range(seeds), desc="seeds")]
    made = []
    for when in ("untrained", "trained"):
        for who, what in found[0][when]:
            values = [each[when][who, what] for each in found]
            signs = {e.what: e.sign for e in PUBLISHED.get(who, [])}
            settings: dict[str, object] = {
                "seeds": seeds,
                "steps": steps if when == "trained" else 1,
            }
            title = f"{when}: {what} while {who} is silent"
            if what in signs:
                right = sum(value * signs[what] > 0 for value in values)
                settings["published"] = "+" if signs[what] > 0 else "-"
                title += f" (published {settings['published']}, so in {right} of {seeds})"
            unit = {"none": "rate", FITTED: "over repeating"}.get(who, "change")
            if who == FITTED:
                title = f"{when}: squared error of the drive of {what}"
            made.append(Figure(title, values, unit, settings=settings))
    return made


def main() -> None:
    """Measure, and write what was found."""
    torch.set_num_threads(1)
    chosen = arguments(__doc__ or "")
    write(chosen.out, figures(*((1, 3) if chosen.quick else (SEEDS, STEPS))))


if __name__ == "__main__":
    main()
