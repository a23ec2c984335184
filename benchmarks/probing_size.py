"""Claim: a probe of 1,000 stimuli x 500 units x 5 areas x 10 lags with bootstrap takes minutes.

    python -m benchmarks.probing_size [--quick] --out DIR

On two cores, in under 4 GB: a model of 5 areas of 500 units against 500 neurons in 5 brain areas,
4 repeats, 10 lags, 1,000 bootstrap draws, ceilings of 20 halvings, by ridge encoding (5 folds, 13
penalties a neuron), RSA and debiased CKA. Time and peak memory by metric. About 10 minutes; --quick
(200 stimuli, 3 lags) seconds.
"""

import time

import numpy as np

from benchmarks._results import Figure, arguments, peak_memory, write
from brainmodel.probing.metrics import CKA, RSA, RidgeEncoding
from brainmodel.probing.recordings import Recording
from brainmodel.probing.scores import Scoring, score_model

AREAS, UNITS, NEURONS, REPEATS = 5, 500, 100, 4
METRICS = {"ridge": RidgeEncoding(), "rsa": RSA(), "cka": CKA()}


def made(stimuli: int, lags: int) -> tuple[dict[str, np.ndarray], Recording]:
    """Rates of a model, and neurons that follow its areas with noise."""
    random = np.random.default_rng(0)
    rates, responses = {}, []
    for area in range(AREAS):
        slow = random.standard_normal((stimuli, 1, UNITS), np.float32)
        values = slow + 0.5 * random.standard_normal((stimuli, lags, UNITS), np.float32)
        rates[f"area {area}"] = values
        follow = values[:, :, :20] @ random.standard_normal((20, NEURONS), np.float32)
        noise = 4 * random.standard_normal((stimuli, REPEATS, lags, NEURONS), np.float32)
        responses.append((follow[:, None] + noise).transpose(3, 0, 1, 2))
    return rates, Recording(
        np.concatenate(responses),
        np.repeat([f"brain {area}" for area in range(AREAS)], NEURONS),
        np.array([f"{k:04d}" for k in range(stimuli)]),
        np.arange(lags + 1) * 0.01,
        "spikes/s",
    )


def measure(stimuli: int, lags: int, bootstraps: int, halvings: int) -> list[Figure]:
    """Time of each metric and of all; then the most memory that was in use."""
    rates, recording = made(stimuli, lags)
    edges = tuple(np.arange(lags + 1) * 0.01)
    behind = edges[:-1]
    scoring = Scoring(edges, behind, bootstraps=bootstraps, halvings=halvings, progress=True)
    settings = {"stimuli": stimuli, "units": UNITS, "areas": f"{AREAS} x {AREAS}", "lags": lags}
    settings |= {"neurons": AREAS * NEURONS, "bootstraps": bootstraps, "halvings": halvings}
    figures, total = [], 0.0
    for name, metric in METRICS.items():
        start = time.monotonic()
        scores = score_model(rates, recording, {name: metric}, scoring)
        total += (seconds := time.monotonic() - start)
        figures.append(
            Figure(f"probe, {name}", [seconds], "s", settings=settings | {"scores": len(scores)})
        )
    peak = peak_memory() / 2**10
    figures.append(Figure("probe, all metrics", [total], "s", settings=settings))
    return [*figures, Figure("probe, peak memory", [peak], "GB", settings=settings)]


def main() -> None:
    options = arguments(__doc__ or "")
    size = (200, 3, 200, 5) if options.quick else (1000, 10, 1000, 20)
    write(options.out, measure(*size))


if __name__ == "__main__":
    main()
