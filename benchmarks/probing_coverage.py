"""Claim: 95 % intervals of scores, and of their paired differences, cover what they should.

    python -m benchmarks.probing_coverage [--quick] --out DIR

Many experiments are drawn: stimuli, a model of 40 units, and 12 neurons that are linear in half of
them, with noise. Each is scored, and its interval is asked whether it holds the mean score of all
experiments of that size. A second model sees the stimuli with noise of its own; the difference of
the two scores is judged in the same way. By metric and number of stimuli: the share that is
covered, which should be 93 to 97 %. A few minutes; --quick seconds.
"""

from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import (
    CKA,
    RSA,
    Metric,
    PLSEncoding,
    Procrustes,
    ReducedRankEncoding,
    Responses,
    RidgeEncoding,
    SpearmanRSA,
    WhitenedRSA,
)
from brainmodel.probing.statistics import draws_of, interval

UNITS, NEURONS, SHARED = 40, 12, 20
DRAWS = 400  # of the bootstrap
METRICS: dict[str, Metric[Any, Any]] = {
    "ridge": RidgeEncoding(),
    "reduced rank": ReducedRankEncoding(4),
    "PLS": PLSEncoding(4),
    "RSA": RSA("euclidean"),
    "Spearman RSA": SpearmanRSA(),
    "whitened RSA": WhitenedRSA(),
    "CKA": CKA(),
    "Procrustes": Procrustes(),
}


def experiment(stimuli: int, seed: int, noise: float = 2.0) -> tuple[Floats, Floats, Responses]:
    """Features of two models, and responses."""
    fixed, random = np.random.default_rng(0), np.random.default_rng([1, seed])
    mixing = fixed.standard_normal((SHARED, NEURONS)) / np.sqrt(SHARED)
    seen = random.standard_normal((stimuli, UNITS)) / np.sqrt(1 + np.arange(UNITS) / 4)
    neurons = seen[:, ::2] @ mixing * 2 + noise * random.standard_normal((stimuli, NEURONS))
    other = seen + 0.5 * random.standard_normal(seen.shape)
    return seen, other, Responses(neurons[:, None], np.arange(stimuli))


def coverage(metric: Metric[Any, Any], stimuli: int, experiments: int) -> tuple[float, float]:
    """Share of intervals that cover: of scores, of differences."""
    values, ends = np.empty((2, experiments)), np.empty((2, experiments, 2))
    for seed in range(experiments):
        one, other, responses = experiment(stimuli, seed)
        draws = draws_of(np.arange(stimuli), DRAWS, seed)
        first, second = metric(one, responses), metric(other, responses)
        drawn = [first.drawn(draws), second.drawn(draws)]
        values[:, seed] = first.value, first.value - second.value
        ends[0, seed] = interval(values[0, seed], drawn[0])
        ends[1, seed] = interval(values[1, seed], drawn[0] - drawn[1])
    true = values.mean(1)[:, None]
    covered = (ends[..., 0] <= true) & (true <= ends[..., 1])
    return float(covered[0].mean()), float(covered[1].mean())


def main() -> None:
    options = arguments(__doc__ or "")
    sizes, experiments = ((60,), 20) if options.quick else ((80, 240), 400)
    figures = []
    for name, metric in tqdm(METRICS.items()):
        for stimuli in sizes:
            count = experiments if name not in ("PLS", "Procrustes") else experiments // 2
            settings = {"stimuli": stimuli, "experiments": count}
            for what, share in zip(
                ("score", "difference"), coverage(metric, stimuli, count), strict=True
            ):
                figures.append(
                    Figure(f"{name}: {what} covered", [100 * share], "%", settings=settings)
                )
    write(options.out, figures)


if __name__ == "__main__":
    main()
