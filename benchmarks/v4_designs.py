"""What brings small brains closer to macaque V4: designs, each against itself untrained.

Two areas on an eye of 32 pixels behind a retina, patches of 4 pixels: V1 of 48 maps of 8 x 8, LM of
64 of 4 x 4; rectified units, e-prop, 400 changes of the weights, each seed with weights and streams
of its own. A design changes one thing. Scores are those of `benchmarks/v4_encoding`: ridge from
rates and amplitudes over grids to 50 units of V4, r as mean over units; a gain is the trained brain
less the same brain untrained. Beside it V1's error over that of repeating the last drive.

    python -m benchmarks.v4_designs --out runs/benchmarks/v4_designs

About a minute and a half of one core a seed of a design; --designs names some of them. Stopped, the
same command goes on: what is trained and scored lies in the folder, by design and seed (use another
folder when the brain's code has changed).
"""

import contextlib
import io
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import torch
import yaml
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from benchmarks._results import Figure, write
from benchmarks._training import Snapshots, callback, fit
from benchmarks.recordings import recordings_folder
from benchmarks.v4_encoding import BOTH, V4, encode, pooled, v4
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, merge
from brainmodel.training.callbacks.report import Report
from brainmodel.training.module import brain_of

STEPS, SEEDS = 400, 3
SMALL: Config = yaml.safe_load("""
model:
  areas:
    V1: &area
      cell:
        class_path: areas.Leaky
        init_args: {alpha: 1.0, activation: torch.nn.functional.relu6}
      units: [48, 8, 8]
      afferents: [drive]
      predictor: {class_path: areas.Predictor, init_args: {kernel: 3, scale: 0.1}}
      objectives: {next: objectives.AbsoluteError, energy: objectives.Energy}
      weights: {energy: 0.03}
      rule: brainmodel.learning.EProp
    LM: {<<: *area, units: [64, 4, 4]}
  pathways:
    eye_V1:
      source: eye
      target: V1
      adapters:
        - brainmodel.pathways.Retina
        - {class_path: brainmodel.pathways.Patches, init_args: {size: 4}}
    V1_LM: {source: V1, target: LM, signal: rate}
    LM_V1: {source: LM, target: V1, kind: feedback, signal: prediction}
  learning_rate: 0.003
  learning_rates: {synapses: 0.001}
  final: 0.05
data:
  class_path: brainmodel.data.Photographs
  init_args: {size: 32, window: 12, batch_size: 8, validation_windows: 10}
""")


def in_areas(change: Config) -> Config:
    """A change of both areas."""
    return {"model": {"areas": {"V1": change, "LM": change}}}


def more(objective: str | Config, weight: float, **others: float) -> Config:
    """One objective more in both areas."""
    weights = {"more": weight, **others}
    return in_areas({"objectives": {"more": objective}, "weights": weights})


LPL = "objectives.LatentPredictiveLearning"
DESIGNS: dict[str, Config] = {
    "as shipped, small": {},
    "the error as the only afferent": in_areas({"afferents": ["error"]}),
    "drive and error": in_areas({"afferents": ["drive", "error"]}),
    "squared error": in_areas({"objectives": {"next": "objectives.SquaredError"}}),
    "price of energy x 10": in_areas({"weights": {"energy": 0.3}}),
    "lateral inhibition": more("objectives.LateralInhibition", 0.3),
    "sparseness": more("objectives.Sparseness", 0.03),
    "latent predictive learning beside": more(LPL, 0.03),
    "latent predictive learning alone": more(LPL, 1.0, next=0.0),
    "end to end": {"model": {"scope": "brainmodel.scopes.Global"}},
}


class Tried(NamedTuple):
    """One seed of a design: r by area untrained and trained; V1's error over repeating."""

    before: dict[str, float]
    after: dict[str, float]
    error: float


def score(brain: Brain, held: V4) -> dict[str, float]:
    """r by area, of rates and amplitudes."""
    found = pooled(brain, held.stimuli)
    return {area: encode(own, held) for area, readout, own in found if readout == BOTH}


def tried(design: Config, seed: int, steps: int, images: int | None) -> Tried:
    """Train one seed of a design, a whole config, in a process of its own, on one thread."""
    torch.set_num_threads(1)
    held = v4(recordings_folder() / "macaque_v4", images)
    kept: Config = {
        "class_path": "benchmarks._training.Snapshots",
        "init_args": {"steps": [0, steps]},
    }
    quiet = (contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()))
    with quiet[0], quiet[1]:
        command = fit(design, {"trainer": {"callbacks": [kept]}}, seed, steps)
    brain, scores = brain_of(command.model), {}
    for step, weights in callback(command, Snapshots).kept.items():
        brain.load_state_dict(weights)
        scores[step] = score(brain, held)
    return Tried(scores[0], scores[steps], callback(command, Report).errors["V1"].ratio)


def figures(found: dict[str, list[Tried]]) -> Iterator[Figure]:
    """By design: scores before and after, gains, and V1's error."""
    for design, seeds in found.items():
        settings = {"seeds": len(seeds)}
        for area in seeds[0].before:
            before, after = ([getattr(s, when)[area] for s in seeds] for when in Tried._fields[:2])
            gains = [b - a for a, b in zip(before, after, strict=True)]
            what = f"{design}: V4 by {area}"
            yield Figure(what, after, "r", "untrained", before, settings)
            yield Figure(f"{what}, gain", gains, "r", settings=settings)
        errors = [seed.error for seed in seeds]
        yield Figure(f"{design}: V1's error", errors, "of repeating", settings=settings)


def main() -> None:
    """Train and score all that was asked for; write."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--quick", action="store_true", help="only see that it runs")
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS), choices=list(DESIGNS))
    chosen = parser.parse_args()
    seeds, steps, images = (1, 3, 120) if chosen.quick else (SEEDS, STEPS, None)
    runs = [(design, seed) for design in chosen.designs for seed in range(seeds)]
    configs = [(merge(SMALL, DESIGNS[design]), seed, steps, images) for design, seed in runs]
    kept = Memory(chosen.out / "runs", verbose=0).cache(tried)
    processes = Parallel(n_jobs=-1, return_as="generator")
    made = cast(Iterator[Tried], processes(delayed(kept)(*run) for run in configs))
    found: dict[str, list[Tried]] = {}
    for (design, _), one in zip(runs, tqdm(made, "runs", len(runs)), strict=True):
        found.setdefault(design, []).append(one)
    write(chosen.out, [*figures(found)])


if __name__ == "__main__":
    main()
