"""e-prop on adaptive spiking units along whole sequences: memory, and time next to BPTT.

Memory: the peak of a process that takes one training step at B=64, T=2250, n=100, as in evidence
accumulation (Bellec et al. 2020), in windows of 50 steps with carried traces, which give the
gradient of one long window, or as that one window; next to what the process holds before, most of
it torch itself. Windows are to stay under 1 GB in all; traces of every step would take B T n n
numbers, 5.8 GB. Time: the same step at a shorter T, next to BPTT in turn.

    python -m benchmarks.spiking --out runs/benchmarks/spiking
"""

import subprocess
import sys

import torch
from tqdm import tqdm

from areas import ALIF, LIF
from benchmarks._results import Figure, arguments, peak_memory, write
from benchmarks.cells import alone, in_turn, train_brain
from brainmodel.learning import BPTT, MDGL, EProp, Rule

BATCH, STEPS, INPUTS, UNITS = 64, 2250, 40, 100
WINDOWS = (50, STEPS)


def learn(window: int) -> None:
    """One pass along the sequence in windows; print the memory before and the peak in MB."""
    brain = alone(ALIF(fraction=0.5), EProp(carry=window < STEPS), INPUTS, UNITS)
    train_brain(brain, torch.zeros(2, 1, INPUTS))()
    before = peak_memory()
    generator = torch.Generator().manual_seed(0)
    state = None
    for start in range(0, STEPS, window):
        shape = (min(window, STEPS - start), BATCH, INPUTS)
        spikes = (torch.rand(shape, generator=generator) < 0.04).float()
        reset = torch.zeros(shape[:2], dtype=torch.bool)
        reset[0] = start == 0
        activities, state = brain({"input": spikes}, reset, state)
        activities["area"].rate.square().mean().backward()
    print(before, peak_memory())


def memory(repeats: int) -> list[Figure]:
    """Peak memory for each length of windows, next to that of the process before."""
    figures = []
    for window in WINDOWS:
        found: list[list[float]] = []
        for _ in range(repeats):
            command = [sys.executable, "-m", "benchmarks.spiking", "--learn", str(window)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append([float(word) for word in done.stdout.split()])
        settings = {"B": BATCH, "T": STEPS, "in": INPUTS, "n": UNITS, "window": window}
        before, peaks = zip(*found, strict=True)
        what, reference = "peak memory, ALIF, EProp", "the process before"
        figures.append(Figure(what, peaks, "MB", reference, before, settings))
    return figures


def speed(steps: int, repeats: int) -> list[Figure]:
    """Time of a training step of each cell and rule, next to BPTT on the same cell."""
    figures = []
    spikes = (torch.rand(steps, BATCH, INPUTS) < 0.04).float()
    rules: list[type[Rule]] = [EProp, MDGL]
    for cell in (LIF, ALIF):
        exact = train_brain(alone(cell(), BPTT(), INPUTS, UNITS), spikes)
        for rule in rules:
            train = train_brain(alone(cell(), rule(carry=False), INPUTS, UNITS), spikes)  # type: ignore[call-arg]
            ours, theirs = in_turn(train, exact, repeats=repeats)
            settings = {"B": BATCH, "T": steps, "in": INPUTS, "n": UNITS}
            name = f"{cell.__name__}, {rule.__name__}"
            reference = f"{cell.__name__}, BPTT"
            figures.append(Figure(name, ours, "ms", reference, theirs, settings))
    return figures


def main() -> None:
    """Measure and write."""
    chosen = arguments(__doc__ or "")
    with tqdm(total=2, desc="spiking") as bar:
        figures = memory(1 if chosen.quick else 3)
        bar.update()
        figures += speed(*((20, 2) if chosen.quick else (100, 11)))
        bar.update()
    write(chosen.out, figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--learn"]:
        learn(int(sys.argv[2]))
    else:
        main()
