"""Training time of each dense cell and rule, and memory against the length of the stream.

Time: one forward and backward pass over whole sequences, next to `torch.nn.LSTM` or `torch.nn.GRU`
of the same size in the same run, the two in turn, so that their ratio holds when the machine's
speed drifts. Memory: the peak of a process that learns online along a stream of 10,000 steps, next
to one of 200 steps.

    python -m benchmarks.cells --out runs/benchmarks/cells
"""

import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from tqdm import tqdm

from areas import GRU, LSTM, Cell, Leaky, SubLSTM
from benchmarks._results import Figure, arguments, peak_memory, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, GatedMicrocircuit, Rule
from brainmodel.pathways.pathway import Pathway

SIZES = [(8, 200, 32, 64), (32, 100, 32, 128), (64, 100, 64, 256), (128, 100, 256, 512)]
LENGTHS = (200, 10_000)  # steps of the streams


def alone(cell: Cell, rule: Rule, inputs: int, units: int) -> Brain:
    """One dense area that is driven by an input and asked for its rates."""
    plan = AreaPlan(cell, [units], rule, predictor=None, afferents=["drive"])
    pathway = Pathway("input", "area", signal="rate")
    return Brain({"area": plan}, {"input_to_area": pathway}, {"input": [inputs]})


def train_brain(brain: Brain, sequence: Tensor) -> Callable[[], None]:
    """One pass of training of a brain."""
    reset = torch.zeros(sequence.shape[:2], dtype=torch.bool)

    def step() -> None:
        brain.zero_grad()
        activities, _ = brain({"input": sequence}, reset)
        activities["area"].rate.square().mean().backward()

    return step


def train_layer(layer: nn.LSTM | nn.GRU, sequence: Tensor) -> Callable[[], None]:
    """One pass of training of torch's own recurrent layer."""

    def step() -> None:
        layer.zero_grad()
        layer(sequence)[0].square().mean().backward()

    return step


def in_turn(*functions: Callable[[], None], repeats: int) -> list[list[float]]:
    """Milliseconds of some functions, called in turn after two warm-up calls."""
    times: list[list[float]] = [[] for _ in functions]
    for k in range(repeats + 2):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if k >= 2:
                taken.append((time.perf_counter() - start) * 1e3)
    return times


def contenders(inputs: int, units: int) -> list[tuple[str, str, Brain]]:
    """(name, reference, brain) of each cell and rule; whole sequences, so nothing is carried."""
    made = []
    for name, cell in (("Leaky", Leaky), ("GRU", GRU), ("LSTM", LSTM), ("SubLSTM", SubLSTM)):
        rules: list[Rule] = [BPTT(), EProp(carry=False)]
        if cell is SubLSTM:
            rules.append(GatedMicrocircuit(carry=False))
        reference = "torch.nn.GRU" if cell is GRU else "torch.nn.LSTM"
        for rule in rules:
            brain = alone(cell(), rule, inputs, units)
            made.append((f"{name}, {type(rule).__name__}", reference, brain))
    return made


def speed(quick: bool) -> list[Figure]:
    """Training time of every cell and rule at every size."""
    figures = []
    for batch, steps, inputs, units in tqdm(SIZES[:2] if quick else SIZES, desc="time"):
        sequence = torch.randn(steps, batch, inputs)
        layers = {"torch.nn.LSTM": nn.LSTM(inputs, units), "torch.nn.GRU": nn.GRU(inputs, units)}
        repeats = 3 if quick else {64: 21, 128: 15, 256: 9}.get(units, 5)
        settings = {"B": batch, "T": steps, "in": inputs, "N": units}
        bptt: dict[str, Brain] = {}
        for name, reference, brain in tqdm(
            contenders(inputs, units), desc=str(settings), leave=False
        ):
            train = train_brain(brain, sequence)
            layer = train_layer(layers[reference], sequence)
            ours, theirs = in_turn(train, layer, repeats=repeats)
            figures.append(Figure(name, ours, "ms", reference, theirs, settings))
            cell, rule = name.split(", ")
            if rule == "BPTT":
                bptt[cell] = brain
            else:
                ours, theirs = in_turn(train, train_brain(bptt[cell], sequence), repeats=repeats)
                figures.append(Figure(name, ours, "ms", f"{cell}, BPTT", theirs, settings))
    return figures


def stream(steps: int, window: int = 20) -> None:
    """Learn along a stream of so many steps with carried traces; print the peak memory in MB."""
    brain = alone(SubLSTM(), EProp(), 32, 128)
    state = None
    for start in range(0, steps, window):
        reset = torch.zeros(window, 32, dtype=torch.bool)
        reset[0] = start == 0
        brain.zero_grad()
        activities, state = brain({"input": torch.randn(window, 32, 32)}, reset, state)
        activities["area"].rate.square().mean().backward()
    print(peak_memory())


def memory(quick: bool) -> list[Figure]:
    """Peak memory along a long stream next to a short one, each in a process of its own."""
    peaks: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for _ in tqdm(range(1 if quick else 3), desc="memory"):
        for length in LENGTHS:
            command = [sys.executable, "-m", "benchmarks.cells", "--stream", str(length)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks[length].append(float(done.stdout))
    short, long = LENGTHS
    settings = {"steps": long, "window": 20, "B": 32, "in": 32, "N": 128}
    what, reference = "peak memory, SubLSTM, EProp, carried", f"{short} steps"
    return [Figure(what, peaks[long], "MB", reference, peaks[short], settings)]


def main() -> None:
    """Measure and write."""
    chosen = arguments(__doc__ or "")
    write(chosen.out, speed(chosen.quick) + memory(chosen.quick))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        stream(int(sys.argv[2]))
    else:
        main()
