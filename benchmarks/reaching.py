"""Networks that have learnt to reach beside 141 neurons of motor cortex: does the rule matter?

The setting of Liu, Yang & Cueva (2025, ICML): 200 units with a time constant of 10 steps and
rectified tanh rates learn centre-out reaching by Adam at 3e-4 in 1,000 updates, with the mean
squared rate added to the squared error of shoulder and elbow. They find e-prop and backpropagation
through time equally far from the neurons at the same loss, by Procrustes distance. Those numbers
are theirs. Ours are recurrent weights of spectral radius 1.5 at the beginning, 8 trials an update,
the lengths of the intervals (holding .2 to .3 s, preparing .5 to .6 s), and a cost of rates of 1:
theirs is 10 of losses that are scaled as we do not know, and with 10 times ours, and with weights
of radius .58, e-prop learnt nothing in 1,000 updates.

Rates of the units, means over held-out trials of each direction, are compared with firing rates
from .8 s before to .4 s after the movement began, all directions and times side by side:

    distance    Procrustes angle in radians, 0 to pi / 2, after the best rotation of all of it
    held out    the same, each direction under a rotation fitted to the seven others
    unexplained share of the variance of the angles that the answers miss, on held-out trials
    at the same unexplained share: the rule's distance less that of BPTT (same seed), both read off
                their courses where they first come down to what the worse of the two ends with

Beside them: the untrained network, a reservoir (the read-out alone learns; the rates stay as they
were), inputs and angles themselves, and as a floor the distance of one random half of the neurons
from the other. Each run is kept in --out, and not made again; the table is of all that are kept.

    python -m benchmarks.reaching --out runs/benchmarks/reaching

The folder of recordings is the one that BRAINMODEL_RECORDINGS names.
"""

import argparse
import json
import math
import statistics
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from areas import Branches, Projection, RandomFeedback, SpectralRadius
from benchmarks._results import machine
from benchmarks.recordings import recordings_folder
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.data.streams import Part
from brainmodel.data.tasks import CentreOutReaching
from brainmodel.learning import (
    BPTT,
    DNI,
    FBPTT,
    MDGL,
    EProp,
    Hebbian,
    NoLearning,
    Rule,
    SnAp,
    TypeMeans,
)
from brainmodel.probing import Plan, Shown
from brainmodel.probing.metrics import Procrustes, Responses, procrustes_distance
from brainmodel.probing.recordings import MotorCortexReaching, TaskTrials
from brainmodel.probing.showing import TaskShowing
from objectives import Energy, Regression, When

FILE = "motor_cortex_reaching/reaching_141_neurons_8_directions.npz"
UNITS, ALPHA, RATE, COST, RADIUS = 200, 0.1, 3e-4, 1.0, 1.5
INTERVALS: dict[str, Any] = {"hold": (20, 30), "preparation": (50, 60), "aligned": True}
HALVINGS = 50
MOST = 100  # seeds that are looked for


class Contender(NamedTuple):
    """A rule, and through which weights the errors of the read-out come back."""

    rule: Callable[[], Rule]
    feedback: Callable[[], RandomFeedback] | None = None


CONTENDERS = {
    "BPTT": Contender(BPTT),
    "e-prop": Contender(EProp),
    "e-prop, random feedback": Contender(EProp, RandomFeedback),
    "reservoir": Contender(NoLearning),
    "SnAp-1": Contender(lambda: SnAp(1)),
    "MDGL": Contender(lambda: MDGL(TypeMeans([0.8, 0.2]))),
    "three-factor Hebb": Contender(Hebbian),
    "F-BPTT, 10 steps": Contender(lambda: FBPTT(10)),
    "DNI": Contender(DNI),
}


class Point(NamedTuple):
    """Where a network is after some updates."""

    updates: int
    unexplained: float
    distance: float
    held_out: float


def rectified_tanh(current: Tensor) -> Tensor:
    """max(0, tanh x)."""
    return torch.relu(torch.tanh(current))


def network(contender: Contender, shapes: dict[str, list[int]], seed: int) -> Brain:
    """One area that reaches."""
    torch.manual_seed(seed)
    tau = -1 / math.log(1 - ALPHA)
    cell = Branches(1, tau, gain=0.0, activation=rectified_tanh)  # one branch, which adds up only
    back = contender.feedback and contender.feedback()
    plan = AreaPlan(
        cell,
        [UNITS],
        contender.rule(),
        {"arm": When("response", Regression("answer", 2, back)), "rates": Energy(2.0)},
        predictor=None,
        afferents=["drive"],
        weights={"rates": COST},
        projections={"recurrent": Projection(begin=SpectralRadius(RADIUS))},
    )
    return Brain({"M1": plan}, {"up": Pathway("stimulus", "M1", signal="rate")}, shapes)


class Judge:
    """Measures networks on held-out trials, beside the neurons."""

    def __init__(self, path: Path, seed: int) -> None:
        task = CentreOutReaching(batch_size=64, seed=seed, **INTERVALS)
        shown: Shown[TaskTrials] = MotorCortexReaching(str(path), task, 1, "since").read()
        self.showing = TaskShowing(shown.stimuli, shown.recording, Plan())
        rates = shown.recording.responses[:, :, 0]  # type: ignore[union-attr]  # [neuron, direction, time]
        edges = np.asarray(self.showing.scoring.edges)
        assert np.allclose(edges, shown.recording.edges)  # type: ignore[union-attr]
        self.neurons = rates.transpose(1, 2, 0).reshape(-1, len(rates))
        self.groups = np.repeat(np.arange(rates.shape[1]), rates.shape[2])

    def distances(self, rates: np.ndarray) -> tuple[float, float]:
        """Of rates [direction, step, unit]: after the best rotation, and held out."""
        flat = rates.reshape(-1, rates.shape[2]).astype(float)
        held_out = Procrustes(8)(flat, Responses(self.neurons[:, None], self.groups)).value
        return procrustes_distance(flat, self.neurons), held_out

    def judge(self, brain: Brain, updates: int) -> Point:
        """A network after so many updates."""
        rates = self.showing.record(brain, ["rate"], None, "")["rate"]["M1"]
        inputs, reset, _ = self.showing.windows[0]
        with torch.no_grad():
            did, _ = brain(inputs, reset)
            arm = did["M1"]._replace(labels=self.showing.labels)
            told = brain.objectives["M1"]["arm"].terms(arm)  # type: ignore[index, operator]
        return Point(updates, 1 - float(told["explained"]), *self.distances(rates))

    def floor(self) -> list[float]:
        """Distances of random halves of the neurons."""
        random, found = np.random.default_rng(0), []
        for _ in range(HALVINGS):
            order = random.permutation(self.neurons.shape[1])
            halves = np.array_split(order, 2)
            found.append(procrustes_distance(*(self.neurons[:, half] for half in halves)))
        return found


def run(name: str, seed: int, updates: int, judge: Judge) -> list[Point]:
    """One training, and where it is on its way."""
    data = CentreOutReaching(batch_size=8, seed=seed, **INTERVALS)
    brain = network(CONTENDERS[name], data.shapes, seed)
    optimizer = torch.optim.Adam(brain.parameters(), lr=RATE)
    stream, state, every = data.stream(data.share(Part.TRAINING)), None, max(1, updates // 10)
    points = [judge.judge(brain, 0)]
    for index in range(updates):
        window = stream.window(index)
        did, state = brain(window.inputs, window.reset, state)
        did = {area: activity._replace(labels=window.labels) for area, activity in did.items()}
        losses = brain.losses(did)["M1"]
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
        brain.after_step()
        if (index + 1) % every == 0:
            points.append(judge.judge(brain, index + 1))
    return points


def file_of(out: Path, name: str, seed: int, updates: int) -> Path:
    """Where a run is kept."""
    return out / "runs" / f"{name.replace(' ', '_').replace(',', '')}_{seed}_{updates}.json"


def kept(out: Path, updates: int) -> dict[str, dict[int, list[Point]]]:
    """By rule, by seed: the courses of all runs that are there."""
    found: dict[str, dict[int, list[Point]]] = {}
    for name, seed in product(CONTENDERS, range(MOST)):
        if (file := file_of(out, name, seed, updates)).exists():
            points = [Point(*point) for point in json.loads(file.read_text())]
            found.setdefault(name, {})[seed] = points
    return found


def at_share(points: Sequence[Point], share: float) -> float:
    """The distance where the unexplained share first comes down to a value; linear between."""
    for before, after in zip(points, points[1:], strict=False):
        if after.unexplained <= share:
            way = (before.unexplained - share) / (before.unexplained - after.unexplained)
            return before.distance + way * (after.distance - before.distance)
    return math.nan


def matched(mine: Sequence[Point], other: Sequence[Point]) -> float:
    """The distance of one course less that of another, where both explain the same."""
    share = max(mine[-1].unexplained, other[-1].unexplained)
    return at_share(mine, share) - at_share(other, share)


def row(name: str, columns: Sequence[Sequence[float]]) -> str:
    """Medians over seeds, minimum to maximum in brackets."""
    cells = []
    for values in columns:
        known = [value for value in values if not math.isnan(value)]
        if not known:
            cells.append("-")
            continue
        spread = f" ({min(known):.3f} to {max(known):.3f})" if len(known) > 1 else ""
        cells.append(f"{statistics.median(known):.3f}{spread}")
    return f"| {name} | {len(columns[0])} | {' | '.join(cells)} |"


def tabulate(found: dict[str, dict[int, list[Point]]], judge: Judge) -> str:
    """The table, for Markdown."""
    every = [points for by_seed in found.values() for points in by_seed.values()]
    begun = {points[0].distance: points[0] for points in every}.values()
    lines = [", ".join(f"{key} {value}" for key, value in machine().items()), ""]
    lines += ["| network | seeds | distance | held out | unexplained | less BPTT, same share |"]
    lines += ["|" + "---|" * 6]
    for name, by_seed in found.items():
        last = [points[-1] for points in by_seed.values()]
        both = [seed for seed in by_seed if seed in found.get("BPTT", {})]
        less = [matched(by_seed[seed], found["BPTT"][seed]) for seed in both]
        columns = [[p.distance for p in last], [p.held_out for p in last]]
        columns += [[p.unexplained for p in last], [] if name == "BPTT" else less]
        lines.append(row(name, columns))
    columns = [[p.distance for p in begun], [p.held_out for p in begun]]
    lines.append(row("untrained", [*columns, [p.unexplained for p in begun], []]))
    for name, values in judge.showing.baselines(None, Path(), False).items():  # type: ignore[arg-type]
        lines.append(row(f"{name} themselves", [*([d] for d in judge.distances(values)), [], []]))
    lines.append(row("floor: half of the neurons", [judge.floor(), [], [], []]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train what is not there yet, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--quick", action="store_true", help="small and short, to see it work")
    parser.add_argument("--seeds", type=int, default=3, help="of weights and trials")
    parser.add_argument("--rules", nargs="*", default=list(CONTENDERS), help="some of them")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = recordings_folder() / FILE
    updates, seeds = (20, 1) if options.quick else (1000, options.seeds)
    judge, rules = Judge(path, 0), list[str](options.rules)
    for seed, name in ((seed, name) for seed in range(seeds) for name in rules):
        file = file_of(options.out, name, seed, updates)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(run(name, seed, updates, judge)))
            table = tabulate(kept(options.out, updates), judge)
            (options.out / "table.md").write_text(table)
    print(tabulate(kept(options.out, updates), judge))


if __name__ == "__main__":
    main()
