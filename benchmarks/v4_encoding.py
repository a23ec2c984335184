"""Encoding of macaque V4 by the areas of a brain, next to pixels, edge energy and the ceiling.

The brain of configs/default.yaml, as it begins and after training on photographs, sees the images
as stills at the size of its eye. An area's features are pooled over grids of space, as those of the
edge energy are: its rates, and (as edge energy, too, is not linear in the image) its rates and
their amplitudes, the root mean squares over a patch of deviations from the mean over images. Ridge,
5 folds; r is the mean over neurons. What is told of these data is .36 by pixels + edge energy: that
is pixels and the steepness of the image ("pixels + gradients"); a bank of Gabors ("pixels + edges")
is a much stronger rival. What an area adds to the latter is its unique part; its interval is a
bootstrap over images. About 20 minutes on two quiet cores.

    python -m benchmarks.v4_encoding --out runs/benchmarks/v4_encoding
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks.recordings import recordings_folder, side_by_side, v4_baselines
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, merge, read_config
from brainmodel.command_line.train_command import CommandLine, usual
from brainmodel.probing.activity import Presentation, record_model
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines.pixels import shrink
from brainmodel.probing.metrics import Comparison, Responses, RidgeEncoding
from brainmodel.probing.recordings import Stimuli
from brainmodel.probing.recordings.readers import macaque_v4
from brainmodel.probing.scores import PerStimulus, split_half_ceiling
from brainmodel.probing.statistics import interval, stimulus_weights
from brainmodel.training.module import brain_of

GRIDS = (2, 4, 8)  # patches along each side
STEPS = 500  # changes of the weights of a trained brain
TOLD = 0.36  # r of pixels and edge energy, the figure to beat
WEAK, STRONG = "pixels + gradients", "pixels + edges"
DRAWS = 1000  # of images


class Session(NamedTuple):
    """What is encoded, and what from."""

    responses: Responses
    stimuli: Stimuli
    baselines: dict[str, Floats]  # by name, [image, feature]


class Score(NamedTuple):
    """An area by one read-out."""

    alone: float
    unique: float  # r of pixels + edges + area less that of pixels + edges
    low: float  # 95 % interval of the unique part
    high: float


def session(folder: Path, images: int | None) -> Session:
    """The images with repeats; the first of them, or all."""
    recording = macaque_v4.read_macaque_v4(folder)
    chosen = slice(images)
    names = recording.stimuli[chosen]
    frames = macaque_v4.read_v4_images(folder / "images_210325.zip", names)[:, None]
    return Session(
        PerStimulus().responses(recording.show(np.arange(len(names)))),
        Stimuli(frames, np.array([0.0, 1.0])),
        {name: features[chosen] for name, features in v4_baselines(folder).items()},
    )


def brain_after(steps: int, seed: int) -> Brain:
    """The brain of the default config after so many changes of its weights; none for untrained."""
    with tempfile.TemporaryDirectory() as folder:
        trainer: Config = {
            "max_steps": steps,
            "max_time": None,
            "default_root_dir": folder,
            "logger": False,
            "enable_progress_bar": False,
            "enable_checkpointing": False,
            "limit_val_batches": 0,
        }
        changes: Config = {"seed_everything": seed, "trainer": trainer, "report": {"scenes": 0}}
        config = merge(merge(usual("fit", ["default"]), read_config("default")), changes)
        return brain_of(CommandLine("fit", config, []).model)


def readouts(brain: Brain, stimuli: Stimuli, seconds: float) -> Iterator[tuple[str, str, Floats]]:
    """Area, read-out and features [image, feature]; the areas one by one, then together."""
    shown = Presentation(seconds=seconds)
    recorded = record_model(brain, stimuli, shown, ("rate",), batch=64)["rate"]
    everything = []
    for area, rates in recorded.items():
        units = brain.area(area).units
        power = ((rates - rates.mean(0)) ** 2).mean(1)
        mean = side_by_side(*pool(rates.mean(1).reshape(-1, *units)))
        amplitude = side_by_side(*map(np.sqrt, pool(power.reshape(-1, *units))))
        everything += [mean, amplitude]
        yield area, "rates", mean
        yield area, "rates and amplitudes", side_by_side(mean, amplitude)
    yield "all areas", "rates and amplitudes", side_by_side(*everything)


def pool(values: Floats) -> list[Floats]:
    """By grid, [image, feature] means over its patches; of dense areas the values themselves."""
    if values.ndim == 2:
        return [values]
    maps = np.moveaxis(values, 1, -1)[:, None]  # [image, 1, height, width, channel]
    return [shrink(maps, grid).reshape(len(maps), -1) for grid in GRIDS]


def judge(features: Floats, plain: Comparison, held: Session) -> Score:
    """An area alone, and what it adds to pixels and edges."""
    metric = RidgeEncoding()
    alone = metric(features, held.responses)
    joined = metric(side_by_side(held.baselines[STRONG], features), held.responses)
    weights = stimulus_weights(held.responses.groups, DRAWS, seed=0)
    unique = joined.value - plain.value
    low, high = interval(unique, joined.reweighted(weights) - plain.reweighted(weights))
    return Score(alone.value, unique, low, high)


def baselines(held: Session) -> list[Figure]:
    """The ceiling, and what needs no brain."""
    metric = RidgeEncoding()
    low, high = split_half_ceiling(metric, held.responses)
    settings = {"images": len(held.responses.groups), "folds": metric.folds}
    found = [
        Figure("ceiling: one half of the repeats from the other", [low], "r", settings=settings),
        Figure("ceiling: a noiseless model", [high], "r", settings=settings),
    ]
    for name, features in held.baselines.items():
        score = metric(features, held.responses).value
        told = ("told", [TOLD]) if name == WEAK else ("", [])
        found.append(Figure(name, [score], "r", *told, settings))
    return found


def areas(held: Session, brains: list[Brain], name: str, seconds: float) -> list[Figure]:
    """Each area of brains that differ by their seeds, by either read-out."""
    plain = RidgeEncoding()(held.baselines[STRONG], held.responses)
    weak = RidgeEncoding()(held.baselines[WEAK], held.responses).value
    scores: dict[tuple[str, str], list[Score]] = {}
    for brain in tqdm(brains, desc=f"{name} brains"):
        for area, readout, features in readouts(brain, held.stimuli, seconds):
            scores.setdefault((area, readout), []).append(judge(features, plain, held))
    found = []
    for (area, readout), by_seed in scores.items():
        what = f"{area}, {readout}, {name}"
        alone = [score.alone for score in by_seed]
        found.append(Figure(what, alone, "r", WEAK, [weak] * len(alone)))
        within = f"{by_seed[0].low:.4f} to {by_seed[0].high:.4f}"
        unique = [score.unique for score in by_seed]
        settings = {"95 % of the first seed": within}
        found.append(Figure(f"{what}: unique", unique, "r", settings=settings))
    return found


def main() -> None:
    """Train, score, write."""
    chosen = arguments(__doc__ or "")
    steps, seeds, seconds = (5, (0,), 0.1) if chosen.quick else (STEPS, (0, 1, 2), 0.4)
    held = session(recordings_folder() / "macaque_v4", 120 if chosen.quick else None)
    figures = baselines(held)
    for name, changes in (("untrained", 0), (f"{steps} steps", steps)):
        brains = [brain_after(changes, seed) for seed in seeds]
        figures += areas(held, brains, name, seconds)
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
