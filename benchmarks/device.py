"""What a graphics processor makes of it: a dense area beside cuDNN, rules, the default brain.

One forward and backward pass of a window, in turn, so that ratios hold when clocks drift:

- subLSTM with BPTT beside `torch.nn.LSTM` (cuDNN), and beside the same brain by tensor calls;
- e-prop, traces carried, beside BPTT;
- the brain of configs/default.yaml there, beside two cores of the processor;
- the same with its windows recorded as CUDA graphs, beside windows as they are written.

Before anything is timed, gradients from there are held against those of the processor, and weights
that learnt from recorded windows against those that learnt from windows as written. Minutes.
Without a graphics processor nothing is measured; with --quick the script then goes its way on the
processor, small, to see it work.

    python -m benchmarks.device --out runs/benchmarks/device
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy

import torch
from torch import Tensor, nn
from tqdm import tqdm

from areas import SubLSTM
from benchmarks._results import Figure, arguments, write
from benchmarks.cells import alone, in_turn
from benchmarks.perturbation import WINDOW, default_brain
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.engines import Replayed, Tape
from brainmodel.learning import BPTT, EProp
from brainmodel.training.recorded_windows import RecordedWindows

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SIZES = [(64, 100, 64, 256), (128, 100, 256, 512)]  # (time, batch, input, unit)
SMALL = [(8, 4, 8, 16)]
STREAMS = (8, 64)  # of the default brain: as configured, and more


def training(brain: Brain, inputs: dict[str, Tensor]) -> Callable[[], None]:
    """One forward and backward pass of a window, waited for; streams and their traces go on."""
    device = next(brain.parameters()).device
    inputs = {name: signal.to(device) for name, signal in inputs.items()}
    shape = next(iter(inputs.values())).shape[:2]
    reset, state = torch.zeros(shape, dtype=torch.bool, device=device), None

    def step() -> None:
        nonlocal state
        brain.zero_grad()
        activities, state = brain(inputs, reset, state)
        judged = [loss for own in brain.losses(activities).values() for loss in own.values()]
        loss = torch.stack(judged).sum() if judged else activities["area"].rate.square().mean()
        loss.backward()
        _wait(device)

    return step


def layer_training(layer: nn.LSTM, sequence: Tensor) -> Callable[[], None]:
    """The same of torch's own layer."""

    def step() -> None:
        layer.zero_grad()
        layer(sequence)[0].square().mean().backward()
        _wait(sequence.device)

    return step


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def by_tensor_calls() -> Iterator[None]:
    """Without native loops, for brains that are first stepped meanwhile."""
    before = os.environ.get("BRAINMODEL_NATIVE")
    os.environ["BRAINMODEL_NATIVE"] = "0"
    try:
        yield
    finally:
        del os.environ["BRAINMODEL_NATIVE"]
        if before is not None:
            os.environ["BRAINMODEL_NATIVE"] = before


def check(rule: type) -> None:
    """Raise RuntimeError where gradients from there are not those of the processor."""
    torch.manual_seed(0)
    here = alone(SubLSTM(), rule(), 5, 33).double()
    there, sequence = deepcopy(here).to(DEVICE), torch.randn(7, 19, 5, dtype=torch.float64)
    with by_tensor_calls():
        _twice(training(here, {"input": sequence}))
    _twice(training(there, {"input": sequence}))
    for (name, a), b in zip(here.named_parameters(), there.parameters(), strict=True):
        if a.grad is not None and not torch.allclose(a.grad, b.grad.cpu(), rtol=1e-9, atol=1e-12):  # type: ignore
            raise RuntimeError(f"{rule.__name__}: the gradient of {name} differs on {DEVICE}")


def _twice(step: Callable[[], None]) -> None:
    """So that the second window has what the first one carried."""
    step()
    step()


def dense(sizes: list[tuple[int, int, int, int]], repeats: int) -> list[Figure]:
    """One dense area by BPTT and e-prop, beside cuDNN's LSTM and beside tensor calls."""
    figures = []
    for steps, batch, inputs, units in tqdm(sizes, desc="dense areas"):
        torch.manual_seed(0)
        sequence = torch.randn(steps, batch, inputs, device=DEVICE)
        brains = [alone(SubLSTM(), rule, inputs, units).to(DEVICE) for rule in (BPTT(), EProp())]
        bptt, e_prop = (training(brain, {"input": sequence}) for brain in brains)
        calls = training(deepcopy(brains[0]), {"input": sequence})
        with by_tensor_calls():
            calls()
        layer = layer_training(nn.LSTM(inputs, units).to(DEVICE), sequence)
        times = in_turn(bptt, layer, e_prop, calls, repeats=repeats)
        area = brains[0].area("area")
        loops = area.dynamics.loops_in_use(DEVICE, torch.float32)
        settings = {"T": steps, "B": batch, "in": inputs, "N": units, "steps by": str(loops)}
        what, own = "SubLSTM, BPTT", times[0]
        figures.append(Figure(what, own, "ms", "torch.nn.LSTM", times[1], settings))
        figures.append(Figure(what, own, "ms", "by tensor calls", times[3], settings))
        figures.append(Figure("SubLSTM, EProp, carried", times[2], "ms", what, own, settings))
    return figures


def default(streams: tuple[int, ...], repeats: int) -> list[Figure]:
    """A window of the default brain, there and on two cores of the processor."""
    torch.set_num_threads(2)
    here, figures = default_brain().cpu(), []
    there = deepcopy(here).to(DEVICE)
    for count in tqdm(streams, desc="default brain"):
        shapes = here.inputs.items()
        inputs = {name: torch.rand(WINDOW, count, *shape) for name, shape in shapes}
        times = in_turn(training(there, inputs), training(here, inputs), repeats=repeats)
        settings = {"window": WINDOW, "streams": count, "device": DEVICE.type}
        reference = "two cores of the processor"
        figures.append(Figure("the default brain", times[0], "ms", reference, times[1], settings))
    return figures


def replaying(brain: Brain, inputs: dict[str, Tensor]) -> Callable[[], None]:
    """`training` of a brain there, its windows recorded; on the processor on a tape."""
    brain.engine = Replayed(recorder=Tape() if DEVICE.type == "cpu" else None)
    windows, state = RecordedWindows(), None
    inputs = {name: signal.to(DEVICE) for name, signal in inputs.items()}
    shape = next(iter(inputs.values())).shape[:2]
    window = Window(inputs, torch.zeros(shape, dtype=torch.bool, device=DEVICE), {})

    def step() -> None:
        nonlocal state
        brain.zero_grad()
        losses, _, state = windows.judged(brain, window, state)
        weighed = [loss for own in brain.weigh(losses).values() for loss in own.values()]
        torch.stack(weighed).sum().backward()
        _wait(DEVICE)

    for _ in range(3):
        step()
    if windows.replayed == 0:
        raise RuntimeError(f"windows are not recorded: {windows.missing}")
    return step


def recorded(streams: tuple[int, ...], repeats: int) -> list[Figure]:
    """A window of the default brain, recorded and as it is written."""
    brain, figures = default_brain().to(DEVICE), []
    for count in tqdm(streams, desc="recorded windows"):
        shapes = brain.inputs.items()
        inputs = {name: torch.rand(WINDOW, count, *shape) for name, shape in shapes}
        with by_tensor_calls() if DEVICE.type == "cpu" else nullcontext():
            sides = replaying(deepcopy(brain), inputs), training(brain, inputs)
            times = in_turn(*sides, repeats=repeats)
        settings = {"window": WINDOW, "streams": count, "device": DEVICE.type}
        what, reference = "the default brain, recorded", "as written"
        figures.append(Figure(what, times[0], "ms", reference, times[1], settings))
    return figures


def check_recorded() -> None:
    """Raise RuntimeError where recorded windows do not give what windows as written give."""
    written = default_brain().double().to(DEVICE)
    brain = deepcopy(written)
    shapes = brain.inputs.items()
    inputs = {n: torch.rand(WINDOW, 2, *shape, dtype=torch.float64) for n, shape in shapes}
    with by_tensor_calls() if DEVICE.type == "cpu" else nullcontext():
        sides = replaying(brain, inputs), training(written, inputs)
        for _ in range(3):
            sides[1]()  # the others are taken already
        for side in sides * 2:
            side()
    for (name, a), b in zip(written.named_parameters(), brain.parameters(), strict=True):
        if a.grad is not None and not torch.allclose(a.grad, b.grad, rtol=1e-9, atol=1e-12):  # type: ignore
            raise RuntimeError(f"recorded, the gradient of {name} differs on {DEVICE}")


def main() -> None:
    """Check, measure and write."""
    chosen = arguments(__doc__ or "")
    if DEVICE.type == "cpu" and not chosen.quick:
        print(
            "There is no graphics processor here: nothing is measured (--quick tries the script)."
        )
        return
    if DEVICE.type == "cuda":
        print(f"On {torch.cuda.get_device_name(DEVICE)}.")
    for rule in (BPTT, EProp):
        check(rule)
    check_recorded()
    repeats = 3 if chosen.quick else 21
    sizes = SMALL if chosen.quick else SIZES
    streams = STREAMS[: 1 + (not chosen.quick)]
    write(
        chosen.out, dense(sizes, repeats) + default(streams, repeats) + recorded(streams, repeats)
    )


if __name__ == "__main__":
    main()
