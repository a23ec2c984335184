"""Two processes against one: half the streams each or as many (data parallel), half the areas each.

Each process has one thread. The brain is two LSTM areas of as many units, the rate of one the drive
of the other, under Local with BPTT. Data parallel: each process has the brain, and half of the
streams or as many as the one process; DistributedDataParallel averages gradients. Area parallel:
each has one area, all streams. What counts is steps of all streams per second.

Then the same two areas hear each other: rates come back after one step, or after ten. What is to be
expected of two processes (`foretold`) is made of what one process takes for its forward sweep and
for the rest, and of what a message takes between two that do nothing else; it is printed beside.

    python -m benchmarks.parallel --out runs/benchmarks/parallel
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed
import torch.multiprocessing
from torch.nn.parallel import DistributedDataParallel

from areas import LSTM
from benchmarks._results import Figure, arguments, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT
from brainmodel.pathways.pathway import Pathway
from brainmodel.training.parts.area_parallel import BrainPart
from objectives import SquaredError

UNITS, STEPS, BATCH = 128, 50, 64
SGD = partial(torch.optim.SGD, lr=0.01)
PATHWAYS = {"eye_V1": Pathway("eye", "V1"), "V1_LM": Pathway("V1", "LM", signal="rate")}
INPUTS = {"eye": [UNITS]}
DELAYS = (1, 10)  # of rates that come back
TWO_WAY = [f"{how}, back after {delay}" for delay in DELAYS for how in ("one process", "parts")]
ALONE, HALF, ALL, AREAS = HOWS = (
    "one process",
    "data parallel, half the streams each",
    "data parallel, as many streams each",
    "area parallel",
)


def plans() -> dict[str, AreaPlan]:
    """Two areas of equal work."""
    return {
        name: AreaPlan(LSTM(), [UNITS], BPTT(), {"next": SquaredError()}) for name in ("V1", "LM")
    }


def there_and_back(delay: int) -> dict[str, Pathway]:
    """Two areas that hear each other and the eye, so that they have equal work."""
    back = Pathway("LM", "V1", "feedback", "rate", delay)
    return PATHWAYS | {"LM_V1": back, "eye_LM": Pathway("eye", "LM", "lateral")}


def whole(
    batch: int,
    spread: bool,
    pathways: dict[str, Pathway] = PATHWAYS,
    forward: list[float] | None = None,
) -> Callable[[], None]:
    """One window of the whole brain, gradients averaged over processes or not; `forward` is told
    what each sweep takes."""
    brain = Brain(plans(), pathways, INPUTS)
    seen, reset = torch.randn(STEPS, batch, UNITS), torch.zeros(STEPS, batch, dtype=torch.bool)
    optimizer, state = SGD(brain.parameters()), brain.initial_state(batch)
    model: Any = DistributedDataParallel(brain) if spread else brain

    def learn() -> None:
        nonlocal state
        start = time.perf_counter()
        activities, state = model({"eye": seen}, reset, state)
        if forward is not None:
            forward.append(time.perf_counter() - start)
        optimizer.zero_grad()
        each = [v for own in brain.losses(activities).values() for v in own.values()]
        torch.stack(each).sum().backward()
        optimizer.step()
        brain.after_step()

    return learn


def seconds(learn: Callable[[], Any], end: Callable[[], Any], windows: int) -> float:
    """Time of one window, of many."""
    start = time.perf_counter()
    for _ in range(windows):
        learn()
    end()
    return (time.perf_counter() - start) / windows


def process(rank: int, folder: str, windows: int, repeats: int) -> None:
    """What each of two processes does; the first of them also works alone."""
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2)
    barrier = torch.distributed.barrier
    alone, half, full = whole(BATCH, False), whole(BATCH // 2, True), whole(BATCH, True)
    part = BrainPart(plans(), PATHWAYS, INPUTS, {"V1": 0, "LM": 1}, SGD)
    reset = torch.zeros(STEPS, BATCH, dtype=torch.bool)
    seen = {"eye": torch.randn(STEPS, BATCH, UNITS)}

    def areas() -> None:
        part.learn(seen, reset)

    def together() -> None:
        part.end()
        barrier()

    found: dict[str, list[float]] = {how: [] for how in HOWS}
    for _ in range(repeats + 1):  # the first warms up
        barrier()
        if rank == 0:
            found[ALONE].append(seconds(alone, lambda: None, windows))
        for how, learn in ((HALF, half), (ALL, full)):
            barrier()
            found[how].append(seconds(learn, barrier, windows))
        barrier()
        found[AREAS].append(seconds(areas, together, windows))
    if rank == 0:
        torch.save((found, part.bytes_sent), f"{folder}/found.pt")
    barrier()


def main() -> None:
    """Time everything; write what came out."""
    chosen = arguments(__doc__ or "")
    windows, repeats = (8, 3) if chosen.quick else (40, 9)
    with tempfile.TemporaryDirectory() as folder:
        told = folder, windows, repeats
        torch.multiprocessing.spawn(process, told, 2)  # type: ignore[attr-defined]
        found, size = torch.load(Path(folder, "found.pt"), weights_only=True)
    streams = {how: BATCH * (2 if how == ALL else 1) for how in HOWS}
    rates = {how: [STEPS * streams[how] / t for t in found[how][1:]] for how in HOWS}
    settings = {"units": UNITS, "steps": STEPS, "streams": BATCH, "bytes a window": size}
    unit = "steps of streams/s"
    figures = [Figure(ALONE, rates[ALONE], unit, settings=settings)]
    for how in HOWS[1:]:
        figures.append(Figure(how, rates[how], unit, ALONE, rates[ALONE], settings))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
