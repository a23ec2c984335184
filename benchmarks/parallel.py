"""Two processes against one: half the streams each or as many (data parallel), half the areas each.

Each process has one thread. The brain is two LSTM areas of as many units, the rate of one the drive
of the other, under Local with BPTT. Data parallel: each process has the brain, and half of the
streams or as many as the one process; DistributedDataParallel averages gradients. Area parallel:
each has one area, all streams. What counts is steps of all streams per second.

Then the same two areas hear each other: rates come back after one step, or after ten. What is to be
expected of two processes (`foretold`) is made of what one process takes for its forward sweep and
for the rest, beside another that does the same, and of what a message takes between two that do
nothing else; it is printed beside.

    python -m benchmarks.parallel --out runs/benchmarks/parallel
"""

import tempfile
import time
from collections import deque
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


class TwoWay:
    """Two areas that hear each other, the rates of one after some steps, in one process and two.

    Attributes:
        alone: seconds of a window in each repeat; `beside` another process that does the same.
        parts: likewise, in two processes.
        foretold: of a window in two processes, by `foretold`.
    """

    def __init__(self, delay: int):
        self.delay, self.forward = delay, list[float]()
        ways = there_and_back(delay)
        self.one = whole(BATCH, False, ways, self.forward)
        self.part = BrainPart(plans(), ways, INPUTS, {"V1": 0, "LM": 1}, SGD)
        self.together = {line.together or STEPS for line in self.part.lines}.pop()
        self.alone, self.beside = list[float](), list[float]()
        self.parts, self.foretold = list[float](), list[float]()

    def measure(self, rank: int, windows: int) -> None:
        """Time both, and the messages between."""
        barrier = torch.distributed.barrier
        reset = torch.zeros(STEPS, BATCH, dtype=torch.bool)
        seen = {"eye": torch.randn(STEPS, BATCH, UNITS)}
        barrier()
        if rank == 0:
            self.alone.append(seconds(self.one, lambda: None, windows))
        barrier()
        self.forward.clear()
        self.beside.append(seconds(self.one, lambda: None, windows))
        barrier()
        self.parts.append(seconds(lambda: self.part.learn(seen, reset), barrier, windows))
        turn, cost = messages(rank, self.together)
        if rank == 0:
            forward = sum(self.forward) / windows
            told = forward, self.beside[-1] - forward, turn, cost
            self.foretold.append(foretold(*told, self.delay, self.together))


def foretold(
    forward: float, rest: float, turn: float, cost: float, delay: int, together: int
) -> float:
    """Seconds of a window of two processes with half of the work each.

    Args:
        forward, rest: seconds of a window in one process, its sweep and all else, beside another
            process that does the same.
        turn: seconds until a message is there, if the other waits for it.
        cost: seconds that a process spends on one message sent and one received.
        delay: steps around the cycle of the two.
        together: steps of signals in one message.
    """
    half = forward / 2 / STEPS
    waits = (2 * half + 2 * turn / together) / (delay // together)
    lag = together * half + turn  # the first waits for what the second says at last
    return STEPS * max(half + cost / together, waits) + lag + rest / 2


def messages(rank: int, together: int, count: int = 200) -> tuple[float, float]:
    """Seconds of a message in turns, and of one sent and one received where nobody waits."""
    sent, other = torch.randn(together, BATCH, UNITS), 1 - rank
    places = torch.empty(count, *sent.shape)
    times = []
    for waits in (True, False):
        torch.distributed.barrier()
        start = time.perf_counter()
        coming: Any = deque(torch.distributed.irecv(place, other) for place in places)
        gone: list[Any] = []
        for k in range(count):
            if waits and (k or rank):
                coming.popleft().wait()
            gone.append(torch.distributed.isend(sent, other))
        for work in (*coming, *gone):
            work.wait()
        times.append((time.perf_counter() - start) / count)
    return times[0] / 2, times[1]


def process(rank: int, folder: str, windows: int, repeats: int) -> None:
    """What each of two processes does; the first of them also works alone."""
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2)
    barrier = torch.distributed.barrier
    two_way = [TwoWay(delay) for delay in DELAYS]
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
        for own in two_way:
            own.measure(rank, windows)
    if rank == 0:
        back = {own.delay: (own.alone, own.beside, own.parts, own.foretold) for own in two_way}
        torch.save((found, part.bytes_sent, back), f"{folder}/found.pt")
    barrier()


def main() -> None:
    """Time everything; write what came out."""
    chosen = arguments(__doc__ or "")
    windows, repeats = (8, 3) if chosen.quick else (40, 9)
    with tempfile.TemporaryDirectory() as folder:
        told = folder, windows, repeats
        torch.multiprocessing.spawn(process, told, 2)  # type: ignore[attr-defined]
        found, size, back = torch.load(Path(folder, "found.pt"), weights_only=True)
    streams = {how: BATCH * (2 if how == ALL else 1) for how in HOWS}
    rates = {how: [STEPS * streams[how] / t for t in found[how][1:]] for how in HOWS}
    settings = {"units": UNITS, "steps": STEPS, "streams": BATCH, "bytes a window": size}
    unit = "steps of streams/s"
    figures = [Figure(ALONE, rates[ALONE], unit, settings=settings)]
    for how in HOWS[1:]:
        figures.append(Figure(how, rates[how], unit, ALONE, rates[ALONE], settings))
    for delay, times in back.items():
        one, both, two, told = ([STEPS * BATCH / t for t in own[1:]] for own in times)
        more = {"units": UNITS, "steps": STEPS, "streams": BATCH, "delay back": delay}
        after = f"rates back after {delay}"
        figures.append(Figure(f"{ALONE}, {after}", one, unit, settings=more))
        beside = f"{ALONE} of two that do not talk, {after}"
        figures.append(Figure(beside, both, unit, ALONE, one, more))
        figures.append(Figure(f"{AREAS}, {after}", two, unit, ALONE, one, more))
        figures.append(Figure(f"{AREAS}, {after}, foretold", told, unit, ALONE, one, more))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
