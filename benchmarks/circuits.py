"""What populations, compartments and Dale's law cost, and what a brain of them learns.

Learning: the brain of configs/interneurons.yaml (two areas of E, PV, SST and VIP, e-prop) after the
800 steps of its config, in seeds that draw other weights and other streams; squared errors of each
area's drive over those of repeating the last drive, beside the best linear predictor of the same
reach and the brain before training.

Time: one step of training of that brain, beside the same brain whose units are all of one kind and
free; and of one dense area, whose synapses have signs, beside one whose synapses have none. The two
sides of a ratio in turn, on one thread. Some twenty minutes.

    python -m benchmarks.circuits --out runs/benchmarks/circuits
"""

import contextlib
import io
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from areas import Leaky, Population, Populations
from benchmarks._results import Figure, arguments, write
from benchmarks._training import callback, fit
from benchmarks.cells import alone, in_turn
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, read_config
from brainmodel.learning import EProp
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import BRAIN, LINEAR
from brainmodel.training.module import brain_of

AREAS = ("V1", "LM")
SEEDS = 3
WINDOW, STREAMS = 12, 8
DENSE = 64, 256  # inputs and units


def learnt(seed: int, steps: int | None) -> Report:
    """What the report says of one training."""
    with contextlib.redirect_stdout(io.StringIO()):
        return callback(fit("interneurons", {}, seed, steps), Report)


def learning(seeds: int, steps: int | None) -> list[Figure]:
    """Errors over repeating, and selectivity."""
    reports = [learnt(seed, steps) for seed in tqdm(range(seeds), desc="learning")]
    made = []
    for area in AREAS:
        tallies = [report.tallies[area] for report in reports]
        first = tallies[0]
        for prediction in (BRAIN, LINEAR):
            if prediction in first.predictions:
                for split in first.splits:
                    errors = [tally.ratio(prediction, split=split) for tally in tallies]
                    made.append(_figure(f"{area}: {prediction}, {split}", errors))
        before = [
            report.untrained[area].error / tally.error("repeating", "all")
            for report, tally in zip(reports, tallies, strict=True)
        ]
        made.append(_figure(f"{area}: untrained, all", before))
        selectivity = [report.selectivity[area] for report in reports]
        untrained = [report.untrained_selectivity[area] for report in reports]
        what = f"{area}: orientation selectivity, median"
        made.append(Figure(what, selectivity, "", "untrained", untrained))
    return made


def _figure(what: str, values: list[float]) -> Figure:
    return Figure(what, values, "over repeating", settings={"seeds": len(values)})


def plain(config: Config) -> Config:
    """The same areas and pathways, of units of one kind whose synapses do what they like."""
    made = deepcopy(config)
    for area in made["model"]["areas"].values():
        population = area["cell"]["init_args"]["of"]["PV"]
        area["cell"] = population["cell"]
        area.pop("projections")
    for pathway in made["model"]["pathways"].values():
        if pathway.pop("population", None):
            pathway["signal"] = "rate"
    return made


def training_step(brain: Brain, inputs: dict[str, Tensor]) -> Callable[[], None]:
    """A step of training, the optimizer's included."""
    reset = torch.zeros(next(iter(inputs.values())).shape[:2], dtype=torch.bool)
    optimizer = torch.optim.Adam(brain.parameters(), lr=1e-5)

    def step() -> None:
        optimizer.zero_grad()
        activities, _ = brain(inputs, reset)
        judged = brain.losses(activities)
        losses = [loss for own in judged.values() for loss in own.values()]
        (sum(losses) if losses else activities["area"].rate.square().mean()).backward()  # type: ignore[union-attr]
        optimizer.step()
        brain.after_step()

    return step


def times(repeats: int) -> list[Figure]:
    """Milliseconds of a step, with populations and without."""
    torch.set_num_threads(1)
    whole = read_config("interneurons")
    brains = []
    for config in (whole, plain(whole)):
        with contextlib.redirect_stdout(io.StringIO()):
            brains.append(brain_of(fit(config, {}, 0, 1).model))
    inputs = {n: torch.rand(WINDOW, STREAMS, *s) for n, s in brains[0].inputs.items()}
    pair = in_turn(*(training_step(brain, inputs) for brain in brains), repeats=repeats)
    settings: dict[str, Any] = {"window": WINDOW, "streams": STREAMS}
    units = "units of one kind"
    made = [Figure("E, PV, SST and VIP in two areas", pair[0], "ms", units, pair[1], settings)]
    dense, units_of = DENSE
    signed = Populations(
        {
            "E": Population(Leaky(), 0.8, "excitatory"),
            "I": Population(Leaky(), 0.2, "inhibitory"),
        }
    )
    free = Populations({"E": Population(Leaky(), 0.8), "I": Population(Leaky(), 0.2)})
    sequence = {"input": torch.rand(WINDOW, STREAMS, dense)}
    sides = [alone(cell, EProp(), dense, units_of) for cell in (signed, free, Leaky())]
    found = in_turn(*(training_step(side, sequence) for side in sides), repeats=repeats)
    settings = settings | {"inputs": dense, "units": units_of}
    return [
        *made,
        Figure("dense, by Dale's law", found[0], "ms", "two free populations", found[1], settings),
        Figure("dense, by Dale's law", found[0], "ms", "units of one kind", found[2], settings),
    ]


def main() -> None:
    """Measure, and write what was found."""
    chosen = arguments(__doc__ or "")
    seeds, steps, repeats = (1, 5, 3) if chosen.quick else (SEEDS, None, 30)
    write(chosen.out, [*times(repeats), *learning(seeds, steps)])


if __name__ == "__main__":
    main()
