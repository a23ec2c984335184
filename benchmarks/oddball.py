"""Does an area that has learnt to foretell its own rates err more where a rare stimulus comes?

The brain of configs/oddball.yaml, as it begins and after training, follows held-out blocks in which
15 % of the stimuli that may be are deviants. Its error is that of V1's prediction of its own rates,
at the step at which a stimulus appears: for a deviant, and for the standard just before it. Each
orientation is standard in some blocks and deviant in others. The control has learnt from blocks in
which a stimulus that may be a deviant is one half of the time, so that nothing is rare; what it has
seen are the same gratings at the same times. About three minutes.

    python -m benchmarks.oddball --out runs/benchmarks/oddball
"""

import contextlib
import io
import warnings
from statistics import fmean
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import fit
from brainmodel.brain import Brain
from brainmodel.command_line.config_files import Config, read_config
from brainmodel.command_line.train_command import quieten
from brainmodel.data import OddballGratings
from brainmodel.data.oddball import DEVIANT
from brainmodel.data.streams import Part
from brainmodel.training.held_out import follow_streams
from brainmodel.training.module import brain_of

WINDOWS = 20  # of held-out blocks
CONDITIONS: dict[str, Config] = {
    "hidden layer": {},
    "linear": {
        "model": {"areas": {"V1": {"objectives": {"own": {"init_args": {"hidden": None}}}}}}
    },
    "hidden layer, nothing rare": {"data": {"init_args": {"deviants": 0.5}}},
}


class Errors(NamedTuple):
    """Mean errors at the step at which a stimulus appears, in squared rates."""

    deviants: float
    standards: float  # those just before

    @property
    def ratio(self) -> float:
        """Of deviants over standards."""
        return self.deviants / self.standards


def brain_after(steps: int, seed: int, changes: Config) -> Brain:
    """The brain of the config, changed, after so many windows; `changes` as another config."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        quieten()
        return brain_of(fit("oddball", changes, seed, steps).model)


def held_out(seed: int) -> OddballGratings:
    """The blocks of the config, by another seed than was learnt from."""
    options = read_config("oddball")["data"]["init_args"]
    return OddballGratings(**(options | {"seed": 1000 + seed}))


def errors(brain: Brain, data: OddballGratings, windows: int = WINDOWS) -> Errors:
    """V1's errors of its own rates where deviants appear, and where the standards before them did.

    Args:
        brain: with an objective `own` of V1.
        data: blocks; held-out ones are followed.
        windows: how many, after one in which streams begin in the midst of blocks.
    """
    stream = data.stream(data.share(Part.VALIDATION))
    period = data.oddball.shown + data.oddball.gray
    deviants, standards = [], []
    followed = follow_streams(brain, map(stream.window, range(windows + 1)))
    for k, (window, activities) in enumerate(followed):
        with torch.no_grad():
            error: Tensor = brain.objectives["V1"]["own"](activities["V1"])  # type: ignore[index, operator]
        deviant = window.labels["stimulus"] == DEVIANT
        appears = deviant & ~deviant.roll(1, 0)
        appears[:period] = False  # the standard before it lies in another window
        if k > 0:
            deviants += error[appears].tolist()
            standards += error.roll(period, 0)[appears].tolist()
    return Errors(fmean(deviants), fmean(standards))


def main() -> None:
    """Measure, and write what was found."""
    options = arguments(__doc__ or "")
    seeds, steps = (range(1), 30) if options.quick else (range(5), 300)
    found: dict[str, list[float]] = {"untrained": []}
    for seed in tqdm(seeds):
        data = held_out(seed)
        found["untrained"].append(errors(brain_after(0, seed, {}), data).ratio)
        for name, changes in CONDITIONS.items():
            ratio = errors(brain_after(steps, seed, changes), data).ratio
            found.setdefault(name, []).append(ratio)
    settings = {"steps": steps, "seeds": f"0 to {seeds[-1]}", "deviants": 0.15}
    write(
        options.out,
        [
            Figure(f"error to deviants over standards, {name}", ratios, "", settings=settings)
            for name, ratios in found.items()
        ],
    )


if __name__ == "__main__":
    main()
