"""Prediction of held-out scenes: local rules, BPTT within areas, BPTT end to end, and a control.

Each contender is the brain of a shipped config, trained for the steps of that config; its seeds
draw other weights and other streams. Errors are mean squared errors per unit of V1's drive over
held-out streams in their true order, as shares of those of the best linear predictor of V1's reach
(`brainmodel.training.held_out`), by what the eye did; beside them repeating the last drive, the
brain before training, and one who knows how the eye moves. Steps ahead are told by the best linear
read-out of V1's rates, beside one of the last two drives, over repeating. The control learns from
the same frames out of order. Orientation selectivity is that of V1, beside that of the untrained
brain.

    python -m benchmarks.prediction --out runs/benchmarks/prediction
"""

import contextlib
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import callback, fit
from brainmodel.command_line.config_files import Config, read_config
from brainmodel.data import Photographs
from brainmodel.data.streams import Part, Rendering, Script, Share, Stream
from brainmodel.training.callbacks.report import Report
from brainmodel.training.held_out import BRAIN, LINEAR, REPEATING

AREAS = ("V1", "LM", "AL", "PM")
BPTT: Config = {"areas": {area: {"rule": "brainmodel.learning.BPTT"} for area in AREAS}}
AHEAD = (1, 4, 8)  # steps
SHUFFLED = "local rules, frames out of order"
CONTENDERS: dict[str, Config] = {
    "local rules": {},
    SHUFFLED: {},
    "BPTT, local": BPTT,
    "BPTT, global": BPTT | {"scope": "brainmodel.scopes.Global"},
}
SCENES = {"photographs": "default", "video": "natural_video"}
SEEDS = {"local rules": 5, SHUFFLED: 5, "BPTT, local": 3, "BPTT, global": 3}


class OutOfOrder(Stream):
    """Another stream, the steps of each episode in an order drawn at random."""

    def __init__(self, of: Stream) -> None:
        super().__init__(of.share)
        self.of = of

    def script(self, random: np.random.Generator) -> Script:
        """See `Stream.script`."""
        order = random.permutation(self.share.episode)
        return {name: values[order] for name, values in self.of.script(random).items()}

    def render(self, script: Script) -> Rendering:
        """See `Stream.render`."""
        return self.of.render(script)


class Shuffled(Photographs):
    """Photographs whose training streams are out of order; held-out streams are not."""

    def stream(self, share: Share) -> Stream:
        """See `StreamModule.stream`."""
        made = super().stream(share)
        return OutOfOrder(made) if share.part is Part.TRAINING else made


class Found(NamedTuple):
    """Errors of one run by prediction and split, and V1's selectivity before and after."""

    errors: dict[tuple[str, str], float]
    selectivity: tuple[float, float]
    ahead: dict[tuple[str, int], float]  # over repeating, by prediction and steps


def train(scenes: str, contender: str, seed: int, steps: int | None) -> Report:
    """Train a variant of a shipped config; what its report says at the end."""
    changes: Config = {"model": CONTENDERS[contender]}
    if contender == SHUFFLED:
        own = {"class_path": "benchmarks.prediction.Shuffled"}  # with its options, or it has none
        changes["data"] = own | {"init_args": read_config(scenes)["data"]["init_args"]}
    changes["report"] = {"ahead": list(AHEAD)}
    return callback(fit(scenes, changes, seed, steps), Report)


def run(scenes: str, contender: str, seed: int, steps: int | None) -> Found:
    """One contender on one kind of scenes, in a process of its own, on one thread."""
    torch.set_num_threads(1)
    quiet = (contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()))
    with quiet[0], quiet[1]:
        report = train(SCENES[scenes], contender, seed, steps)
    tally = report.tallies["V1"]
    errors = {(p, s): tally.error(p, s) for p in tally.predictions for s in tally.splits}
    errors["untrained", "all"] = report.untrained["V1"].error
    told = report.told["V1"].items()
    ahead = {(p, k): own.ratio(p) for k, own in told for p in (BRAIN, LINEAR)}
    selectivity = report.selectivity["V1"], report.untrained_selectivity["V1"]
    return Found(errors, selectivity, ahead)


def figures(
    scenes: str, contender: str, runs: Sequence[Found], ordered: Sequence[Found]
) -> list[Figure]:
    """The lines of one contender, beside rivals that were fitted to frames in their order."""
    made = []
    for prediction, split in runs[0].errors:
        rivals = contender == "local rules" and prediction not in (LINEAR, BRAIN)
        if prediction != BRAIN and not rivals:
            continue
        name = contender if prediction == BRAIN else prediction
        for over in (LINEAR, REPEATING):
            if prediction != over and (over, split) in runs[0].errors:
                mine = [run.errors[prediction, split] for run in runs]
                theirs = [run.errors[over, split] for run in ordered[: len(runs)]]
                settings = {"scenes": scenes, "steps": split, "seeds": len(runs), "area": "V1"}
                made.append(Figure(name, mine, "squared error", over, theirs, settings))
    for prediction, k in runs[0].ahead:
        name = f"{contender}: rates" if prediction == BRAIN else prediction
        settings = {"scenes": scenes, "steps ahead": k, "seeds": len(runs), "area": "V1"}
        mine = [run.ahead[prediction, k] for run in runs]
        made.append(Figure(name, mine, f"of {REPEATING}", settings=settings))
    after, before = zip(*(run.selectivity for run in runs), strict=True)
    settings = {"scenes": scenes, "area": "V1", "seeds": len(runs)}
    what = f"{contender}: orientation selectivity, median"
    return [*made, Figure(what, list(after), "", "untrained", list(before), settings)]


def main() -> None:
    """Train everything, as many at a time as there are cores; write what came out."""
    chosen = arguments(__doc__ or "")
    steps = 5 if chosen.quick else None
    runs = [
        (s, c, seed, steps)
        for s in SCENES
        for c in CONTENDERS
        for seed in range(1 if chosen.quick else SEEDS[c])
        if s == "photographs" or c != SHUFFLED
    ]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        made = list(tqdm(pool.map(run, *zip(*runs, strict=True)), "training", len(runs)))
    found: dict[tuple[str, str], list[Found]] = {}
    for (scenes, contender, *_), one in zip(runs, made, strict=True):
        found.setdefault((scenes, contender), []).append(one)
    lines: list[Figure] = []
    for (scenes, contender), several in found.items():
        lines += figures(scenes, contender, several, found[scenes, "local rules"])
    write(chosen.out, lines)


if __name__ == "__main__":
    main()
