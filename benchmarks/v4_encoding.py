"""Encoding of macaque V4, and matrices of IT, by the areas of a brain as it learns.

The brain of configs/default.yaml, in one training of 2,000 steps for each of five seeds, is looked
at as it begins and on its way. It sees the images as stills at the size and the blur of its eye.

V4: an area's features are pooled over grids of space, as those of the edge energy are: its rates,
and (as edge energy, too, is not linear in the image) its rates and their amplitudes, the root mean
squares over a patch of deviations from the mean over images. Ridge, 5 folds; r is the mean over
neurons. What is told of these data is .36 by pixels + edge energy: that is pixels and the steepness
of the image ("pixels + gradients"); a bank of Gabors ("pixels + edges") is a much stronger rival.

IT: 1 - Pearson r between the rates to 92 images of objects; Spearman correlation with the matrices
of human subjects (their mean) and with that of monkey cells.

Gains are those of a seed over the same brain before training; what an area adds is r of pixels +
Gabors + area less that of pixels + Gabors. About half an hour on two quiet cores.

    python -m benchmarks.v4_encoding --out runs/benchmarks/v4_encoding
"""

import contextlib
import io
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import brains_along
from benchmarks.recordings import recordings_folder, side_by_side, v4_baselines
from brainmodel.brain import Brain
from brainmodel.probing.activity import Presentation, record_model
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import EdgeEnergy, Pixels
from brainmodel.probing.baselines.pixels import shrink
from brainmodel.probing.metrics import Responses, RidgeEncoding
from brainmodel.probing.metrics.rsa import compare_pairs, dissimilarities
from brainmodel.probing.recordings import Stimuli
from brainmodel.probing.recordings.readers import images92, macaque_v4
from brainmodel.probing.scores import PerStimulus, split_half_ceiling

GRIDS = (2, 4, 8)  # patches along each side
STAGES = (0, 100, 300, 700, 2000)  # changes of the weights
SEEDS = 5
TOLD = 0.36  # r of pixels and edge energy, the figure to beat
WEAK, STRONG = "pixels + gradients", "pixels + edges"
SHOWN = Presentation(seconds=0.4, blur=1.0)  # pixels, as in training
RATES, BOTH = "rates", "rates and amplitudes"


class V4(NamedTuple):
    """What is encoded, and what from."""

    responses: Responses
    stimuli: Stimuli
    baselines: dict[str, Floats]  # by name, [image, feature]


class IT(NamedTuple):
    """Dissimilarities of pairs of images of objects."""

    stimuli: Stimuli
    cortex: dict[str, Floats]  # by species, [subject, pair]


def v4(folder: Path, images: int | None) -> V4:
    """The images with repeats; the first of them, or all."""
    recording = macaque_v4.read_macaque_v4(folder)
    chosen = slice(images)
    names = recording.stimuli[chosen]
    frames = macaque_v4.read_v4_images(folder / "images_210325.zip", names)[:, None]
    return V4(
        PerStimulus().responses(recording.show(np.arange(len(names)))),
        Stimuli(frames, np.array([0.0, 1.0])),
        {name: features[chosen] for name, features in v4_baselines(folder).items()},
    )


def it(folder: Path) -> IT:
    """Human subjects (fMRI, mean over sessions) and monkey cells."""
    people = images92.read_human_it(folder).mean_over_sessions().pairs
    monkey = images92.read_models(folder).of(areas="monkeyIT").pairs
    frames = images92.read_object_images(folder)[:, None]
    return IT(Stimuli(frames, np.array([0.0, 1.0])), {"human IT": people, "monkey IT": monkey})


def pooled(brain: Brain, stimuli: Stimuli) -> Iterator[tuple[str, str, Floats]]:
    """Area, read-out and features [image, feature]; the areas one by one, then together."""
    recorded = record_model(brain, stimuli, SHOWN, ("rate",), batch=64)["rate"]
    everything = []
    for area, rates in recorded.items():
        units = brain.area(area).units
        power = ((rates - rates.mean(0)) ** 2).mean(1)
        mean = side_by_side(*pool(rates.mean(1).reshape(-1, *units)))
        amplitude = side_by_side(*map(np.sqrt, pool(power.reshape(-1, *units))))
        everything += [mean, amplitude]
        yield area, RATES, mean
        yield area, BOTH, side_by_side(mean, amplitude)
    yield "all areas", BOTH, side_by_side(*everything)


def pool(values: Floats) -> list[Floats]:
    """By grid, [image, feature] means over its patches; of dense areas the values themselves."""
    if values.ndim == 2:
        return [values]
    maps = np.moveaxis(values, 1, -1)[:, None]  # [image, 1, height, width, channel]
    return [shrink(maps, grid).reshape(len(maps), -1) for grid in GRIDS]


def encode(features: Floats, held: V4) -> float:
    """r of features [image, feature]."""
    return RidgeEncoding()(features, held.responses).value


def encode_beside(features: Floats, held: V4) -> float:
    """r of pixels, a bank of Gabors and features [image, feature] together."""
    return encode(side_by_side(held.baselines[STRONG], features), held)


def alike(patterns: Floats, subjects: Floats) -> float:
    """Mean over subjects of the correlation of ranks with a model's dissimilarities.

    Args:
        patterns: [image, unit].
        subjects: [subject, pair].
    """
    own = dissimilarities(patterns, "correlation")
    return float(np.mean([compare_pairs(own, pairs, "spearman") for pairs in subjects]))


def look(brain: Brain, v4_held: V4, it_held: IT) -> dict[str, float]:
    """All scores of a brain, by what they are of."""
    plain, found = encode(v4_held.baselines[STRONG], v4_held), {}
    for area, readout, features in pooled(brain, v4_held.stimuli):
        what = f"V4 by {area}, {readout}"
        found[what] = encode(features, v4_held)
        found[f"{what}: adds"] = encode_beside(features, v4_held) - plain
    recorded = record_model(brain, it_held.stimuli, SHOWN, ("rate",), batch=46)["rate"]
    for area, rates in recorded.items():
        for species, pairs in it_held.cortex.items():
            found[f"{species} by {area}"] = alike(rates.mean(1), pairs)
    return found


def baselines(v4_held: V4, it_held: IT) -> list[Figure]:
    """The ceilings, and what needs no brain."""
    metric = RidgeEncoding()
    low, high = split_half_ceiling(metric, v4_held.responses)
    settings = {"images": len(v4_held.responses.groups), "folds": metric.folds}
    found = [
        Figure("V4: one half of the repeats from the other", [low], "r", settings=settings),
        Figure("V4: a noiseless model", [high], "r", settings=settings),
    ]
    for name, features in v4_held.baselines.items():
        score = encode(features, v4_held)
        told = ("told", [TOLD]) if name == WEAK else ("", [])
        found.append(Figure(f"V4 by {name}", [score], "r", *told, settings))
    for name, kind in (("pixels", Pixels(32)), ("edge energy", EdgeEnergy(32, octaves=3))):
        features = kind(it_held.stimuli.frames)[:, 0]
        for species, pairs in it_held.cortex.items():
            found.append(Figure(f"{species} by {name}", [alike(features, pairs)], "rank r"))
    return found


def along(seed: int, stages: tuple[int, ...], images: int | None) -> dict[int, dict[str, float]]:
    """Scores of a seed by the number of steps, in a process of its own, on one thread."""
    torch.set_num_threads(1)
    folder = recordings_folder()
    v4_held, it_held = v4(folder / "macaque_v4", images), it(folder / "images92")
    with contextlib.redirect_stdout(io.StringIO()):
        brains = brains_along("default", stages, seed)
        return {step: look(brain, v4_held, it_held) for step, brain in brains}


def figures(found: list[dict[int, dict[str, float]]]) -> Iterator[Figure]:
    """Scores of all seeds after each number of steps, and gains over the beginning."""
    for step, scores in found[0].items():
        for what in scores:
            own = [seed[step][what] for seed in found]
            yield Figure(f"{what}, {step} steps", own, "r", settings={"seeds": len(own)})
            if step:
                gains = [value - seed[0][what] for value, seed in zip(own, found, strict=True)]
                yield Figure(f"{what}, {step} steps: gain", gains, "r")


def main() -> None:
    """Train, score, write."""
    chosen = arguments(__doc__ or "")
    stages, seeds, images = ((0, 5), 1, 120) if chosen.quick else (STAGES, SEEDS, None)
    folder = recordings_folder()
    plain = baselines(v4(folder / "macaque_v4", images), it(folder / "images92"))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        asked = processes.map(along, range(seeds), [stages] * seeds, [images] * seeds)
        found = list(tqdm(asked, desc="seeds", total=seeds))
    write(chosen.out, [*plain, *figures(found)])


if __name__ == "__main__":
    main()
