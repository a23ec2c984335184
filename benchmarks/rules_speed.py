"""Time per step and peak memory of every rule and cell next to BPTT, torch's layers and braintrace.

Time: learning online along 32 streams in windows of 20 steps and of 1, next to BPTT on the same
cell and to `torch.nn.LSTM` or `torch.nn.GRU` in windows of 20, in turn, so that ratios hold when
the machine's speed drifts. BPTT forgets what was before a window; rules that can are measured
forgetting it as well ("within the window"), besides carrying their traces. Where one window takes
more than 3 s a rule is left out. Memory: the peak of a process that learns along a stream of 10,000
steps next to one of 200 steps.

braintrace (JAX) is measured in the same run where its Python is named. Its D_RTRL is what e-prop
is here: per step it moves one trace, in windows of 10 it uses a closed form. Per step is compared
with our windows of 1 and of 20 steps, windows of 10 with ours of 20. In full: some 20 minutes.

    python -m benchmarks.rules_speed --braintrace-python PYTHON --out runs/benchmarks/rules_speed
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from areas import GRU, LSTM, Cell, Leaky, SubLSTM
from benchmarks._results import Figure, peak_memory, write
from benchmarks._rules import fitting, rule
from benchmarks.cells import alone, in_turn, train_layer
from brainmodel.brain import Brain
from brainmodel.learning import RFLO, EProp, GatedMicrocircuit, Rule, SnAp

CELLS: dict[str, Callable[[], Cell]] = {
    "Leaky": Leaky,
    "GRU": GRU,
    "LSTM": LSTM,
    "SubLSTM": SubLSTM,
}
STREAMS, INPUTS, WINDOW = 32, 32, 20
SIZES = (64, 128, 256)
LENGTHS = (200, 10_000)  # steps of the streams whose memory is measured
LARGEST = 2**26  # elements of an influence matrix that is still measured
LONGEST = 3.0  # s, of a window that is still measured, and for measuring one rule in all
SCRIPT = Path(__file__).with_name("_braintrace_speed.py")


def online(brain: Brain, window: int) -> Callable[[], None]:
    """One window of learning along a stream, from where the last one ended."""
    inputs = {"input": torch.randn(window, STREAMS, INPUTS)}
    reset = torch.zeros(window, STREAMS, dtype=torch.bool)
    state = None

    def step() -> None:
        nonlocal state
        brain.zero_grad()
        activities, state = brain(inputs, reset, state)
        loss = activities["area"].rate.square().mean()
        if loss.requires_grad:  # nothing does in a reservoir without a predictor
            loss.backward()

    return step


def variants(name: str, window: int) -> dict[str, Rule]:
    """The rule as it is configured, and within the window alone, where it can be without a past."""
    made = {name: rule(name)}
    alone = rule(name)
    if window > 1 and isinstance(alone, EProp | GatedMicrocircuit | RFLO | SnAp):
        alone.carry = False
        made[f"{name} within the window"] = alone
    return made


def too_large(name: str, cell: Cell, units: int) -> bool:
    """Whether a rule's influence matrix is larger than can be measured."""
    if rule(name).criteria.memory != "N^2 M":
        return False
    fields, currents = len(cell.state._fields), len(cell.currents)  # type: ignore[attr-defined]
    return STREAMS * fields * units * currents * units * (units + INPUTS) > LARGEST


def speed(quick: bool) -> list[Figure]:
    """Milliseconds per step of every cell and rule."""
    figures = []
    sizes = SIZES[:1] if quick else SIZES
    jobs = [(n, c, r) for n in sizes for c in CELLS for r in fitting(CELLS[c])]
    for units, cell, name in tqdm(jobs[1::12] if quick else jobs, desc="time"):
        if not too_large(name, CELLS[cell](), units):
            repeats = 3 if quick else {64: 21, 128: 15, 256: 9}[units]
            for window in (WINDOW, 1):
                figures += timed(units, cell, name, window, repeats)
    return figures


def timed(units: int, cell: str, name: str, window: int, repeats: int) -> list[Figure]:
    """Milliseconds per step of one rule on one cell, next to two references."""
    kind = "GRU" if cell == "GRU" else "LSTM"
    layer = getattr(nn, kind)(INPUTS, units)
    references = {
        f"{cell}, bptt": online(alone(CELLS[cell](), rule("bptt"), INPUTS, units), WINDOW),
        f"torch.nn.{kind}": train_layer(layer, torch.randn(WINDOW, STREAMS, INPUTS)),
    }
    settings = {"N": units, "B": STREAMS, "in": INPUTS, "window": window}
    figures = []
    for what, made in variants(name, window).items():
        step = online(alone(CELLS[cell](), made, INPUTS, units), window)
        seconds = in_turn(step, repeats=1)[0][0] / 1e3
        if seconds > LONGEST:
            continue
        times = in_turn(
            step, *references.values(), repeats=max(3, min(repeats, int(LONGEST / seconds)))
        )
        ours = [t / window for t in times[0]]
        for reference, taken in zip(references, times[1:], strict=True):
            theirs = [t / WINDOW for t in taken]
            figures.append(Figure(f"{cell}, {what}", ours, "ms", reference, theirs, settings))
    return figures


def peers(python: str, quick: bool) -> list[Figure]:
    """Our e-prop, and SnAp-1, next to braintrace's D_RTRL, per step and in windows of 10."""
    figures = []
    repeats = 3 if quick else 15
    for cell in ("LSTM",) if quick else ("GRU", "LSTM"):
        measured = {}
        for theirs in (1, 10):
            command = [python, str(SCRIPT), cell, "128", str(theirs), str(repeats)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            measured[theirs] = json.loads(done.stdout.splitlines()[-1])
        for name, (window, theirs) in product(
            ("e_prop", "snap"), ((1, 1), (WINDOW, 1), (WINDOW, 10))
        ):
            mode = "per step" if theirs == 1 else f"in windows of {theirs}"
            reference = f"braintrace D_RTRL, {mode}"
            settings = {"N": 128, "B": STREAMS, "in": INPUTS, "window": window}
            for what, made in variants(name, window).items():
                step = online(alone(CELLS[cell](), made, INPUTS, 128), window)
                ours = [t / window for t in in_turn(step, repeats=repeats)[0]]
                figure = Figure(
                    f"{cell}, {what}", ours, "ms", reference, measured[theirs], settings
                )
                figures.append(figure)
    return figures


def stream(name: str, cell: str, units: int, steps: int) -> None:
    """Learn along a stream of so many steps; print the peak memory of the process in MB."""
    learn = online(alone(CELLS[cell](), rule(name), INPUTS, units), WINDOW)
    for _ in range(steps // WINDOW):
        learn()
    print(peak_memory())


def memory(quick: bool) -> list[Figure]:
    """Peak memory along a long stream next to a short one, each in a process of its own.

    Of every rule, on the first cell that it takes.
    """
    figures = []
    jobs = {name: cell for cell in reversed(CELLS) for name in fitting(CELLS[cell])}
    for name, cell in tqdm(list(jobs.items())[1:2] if quick else jobs.items(), desc="memory"):
        units = 16 if rule(name).criteria.memory == "N^2 M" else 64
        peaks = []
        for length in LENGTHS:
            command = [sys.executable, "-m", "benchmarks.rules_speed", "--stream"]
            command += [name, cell, str(units), str(length)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks.append([float(done.stdout)])
        settings = {"N": units, "B": STREAMS, "window": WINDOW, "steps": LENGTHS[1]}
        what, reference = f"{cell}, {name}: peak memory", f"{LENGTHS[0]} steps"
        figures.append(Figure(what, peaks[1], "MB", reference, peaks[0], settings))
    return figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    parser.add_argument("--quick", action="store_true", help="a few of everything, in a minute")
    parser.add_argument("--braintrace-python", help="a Python that can import braintrace")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    figures = speed(chosen.quick) + memory(chosen.quick)
    if chosen.braintrace_python:
        figures += peers(chosen.braintrace_python, chosen.quick)
    write(chosen.out, figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stream"]:
        torch.set_num_threads(1)
        stream(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
