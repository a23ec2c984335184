"""Encoding speed: our ridge against scikit-learn and himalaya, and the same correlations.

1000 samples x 2000 units to 200 neurons, 5 folds, 13 penalties, a penalty per neuron. All choose
penalties inside the training set: ours and scikit-learn by leaving one sample out, himalaya by its
own 5 folds, so its penalties, and with them its correlations, differ a little; at one penalty they
do not. himalaya comes with the extra `benchmarks`; where it is not installed it is left out.

    python -m benchmarks.probing_ridge --out runs/benchmarks/probing_ridge
"""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV

from benchmarks._results import Figure, arguments, write
from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Responses, RidgeEncoding, grouped_folds
from brainmodel.probing.metrics.comparisons.prediction_comparison import held_out_score

FOLDS = 5
GRID = np.geomspace(1e-6, 1e6, 13)  # of the mean squared length of a sample
Fit = Callable[[Floats, Floats, Floats, Floats], Floats]


def problem(samples: int, units: int, neurons: int) -> tuple[Floats, Floats]:
    """Features with falling variances, and neurons of which half the variance is linear in them."""
    random = np.random.default_rng(0)
    features = random.standard_normal((samples, units)) / np.sqrt(1 + np.arange(units))
    signal = features @ random.standard_normal((units, neurons))
    return features, signal + signal.std(0) * random.standard_normal(signal.shape)


def by_scikit_learn(train: Floats, targets: Floats, test: Floats, penalties: Floats) -> Floats:
    """Held-out predictions."""
    return RidgeCV(penalties, alpha_per_target=True).fit(train, targets).predict(test)


def by_himalaya(train: Floats, targets: Floats, test: Floats, penalties: Floats) -> Floats:
    """Held-out predictions; the kernel ridge, as units outnumber samples."""
    from himalaya.kernel_ridge import KernelRidgeCV  # pyright: ignore[reportMissingImports]

    mean, level = train.mean(0), targets.mean(0)
    model: Any = KernelRidgeCV(alphas=penalties, cv=FOLDS)
    return model.fit(train - mean, targets - level).predict(test - mean) + level


def ours(features: Floats, targets: Floats, grid: Floats = GRID) -> Floats:
    """[neuron] correlations."""
    responses = Responses(targets[:, None], np.arange(len(targets)))
    found = RidgeEncoding(FOLDS, grid.tolist())(features, responses).neurons
    assert found is not None
    return found


def theirs(fit: Fit, features: Floats, targets: Floats, grid: Floats = GRID) -> Floats:
    """[neuron] correlations, over the same folds."""
    fold_of = grouped_folds(np.arange(len(targets)), FOLDS)
    penalties = grid * features.var(0).sum()

    def predict(values: Floats) -> Floats:
        predicted = np.empty_like(values)
        for fold in range(FOLDS):
            test = fold_of == fold
            predicted[test] = fit(features[~test], values[~test], features[test], penalties)
        return predicted

    return held_out_score(predict, targets, fold_of)


def main() -> None:
    options = arguments(__doc__ or "")
    sizes = (300, 400, 50) if options.quick else (1000, 2000, 200)
    features, targets = problem(*sizes)
    rivals = {"scikit-learn": by_scikit_learn}
    if find_spec("himalaya"):
        rivals["himalaya"] = by_himalaya
    seconds: dict[str, list[float]] = {name: [] for name in ("ours", *rivals)}
    scores: dict[str, Floats] = {}
    for _ in range(2 if options.quick else 5):
        for name in seconds:
            start = time.perf_counter()
            if name == "ours":
                scores[name] = ours(features, targets)
            else:
                scores[name] = theirs(rivals[name], features, targets)
            seconds[name].append(time.perf_counter() - start)
    settings = dict(zip(("samples", "units", "neurons"), sizes, strict=True))
    settings |= {"folds": FOLDS, "penalties": len(GRID)}
    figures = []
    alone = ours(features, targets, GRID[6:7])
    for name, rival in rivals.items():
        apart = float(np.abs(scores["ours"] - scores[name]).max())
        at_one = np.abs(alone - theirs(rival, features, targets, GRID[6:7])).max()
        figures += [
            Figure("ridge encoding", seconds["ours"], "s", name, seconds[name], settings),
            Figure(f"largest difference of r to {name}", [apart], "", settings=settings),
            Figure(f"the same at one penalty, {name}", [float(at_one)], "", settings=settings),
            Figure(
                f"difference of mean r to {name}",
                [float(scores["ours"].mean() - scores[name].mean())],
                "",
                settings=settings,
            ),
        ]
    write(options.out, figures)


if __name__ == "__main__":
    main()
