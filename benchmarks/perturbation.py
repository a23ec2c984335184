"""What perturbations cost: a training step of the default brain, perturbed and as it is, in turn.

Of each kind that configs/perturbation has, on one thread, in seconds of the processor, in which
what else runs on the machine does not count. Some ten minutes.

    python -m benchmarks.perturbation --out runs/benchmarks/perturbation
"""

import contextlib
import io
import time
from collections.abc import Callable
from copy import deepcopy

import torch
from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks._training import fit
from benchmarks.circuits import training_step
from brainmodel.brain import Brain
from brainmodel.perturbation import (
    AddedNoise,
    Blockade,
    Clamp,
    Lesion,
    Opsin,
    Perturbation,
    Plasticity,
    Scale,
    Shuffle,
    ShuffleSteps,
    Silence,
    StreamSteps,
    perturbed,
)
from brainmodel.training.module import brain_of

WINDOW, STREAMS = 12, 8
KINDS: dict[str, Callable[[], Perturbation]] = {
    "Silence of a pathway": lambda: Silence("LM_V1"),
    "Silence of an area": lambda: Silence("LM"),
    "Scale of a share, for some steps": lambda: Scale("LM", 0.5, StreamSteps(3, 6), share=0.5),
    "Clamp of a pathway": lambda: Clamp("AL_V1", 0.1),
    "Clamp of an area": lambda: Clamp("LM", 0.1),
    "Opsin": lambda: Opsin("V1", 1.0, "inhibitory", 1.0, 3.0, share=0.1),
    "AddedNoise": lambda: AddedNoise("LM", 0.1),
    "Shuffle": lambda: Shuffle("LM_V1"),
    "ShuffleSteps": lambda: ShuffleSteps("LM_V1"),
    "Blockade of errors": lambda: Blockade("error"),
    "Lesion": lambda: Lesion("V1.recurrent", share=0.5),
    "Plasticity": lambda: Plasticity("V1.recurrent"),
}


def default_brain(scope: str = "Local") -> Brain:
    """The brain of configs/default.yaml, under a scope of this name."""
    told = {"model": {"scope": f"brainmodel.scopes.{scope}"}}
    with contextlib.redirect_stdout(io.StringIO()):
        return brain_of(fit("default", told, 0, 1).model)


def costs(repeats: int) -> list[Figure]:
    """Milliseconds of a training step of each kind, beside the intact brain."""
    torch.set_num_threads(1)
    brain = default_brain()
    inputs = {name: torch.rand(WINDOW, STREAMS, *shape) for name, shape in brain.inputs.items()}
    usual, made = training_step(brain, inputs), []
    for what, kind in tqdm(KINDS.items(), desc="kinds"):
        other = deepcopy(brain)
        with perturbed(other, kind()):
            sides = usual, training_step(other, inputs)
            times: list[list[float]] = [[], []]
            for repeat in range(repeats + 2):
                for side, found in zip(sides, times, strict=True):
                    begin = time.process_time()
                    side()
                    if repeat >= 2:  # the first two warm up
                        found.append(1000 * (time.process_time() - begin))
        settings = {"window": WINDOW, "streams": STREAMS}
        made.append(Figure(what, times[1], "ms", "the intact brain", times[0], settings))
    return made


def main() -> None:
    """Measure, and write what was found."""
    chosen = arguments(__doc__ or "")
    write(chosen.out, costs(2 if chosen.quick else 12))


if __name__ == "__main__":
    main()
