"""What objectives make of a representation: probes of each area under each, against untrained.

One small brain (V1, and LM and AL that it drives) learns for the same number of steps from the same
seeds, on moving digits and on natural scenes: by local rules for prediction, against discriminating
areas, by agreement of LM and AL, by contrast, for all of these at once, and by backpropagation end
to end. Then it follows streams without learning, and linear read-outs are fitted to the rates of
each area over training streams and judged on held-out ones:

    identity   accuracy of the digit's name (moving digits; chance is 0.1)
    position   explained variance of where it is (moving digits)
    pixels     explained variance of the next frame
    dimension  participation ratio of the covariance of the rates, (sum l)^2 / sum l^2

and where an area predicts, `error` is that of its own predictions over that of repeating the last
drive. Maps are averaged within a 4 x 4 grid first.

    python -m benchmarks.objectives --out runs/benchmarks/objectives
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure as Picture
from numpy.typing import NDArray
from torch.nn import functional as F
from tqdm import tqdm

from areas import GRU, LSTM, Leaky, Predictor
from benchmarks._results import Figure, arguments, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.data import MovingDigits, Photographs
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.streams import Part
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.adapters import Flatten, Pool
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global, Scope
from brainmodel.training import held_out_errors
from brainmodel.training.held_out import follow_streams
from objectives import (
    ContrastivePrediction,
    Discrimination,
    GroupObjective,
    Objective,
    SquaredError,
    VICReg,
)

AREAS = ("V1", "LM", "AL")
DATA = {"digits": MovingDigits, "scenes": Photographs}
MEASURES = {
    "digits": ("identity", "position", "pixels", "dimension"),
    "scenes": ("pixels", "dimension"),
}
SCALES = {
    "identity": "accuracy (chance 0.1)",
    "position": "explained variance",
    "pixels": "explained variance",
    "dimension": "participation ratio",
}  # what the measures are in
Features = dict[str, NDArray[np.float32]]


class Condition(NamedTuple):
    """What the areas learn for, and how."""

    own: tuple[Callable[[], Objective], ...] = ()  # objectives of every area
    games: bool = False  # V1 and LM each against a discriminating area
    agreement: bool = False  # LM with AL, neither of which hears of the other
    scope: Scope | None = None  # local by e-prop; if given, by BPTT in this scope
    learns: bool = True


CONDITIONS = {
    "untrained": Condition((SquaredError,), learns=False),
    "prediction": Condition((SquaredError,)),
    "adversarial": Condition((SquaredError,), games=True),
    "Siamese": Condition(agreement=True),
    "contrastive": Condition((lambda: ContrastivePrediction([1, 2]),)),
    "combined": Condition(
        (SquaredError, lambda: ContrastivePrediction([1, 2])), games=True, agreement=True
    ),
    "BPTT end to end": Condition((SquaredError,), scope=Global()),
}


def build(condition: Condition, seed: int) -> Brain:
    """The brain; areas that only discriminate are there where there are games."""
    torch.manual_seed(seed)
    cells = {"V1": Leaky(0.5, torch.tanh), "LM": GRU(), "AL": LSTM()}
    units = {"V1": [8, 16, 16], "LM": [8, 8, 8], "AL": [32]}

    def rule() -> EProp | BPTT:
        return EProp() if condition.scope is None else BPTT()

    plans = {
        name: AreaPlan(
            cells[name],
            units[name],
            rule(),
            {f"objective_{k}": make() for k, make in enumerate(condition.own)},
            Predictor(),
            ["drive"],
        )
        for name in AREAS
    }
    pathways = {
        "eye_V1": Pathway("eye", "V1", signal="rate"),
        "V1_LM": Pathway("V1", "LM", signal="rate"),
        "V1_AL": Pathway("V1", "AL", signal="rate", adapters=[Pool(4), Flatten()]),
    }
    groups: dict[str, GroupObjective] = {}
    if condition.agreement:
        groups["agreement"] = VICReg(["LM", "AL"], features=32, grid=4)
    for name in ("V1", "LM") if condition.games else ():
        judge = f"judge_of_{name}"
        plans[judge] = AreaPlan(GRU(), [4, *units[name][1:]], rule(), {}, None, ["drive"])
        groups[f"game_{name}"] = Discrimination([name, judge], fooling=0.1)
        for signal in ("prediction", "error"):
            pathways[f"{name}_{signal}"] = Pathway(name, judge, signal=signal)
    return Brain(plans, pathways, {"eye": [1, 16, 16]}, condition.scope, groups)


def streams(data: str, seed: int) -> StreamModule:
    """Small frames; episodes are short, so that many digits and places are seen."""
    options: Any = {"size": 16, "window": 10, "batch_size": 16, "episode": 40, "seed": seed}
    options |= {"digit": 10, "speed": 30.0} if data == "digits" else {}
    return DATA[data](**options)


def train(brain: Brain, data: StreamModule, steps: int) -> None:
    """Plain training: one optimizer for all, one backward pass per window."""
    optimizer = torch.optim.Adam([p for p in brain.parameters() if p.requires_grad], lr=2e-3)
    stream, state = data.stream(data.share(Part.TRAINING)), None
    for k in range(steps):
        window = stream.window(k)
        activities, state = brain(window.inputs, window.reset, state)
        losses = brain.losses(activities)
        optimizer.zero_grad()
        torch.stack([loss for own in losses.values() for loss in own.values()]).sum().backward()
        optimizer.step()


def seen(brain: Brain, data: StreamModule, part: Part, windows: int) -> tuple[Features, Features]:
    """Rates by area and labels (and the next frame) of streams that a brain follows.

    Every second step counts, from the second window on, unless a stream is about to be reset.
    """
    stream = data.stream(data.share(part))
    rates: dict[str, list[Any]] = {name: [] for name in AREAS}
    told: dict[str, list[Any]] = {}
    for k, (window, activities) in enumerate(
        follow_streams(brain, map(stream.window, range(windows)))
    ):
        if k == 0:
            continue
        kept = ~window.reset[1:]
        kept[::2] = False
        labels = {name: label[:-1] for name, label in window.labels.items()}
        labels["next"] = window.inputs["eye"][1:].flatten(2)
        for name in AREAS:
            rates[name].append(grid(activities[name].rate[:-1][kept]).numpy())
        for name, label in labels.items():
            told.setdefault(name, []).append(label[kept].numpy())
    return tuple({n: np.concatenate(v) for n, v in found.items()} for found in (rates, told))  # type: ignore[return-value]


def grid(rate: torch.Tensor) -> torch.Tensor:
    """Rates [sample, *units] as features [sample, feature], maps averaged in a 4 x 4 grid."""
    return F.adaptive_avg_pool2d(rate, 4).flatten(1) if rate.ndim == 4 else rate


def dimension(rates: NDArray[np.float32]) -> float:
    """Participation ratio of the covariance of rates [sample, feature]."""
    spread = np.linalg.eigvalsh(np.cov(rates.astype(np.float64), rowvar=False))
    return float(spread.sum() ** 2 / np.square(spread).sum())


def explained(rates: list[NDArray[Any]], target: list[NDArray[Any]]) -> float:
    """Explained variance of targets by ridge regression, [training, held out] each."""
    from sklearn.linear_model import RidgeCV
    from sklearn.metrics import r2_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 7)))
    guess = model.fit(rates[0], target[0]).predict(rates[1])
    return float(r2_score(target[1], guess, multioutput="variance_weighted"))


def accuracy(rates: list[NDArray[Any]], target: list[NDArray[Any]]) -> float:
    """Share of held-out samples that logistic regression names, [training, held out] each."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    return float(model.fit(rates[0], target[0]).score(rates[1], target[1]))


def measure(brain: Brain, data: str, module: StreamModule, windows: int) -> dict[str, float]:
    """All measures by "AREA MEASURE"."""
    found: dict[str, float] = {}
    both = [seen(brain, module, part, windows) for part in (Part.TRAINING, Part.TEST)]
    targets = {name: [told[name] for _, told in both] for name in both[0][1]}
    for area in AREAS:
        rates = [features[area] for features, _ in both]
        found[f"{area} dimension"] = dimension(rates[1])
        found[f"{area} pixels"] = explained(rates, targets["next"])
        if data == "digits":
            found[f"{area} position"] = explained(rates, targets["position"])
            found[f"{area} identity"] = accuracy(rates, targets["identity"])
    test = module.stream(module.share(Part.TEST))
    errors = held_out_errors(brain, map(test.window, range(10)))
    return found | {f"{area} error": errors[area].ratio for area in AREAS}


def run(job: tuple[str, str, int, int, int]) -> dict[str, float]:
    """Train and measure one brain: (data, condition, seed, steps, windows of the probes)."""
    torch.set_num_threads(1)
    data, name, seed, steps, windows = job
    condition, module = CONDITIONS[name], streams(data, seed)
    brain = build(condition, seed)
    if condition.learns:
        train(brain, module, steps)
    return measure(brain, data, module, windows)


def draw(found: dict[tuple[str, str], list[dict[str, float]]], path: Path) -> None:
    """Each measure by condition and area: medians over seeds, with their range."""
    panels = [(data, measure) for data in DATA for measure in MEASURES[data]]
    picture = Picture(figsize=(12, 5.6), layout="constrained")
    axes = picture.subplots(2, -(-len(panels) // 2), sharex=True).flat
    for ax, (data, what) in zip(axes, panels, strict=True):
        for k, area in enumerate(AREAS):
            values = np.array([[f[f"{area} {what}"] for f in found[data, c]] for c in CONDITIONS])
            middle = np.median(values, axis=1)
            reach = [middle - values.min(axis=1), values.max(axis=1) - middle]
            place = np.arange(len(CONDITIONS)) + 0.25 * (k - 1)
            ax.bar(place, middle, 0.25, yerr=reach, label=area)
        ax.set(title=f"{data}: {what}", ylabel=SCALES[what])
        ax.set_xticks(range(len(CONDITIONS)), list(CONDITIONS), rotation=60, ha="right")
    handles = picture.axes[0].get_legend_handles_labels()
    picture.legend(*handles, loc="outside right center", frameon=False)
    picture.savefig(path, dpi=120)


def main() -> None:
    """Train everything on two processes; write what came out."""
    chosen = arguments(__doc__ or "")
    seeds, steps, windows = ((0,), 5, 8) if chosen.quick else ((20, 21, 22), 300, 50)
    jobs = [(d, c, s, steps, windows) for d, c, s in product(DATA, CONDITIONS, seeds)]
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for job, made in zip(jobs, tqdm(pool.map(run, jobs), total=len(jobs)), strict=True):
            found.setdefault(job[:2], []).append(made)
    figures = []
    for (data, condition), made in found.items():
        predicts = SquaredError in CONDITIONS[condition].own
        for area, what in product(AREAS, (*MEASURES[data], *(["error"] if predicts else []))):
            values, before = (
                [f[f"{area} {what}"] for f in runs] for runs in (made, found[data, "untrained"])
            )
            settings = {"data": data, "area": area, "steps": steps, "seeds": list(seeds)}
            figures.append(
                Figure(f"{what}, {condition}", values, "", "untrained", before, settings)
            )
    write(chosen.out, figures)
    draw(found, chosen.out / "objectives.png")


if __name__ == "__main__":
    main()
