"""What compiled steps are worth under scope Global: forward and backward pass of a window.

Five LSTM areas of 64 units in a row with feedback (B 32, T 24), and areas with maps like those of
`configs/default.yaml` (B 8, T 12). Steps as they are written, compiled (`engine: Compiled`), and
areas that learn by themselves in native loops (scope Local, BPTT) are timed in turn, so that their
ratios hold when the machine's speed drifts. How long it took to compile is told beside.

    python -m benchmarks.compiled_steps --out runs/benchmarks/compiled_steps
"""

import time
from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from areas import LSTM, Leaky, Predictor
from benchmarks._results import Figure, arguments, write
from benchmarks.cells import in_turn
from brainmodel.brain import AreaPlan, Brain
from brainmodel.engines import Compiled, Engine
from brainmodel.learning import BPTT
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global, Local, Scope
from objectives import SquaredError

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def row(scope: Scope, engine: Engine | None) -> tuple[Brain, Tensor]:
    """Five dense areas, and a window of what they see."""
    names = ["V1", "LM", "AL", "PM", "AM"]
    plans = {
        name: AreaPlan(LSTM(), [64], BPTT(), {"next": SquaredError()}, Predictor())
        for name in names
    }
    return brain(plans, [64], scope, engine), torch.rand(24, 32, 64)


def maps(scope: Scope, engine: Engine | None) -> tuple[Brain, Tensor]:
    """Four areas, three of which have maps, and a window of what they see."""
    sizes = {"V1": [48, 16, 16], "LM": [64, 8, 8], "AL": [32, 8, 8], "PM": [64]}
    plans = {
        name: AreaPlan(
            Leaky(0.5, functional.relu6), units, BPTT(), {"next": SquaredError()},
            Predictor(scale=0.1), afferents=["drive"],
        )
        for name, units in sizes.items()
    }  # fmt: skip
    return brain(plans, [4, 16, 16], scope, engine), torch.rand(12, 8, 4, 16, 16)


BRAINS = {"five LSTM areas x 64": row, "areas with maps": maps}


def brain(
    plans: Mapping[str, AreaPlan], eye: list[int], scope: Scope, engine: Engine | None
) -> Brain:
    """Areas one above the other: errors go up where there are any, rates come down."""
    chain = list(pairwise(["eye", *plans]))
    pathways = {f"{low}_{high}": Pathway(low, high) for low, high in chain}
    pathways |= {f"{high}_{low}": Pathway(high, low, "feedback") for low, high in chain[1:]}
    return Brain(plans, pathways, {"eye": eye}, scope, engine=engine).to(DEVICE)


def training(made: tuple[Brain, Tensor]) -> Callable[[], None]:
    """One forward and backward pass of a window."""
    learner, seen = made[0], made[1].to(DEVICE)
    reset = torch.zeros(seen.shape[:2], dtype=torch.bool, device=DEVICE)
    reset[0] = True

    def learn() -> None:
        learner.zero_grad()
        activities, _ = learner({"eye": seen}, reset)
        losses = learner.losses(activities).values()
        torch.stack([loss for own in losses for loss in own.values()]).sum().backward()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    return learn


def main() -> None:
    """Time everything; write what came out."""
    chosen = arguments(__doc__ or "")
    figures = []
    for name, make in BRAINS.items():
        engine = Compiled()
        written, compiled = training(make(Global(), None)), training(make(Global(), engine))
        start = time.perf_counter()
        compiled()
        seconds = time.perf_counter() - start
        if engine.missing is not None:
            raise RuntimeError(f"nothing was compiled: {engine.missing}")
        alone = training(make(Local(), None))
        times = in_turn(written, compiled, alone, repeats=5 if chosen.quick else 21)
        settings = {"device": DEVICE.type, "first window (compiling), s": round(seconds, 1)}
        reference = "Global, steps as they are written", times[0], settings
        figures.append(Figure(f"{name}: Global, compiled steps", times[1], "ms", *reference))
        figures.append(Figure(f"{name}: Local, native loops", times[2], "ms", *reference))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
