"""Training beside plain PyTorch: time, peak memory, and the share of time in products.

Three brains, each by a local rule (e-prop) beside the same model as a loop in plain PyTorch, end to
end under autograd (`benchmarks._plain`), on two threads:

    default   configs/default.yaml: four areas, three of them of maps
    dense     five dense LSTM areas of 64 units in a row, with feedback; windows of 100 steps
    maps      three LSTM areas of maps in a row, with feedback

A training step is forward, backward and Adam's step, the two sides in turn. Streams go on from
window to window: e-prop carries its traces along, and without them ("within the window") it forgets
what was before, as the loop does. Before anything is timed, errors and losses of both are checked
to be equal. The dense brain is also held against one masked matrix for all areas, as mRNNTorch has
it, which is the same model where every pathway takes a step.

Peak memory is what training steps of a process of its own take on top of the brain and its window,
after a step of another brain of the same make: what is loaded and made once in a process (native
loops, and PyTorch's tracer that writes them, some 36 MB) is left out, on both sides.
`benchmarks.memory` counts which tensors it is.
Products are PyTorch's (of matrices, convolutions, and their derivatives), by its profiler; those
inside of native loops are not told apart. With --growth: the dense brain where its sizes grow.

    python -m benchmarks.throughput --out runs/benchmarks/throughput
    python -m benchmarks.throughput --growth --out runs/benchmarks/throughput_growth
"""

import argparse
import ctypes
import multiprocessing
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache, partial
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from areas import LSTM, Cell
from benchmarks._plain import FlatMasked, PlainChain, PlainDefault
from benchmarks._results import Figure, peak_memory, write
from benchmarks.cells import in_turn
from benchmarks.perturbation import default_brain
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from objectives import SquaredError

THREADS = 2
CLOSE = 1e-6  # of errors, over the largest, and of losses; computed in float64
PRODUCTS = ("mm", "addmm", "addmm_", "bmm", "baddbmm_", "mkldnn_convolution")
PRODUCTS += (
    "_slow_conv2d_forward",
    "_slow_conv2d_backward",
    "convolution_backward",
    "_convolution",
)
BASE = {"areas": 5, "units": 64, "window": 100, "batch": 32}
GROWTH = {
    "areas": (1, 2, 4, 8, 16),
    "units": (16, 64, 256),
    "window": (10, 100, 400),
    "batch": (1, 8, 32, 128),
}
LOCAL, WITHIN, AREAS, LOOP = "e-prop", "e-prop within the window", "BPTT within areas", "plain loop"
FLAT, STEPPED = "one masked matrix", "e-prop within the window, every pathway a step"

DEFAULT = cache(default_brain)
Training = Callable[[], None]


class Case(NamedTuple):
    """A brain, a window for it, and the same brain in plain PyTorch, made of it."""

    brain: Brain
    seen: Tensor  # [time, batch, ...]
    plain: Callable[[Brain], nn.Module]


def chain(
    sizes: list[list[int]],
    eye: list[int],
    rule: Callable[[], Rule],
    delay: int = 0,
    cell: Callable[[], Cell] = LSTM,
) -> Brain:
    """Areas in a row: rates go up after a delay and come down a step later."""
    plans = {
        f"A{k}": AreaPlan(cell(), size, rule(), {"next": SquaredError()})
        for k, size in enumerate(sizes)
    }
    pairs, kernel = list(pairwise(plans)), 3 if len(eye) == 3 else None
    ways = {"eye": Pathway("eye", "A0", signal="rate")}
    ways |= {f"{a}_{b}": Pathway(a, b, signal="rate", delay=delay) for a, b in pairs}
    ways |= {f"{b}_{a}": Pathway(b, a, "feedback", "rate", kernel=kernel) for a, b in pairs}
    return Brain(plans, ways, {"eye": eye})


def dense(
    rule: Callable[[], Rule], areas: int, units: int, window: int, batch: int, delay: int = 0
) -> Case:
    """Dense areas in a row."""
    brain = chain([[units]] * areas, [units], rule, delay)
    plain = FlatMasked if delay else PlainChain
    return Case(brain, torch.randn(window, batch, units), plain)


def maps(rule: Callable[[], Rule]) -> Case:
    """Areas of maps in a row."""
    brain = chain([[16, 32, 32], [32, 16, 16], [64, 8, 8]], [3, 32, 32], rule)
    return Case(brain, torch.randn(20, 8, 3, 32, 32), PlainChain)


def default() -> Case:
    """The brain of configs/default.yaml, and as large a window as it has there."""
    return Case(deepcopy(DEFAULT()), torch.rand(12, 8, 1, 32, 32), PlainDefault)


def within() -> EProp:
    """E-prop that remembers nothing from window to window."""
    return EProp(carry=False)


def training(case: Case) -> Training:
    """A training step of a brain, along streams that go on."""
    brain, seen = case.brain, {"eye": case.seen}
    reset = torch.zeros(case.seen.shape[:2], dtype=torch.bool)
    optimizer, state = torch.optim.Adam(brain.parameters(), lr=1e-5), None

    def learn() -> None:
        nonlocal state
        optimizer.zero_grad()
        activities, state = brain(seen, reset, state)
        losses = [loss for own in brain.losses(activities).values() for loss in own.values()]
        torch.stack(losses).sum().backward()
        optimizer.step()
        brain.after_step()

    return learn


def loop(case: Case) -> Training:
    """A training step of the same brain in plain PyTorch."""
    net = case.plain(case.brain)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-5)

    def learn() -> None:
        optimizer.zero_grad()
        net(case.seen)[1].backward()
        optimizer.step()

    return learn


def require_equal(case: Case) -> None:
    """Refuse to compare what does not compute the same."""
    for name, weight in case.brain.named_parameters():
        if "predictor" in name:  # messages begin with 0 there, and would not be seen
            weight.data += 0.02 * torch.randn_like(weight)
    net, seen = case.plain(case.brain).double(), case.seen.double()
    brain = case.brain.double()
    with torch.no_grad():
        activities, _ = brain({"eye": seen}, torch.zeros(seen.shape[:2], dtype=torch.bool))
        errors, loss = net(seen)
        losses = [each for own in brain.losses(activities).values() for each in own.values()]
    ours = [activity.error for activity in activities.values()]
    ours = ours if len(errors) == len(ours) else [torch.cat(ours, 2)]
    apart = [float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, errors, strict=True)]
    apart.append(abs(float(torch.stack(losses).sum() - loss)))
    if max(apart) > CLOSE:
        raise RuntimeError(f"not the same model: errors and losses differ by {apart}")


def peak(make: Callable[[], Training]) -> float:
    """MB that training steps of a process of its own take on top of what they begin with."""
    here, there = multiprocessing.Pipe(False)
    process = multiprocessing.get_context("fork").Process(target=_steps, args=(make, there))
    process.start()
    there.close()
    found = here.recv()
    process.join()
    return found


def _steps(make: Callable[[], Training], tell: Connection) -> None:
    torch.set_num_threads(THREADS)
    make()()
    learn = make()
    ctypes.CDLL(None).malloc_trim(0)  # what making them has left behind
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    begun = peak_memory()
    for _ in range(3):
        learn()
    tell.send(peak_memory() - begun)


def share_of_products(learn: Training) -> float:
    """Percent of the time of a step that PyTorch's products take."""
    learn()
    with torch.profiler.profile() as profile:
        start = time.perf_counter()
        learn()
        seconds = time.perf_counter() - start
    names = {f"aten::{name}" for name in PRODUCTS}
    spent = [e.self_cpu_time_total for e in profile.key_averages() if e.key in names]
    return 100 * sum(spent) / 1e6 / seconds


class Contest(NamedTuple):
    """What is timed in turn."""

    frames: int  # of a window
    sides: Mapping[str, Callable[[], Training]]  # the last is what the others are compared with


def contests() -> dict[str, Contest]:
    """By brain."""
    five = partial(dense, **BASE)

    def ours(make: Callable[[], Case]) -> Callable[[], Training]:
        return lambda: training(make())

    def theirs(make: Callable[[], Case]) -> Callable[[], Training]:
        return lambda: loop(make())

    rules = {WITHIN: within, LOCAL: EProp, AREAS: BPTT}
    rows = {name: ours(partial(five, rule)) for name, rule in rules.items()}
    flat = partial(five, within, delay=1)
    convolved = partial(maps, EProp)
    return {
        "default": Contest(96, {LOCAL: ours(default), LOOP: theirs(default)}),
        "dense": Contest(3200, rows | {LOOP: theirs(partial(five, within))}),
        "dense, flat": Contest(3200, {STEPPED: ours(flat), FLAT: theirs(flat)}),
        "maps": Contest(160, {LOCAL: ours(convolved), LOOP: theirs(convolved)}),
    }


def compare(quick: bool) -> list[Figure]:
    """Every brain; memory first: a process that has used its threads cannot be forked."""
    brains, figures = contests(), []
    DEFAULT()  # made once, for all processes
    peaks = {
        (name, side): [peak(make) for _ in range(1 if quick else 3)]
        for name, own in tqdm(brains.items(), desc="memory")
        for side, make in own.sides.items()
    }
    torch.set_num_threads(THREADS)
    for case in (default(), dense(EProp, **BASE), dense(EProp, **BASE, delay=1), maps(EProp)):
        require_equal(case)
    for name, own in tqdm(brains.items(), desc="time"):
        steps, last = {side: make() for side, make in own.sides.items()}, list(own.sides)[-1]
        repeats = 3 if quick else 21 if name == "default" else 9
        times = dict(zip(steps, in_turn(*steps.values(), repeats=repeats), strict=True))
        for side, taken in times.items():
            more = {"frames/s": round(1e3 * own.frames / median(taken))}
            more["products, %"] = round(share_of_products(steps[side]))
            for what, all_, unit in (("a step", times, "ms"), ("peak", _of(name, peaks), "MB")):
                other = (last, all_[last]) if side != last else ("", ())
                told = more if unit == "ms" else {}
                figures.append(Figure(f"{name}: {side}, {what}", all_[side], unit, *other, told))
    return figures


def _of(name: str, peaks: Mapping[tuple[str, str], list[float]]) -> dict[str, list[float]]:
    return {side: found for (brain, side), found in peaks.items() if brain == name}


def growth(quick: bool) -> list[Figure]:
    """The dense brain within the window and its plain loop, as one size after the other grows."""
    sizes = [BASE | {what: n} for what, some in GROWTH.items() for n in some]
    sizes = [size for k, size in enumerate(sizes) if size not in sizes[:k]]
    made = [partial(dense, within, **size) for size in (sizes[:2] if quick else sizes)]
    peaks = [
        [peak(lambda make=make, train=train: train(make())) for train in (training, loop)]
        for make in tqdm(made, desc="memory")
    ]
    torch.set_num_threads(THREADS)
    figures = []
    for make, (ours, theirs) in zip(tqdm(made, desc="time"), peaks, strict=True):
        case, size = make(), dict(make.keywords)
        times = in_turn(training(case), loop(case), repeats=3 if quick else 5)
        figures.append(Figure(f"{WITHIN}, a step", times[0], "ms", LOOP, times[1], size))
        figures.append(Figure(f"{WITHIN}, peak", [ours], "MB", LOOP, [theirs], size))
    return figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for what was found")
    parser.add_argument("--quick", action="store_true", help="few repeats, to see it work")
    parser.add_argument("--growth", action="store_true", help="the dense brain, growing, instead")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    write(chosen.out, (growth if chosen.growth else compare)(chosen.quick))


if __name__ == "__main__":
    main()
