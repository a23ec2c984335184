"""Figures that correct use of public recordings finds, from their raw files by this code.

Each stands next to the figure told by the source of the data (the readers' docstrings name them).
The folder of recordings is the one that BRAINMODEL_RECORDINGS names.

    python -m benchmarks.recordings --out runs/benchmarks/recordings
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import ttest_1samp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import EdgeEnergy, Pixels
from brainmodel.probing.baselines.pixels import shrink
from brainmodel.probing.metrics import Responses, RidgeEncoding
from brainmodel.probing.metrics.rsa import compare_pairs, dissimilarities
from brainmodel.probing.recordings.readers import images92, macaque_v4
from brainmodel.probing.recordings.readers.mouse_multiarea import read_trials
from brainmodel.probing.recordings.readers.mouse_sequences import read_mouse_sequences
from brainmodel.probing.recordings.readers.mouse_unexpected import read_differences
from brainmodel.probing.scores import PerStimulus, split_half_ceiling, subject_ceiling
from brainmodel.probing.statistics import unexpected_effect

OFTEN = 8  # repeats of the V4 images whose halves are compared
WINDOW = (0.1, 0.15)  # s from the onset of each gratings' sequence


class Told(NamedTuple):
    """A figure found, and what it should be."""

    what: str
    found: float
    told: float
    within: float  # rounding of what is told


def images_92(folder: Path) -> list[Told]:
    """Inferior temporal cortex of humans (fMRI) and monkeys (cells) to 92 images."""
    people = images92.read_human_it(folder).mean_over_sessions()
    models = images92.read_models(folder)
    gray = images92.read_object_images(folder).mean(3).reshape(92, -1)
    monkey = models.of(areas="monkeyIT").pairs[0]
    low, high = subject_ceiling(people)

    def mean_score(model: Floats) -> float:
        return float(np.mean([compare_pairs(model, p, "spearman") for p in people.pairs]))

    shared = compare_pairs(monkey, people.pairs.mean(0), "corr")
    animacy = mean_score(models.of(areas="animacy").pairs[0])
    pixels = mean_score(dissimilarities(gray, "correlation"))
    return [
        Told("92 images: monkey and human IT, r", shared, 0.491, 5e-4),
        Told("92 images: ceiling, lower", low, 0.372, 5e-4),
        Told("92 images: ceiling, upper", high, 0.666, 5e-4),
        Told("92 images: animacy", animacy, 0.386, 5e-4),
        Told("92 images: pixels", pixels, 0.024, 5e-4),
    ]


def v4(folder: Path) -> list[Told]:
    """Macaque V4: averages, and agreement of halves of the repeats."""
    found = PerStimulus().responses(macaque_v4.read_macaque_v4(folder))
    average = np.load(folder / "responses_210325_avg.npy")
    often = found.shown.sum(1) >= OFTEN
    responses = Responses(found.repeats[often], found.groups[often])
    ridge = RidgeEncoding()
    half = split_half_ceiling(ridge, responses, 50).low
    whole = 2 * half / (1 + half)
    off = float(np.abs(found.mean.T - average).max())
    plain = ridge(v4_baselines(folder)["pixels + gradients"], found).value
    return [
        Told("V4: largest difference of the mean of repeats and the averages", off, 0.0, 1e-12),
        Told("V4: split-half r", half, 0.62, 0.005),
        Told("V4: split-half r, Spearman-Brown", whole, 0.77, 0.005),
        Told("V4: encoding by pixels + edge energy (gradients), r", plain, 0.36, 0.005),
    ]


def v4_baselines(folder: Path) -> dict[str, Floats]:
    """[image, feature] of what needs no brain.

    Pixels, edge energy (a Gabor bank), and both, at 32 pixels, as the model's eye sees; and pixels
    with the steepness of the image at its own 112 pixels, which is the edge energy that is told of.
    """
    recording = macaque_v4.read_macaque_v4(folder)
    images = macaque_v4.read_v4_images(folder / "images_210325.zip", recording.stimuli)[:, None]
    pixels, edges = Pixels(16)(images)[:, 0], EdgeEnergy(32, octaves=3)(images)[:, 0]
    steep = np.hypot(*np.gradient(images[:, 0].mean(3), axis=(1, 2)))[:, None, :, :, None]
    gradients = shrink(steep, 16).reshape(len(steep), -1)
    return {
        "pixels": pixels,
        "edge energy": edges,
        "pixels + gradients": side_by_side(pixels, gradients),
        "pixels + edges": side_by_side(pixels, edges),
    }


def side_by_side(*features: Floats) -> Floats:
    """Sets of features [sample, feature] as one, each of total variance 1."""
    return np.concatenate([f / np.sqrt(f.var(0).sum()) for f in features], axis=1)


def sequences(folder: Path) -> list[Told]:
    """Mouse V1: unexpected minus expected, day by day."""
    (path,) = folder.glob("*DataForMbTDRDecoder*")
    effects = sequence_effects(path)
    p = {day: float(ttest_1samp(effect, 0).pvalue) for day, effect in effects.items()}  # type: ignore[attr-defined]
    first, last = min(effects), max(effects)
    return [
        Told("sequences: unexpected effect, day 1", float(effects[first].mean()), -0.02, 0.005),
        Told("sequences: its p, day 1", p[first], 0.56, 0.005),
        Told("sequences: unexpected effect, day 4", float(effects[last].mean()), 0.20, 0.005),
        Told("sequences: its p, day 4", p[last], 1.5e-5, 5e-7),
    ]


def sequence_effects(path: Path) -> dict[str, Floats]:
    """By day, [unit] unexpected minus expected in the window."""
    recording = read_mouse_sequences(path)
    assert recording.sessions is not None
    middle = (recording.edges[:-1] + recording.edges[1:]) / 2
    window = (middle > WINDOW[0]) & (middle < WINDOW[1])
    effects = {}
    for day in sorted(set(recording.sessions.tolist())):
        values = recording.of(sessions=day).responses[..., window].mean(3)
        effects[day] = unexpected_effect(values[:, 0], values[:, 1])
    return effects


def unexpected_gabors(folder: Path) -> list[Told]:
    """Mouse V1 dendrites and somata: the published differences, session by session."""
    table = {(d.layer, d.compartment, d.session): d.difference for d in read_differences(folder)}
    told = {
        ("2/3", "apical dendrite"): ([-0.0016, 0.0023, 0.0061], 5e-5),
        ("5", "soma"): ([0.037, 0.006, -0.005], 5e-4),
    }
    return [
        Told(f"Gabors: layer {place[0]} {place[1]}, session {s}", table[*place, s], value, within)
        for place, (values, within) in told.items()
        for s, value in enumerate(values, 1)
    ]


def sides(folder: Path) -> list[Told]:
    """Mouse LGd and VISp: on which side the stronger contrast was."""
    found = []
    for mouse, area, right, majority in (
        ("lederberg", "LGd", 0.82, 0.59),
        ("cori", "VISp", 0.75, 0.57),
    ):
        counts, left_contrast, right_contrast = read_trials(folder / f"{mouse}.rds", area)
        told = left_contrast != right_contrast
        side = (right_contrast > left_contrast)[told]
        decoder = LogisticRegression(C=0.01, max_iter=9000)
        score = cross_val_score(decoder, counts[told], side, cv=StratifiedKFold(5)).mean()
        chance = max(side.mean(), 1 - side.mean())
        found += [
            Told(f"side of the stimulus from {area}, share right", float(score), right, 0.005),
            Told(f"side of the stimulus from {area}, majority", float(chance), majority, 0.005),
        ]
    return found


CLAIMS: dict[str, Callable[[Path], list[Told]]] = {
    "images92": images_92,
    "macaque_v4": v4,
    "mouse_v1_sequences": sequences,
    "mouse_v1_unexpected": unexpected_gabors,
    "mouse_multiarea": sides,
}
"""By folder of the recordings."""


def recordings_folder() -> Path:
    """The folder that BRAINMODEL_RECORDINGS names; without it the benchmark is skipped."""
    named = os.environ.get("BRAINMODEL_RECORDINGS")
    if not named or not Path(named).is_dir():
        print("skipped: BRAINMODEL_RECORDINGS names no folder of recordings", file=sys.stderr)
        sys.exit(0)  # so that the benchmarks after it are run
    return Path(named)


def main() -> None:
    """Find everything; write it next to what is told."""
    chosen = arguments(__doc__ or "")
    folder = recordings_folder()
    figures = []
    for name, claim in tqdm(CLAIMS.items(), desc="recordings"):
        for what, found, told, within in claim(folder / name):
            agrees = abs(found - told) <= within
            settings = {"data": name, "told": f"{told:g}", "agrees": "yes" if agrees else "NO"}
            figures.append(Figure(what, [found], "", settings=settings))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
