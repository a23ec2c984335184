"""Two processes against one: half the streams each or as many (data parallel), half the areas each.

Each process has one thread. The brain is two LSTM areas of as many units, the rate of one the drive
of the other, under Local with BPTT. Data parallel: each process has the brain, and half of the
streams or as many as the one process; DistributedDataParallel averages gradients. Area parallel:
each has one area, all streams. What counts is steps of all streams per second.

Then the same two areas hear each other: rates come back after one step, or after ten. Beside it
stands what is to be expected of them (`foretold`), made of the time of one process and of two that
do nothing but talk. Two cores that nobody else uses are needed.

    python -m benchmarks.parallel --out runs/benchmarks/parallel
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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
        found: seconds of a window in each repeat, by how: measured, and foretold of two.
    """

    def __init__(self, delay: int):
        self.delay, self._forward = delay, list[float]()
        ways = there_and_back(delay)
        self._one = whole(BATCH, False, ways, self._forward)
        self._part = BrainPart(plans(), ways, INPUTS, {"V1": 0, "LM": 1}, SGD)
        self._together = {line.together or STEPS for line in self._part.lines}.pop()
        self.found: dict[str, list[float]] = {how: [] for how in ("one", "two", "two, foretold")}

    def measure(self, windows: int) -> None:
        """Time both, and the messages between; every process has to."""
        reset = torch.zeros(STEPS, BATCH, dtype=torch.bool)
        seen = {"eye": torch.randn(STEPS, BATCH, UNITS)}
        barrier, rank = torch.distributed.barrier, torch.distributed.get_rank()
        barrier()
        if rank == 0:
            self._forward.clear()
            self.found["one"].append(seconds(self._one, lambda: None, windows))
        barrier()
        both = seconds(lambda: self._part.learn(seen, reset), barrier, windows)
        self.found["two"].append(both)
        talk = messages(self._together)
        if rank == 0:
            forward = sum(self._forward) / windows
            told = forward, self.found["one"][-1] - forward, talk, self.delay, self._together
            self.found["two, foretold"].append(foretold(*told))


class Talk(NamedTuple):
    """What a message takes, in seconds, between two that do nothing else."""

    turn: float  # until it is there, where the other waits for it
    cost: float  # of work for one sent and one heard, where nobody waits
    woken: float  # likewise, where who hears it has waited


def foretold(forward: float, rest: float, talk: Talk, delay: int, together: int) -> float:
    """Seconds of a window of two processes with half of the work each.

    Args:
        forward, rest: seconds of a window in one process: its sweep, and all else.
        talk: of messages.
        delay: steps around the cycle of the two.
        together: steps of signals in one message.
    """
    half = forward / 2 / STEPS
    step = half + talk.cost / together
    waits = 2 * (half + (talk.woken + talk.turn) / together) / (delay // together)
    lag = together * half + talk.turn  # the first waits for what the second says at last
    return STEPS * max(step, waits) + lag + rest / 2


def messages(together: int, count: int = 100) -> Talk:
    """What messages take, of many: in turns, then with products between, as within a window.

    Args:
        together: steps in one message.
        count: of messages each way.
    """
    rank, sent = torch.distributed.get_rank(), torch.randn(together, BATCH, UNITS)
    places, weight = torch.empty(count, *sent.shape), torch.randn(UNITS, 16 * UNITS)
    turns, work = list[float](), list[float]()
    for waits, works in ((True, False), (False, True), (True, True)):
        torch.distributed.barrier()
        spent = -time.thread_time()
        coming: Any = deque(torch.distributed.irecv(place, 1 - rank) for place in places)
        gone: Any = []
        for _ in range(count):
            start = time.perf_counter()
            if waits and rank == 1:
                coming.popleft().wait()
            gone.append(torch.distributed.isend(sent, 1 - rank))
            if waits and rank == 0:
                coming.popleft().wait()
            turns += [] if works else [(time.perf_counter() - start) / 2]
            spent += time.thread_time()
            if works:
                torch.mm(sent[0], weight)
            spent -= time.thread_time()
        for one in (*coming, *gone):
            one.wait()
        work.append((spent + time.thread_time()) / count)
    return Talk(min(turns), *work[1:])


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
            own.measure(windows)
    if rank == 0:
        back = {own.delay: own.found for own in two_way}
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
        rates = {how: [STEPS * BATCH / t for t in own[1:]] for how, own in times.items()}
        more = {"units": UNITS, "steps": STEPS, "streams": BATCH, "delay back": delay}
        for how, own in rates.items():
            against = ("", ()) if how == "one" else ("one", rates["one"])
            figures.append(Figure(f"back after {delay}: {how}", own, unit, *against, more))
    write(chosen.out, figures)


if __name__ == "__main__":
    main()
