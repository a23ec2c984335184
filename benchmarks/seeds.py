"""What it takes to train several seeds together, beside the same seeds one by one.

Training windows of three areas in a row with feedback, forward, backward and Adam. In each repeat
all seeds take a window one after the other, then together, so the ratio is of one moment: below 1
it pays. On the processor the time is that of the process; on a graphics processor the clock's, the
device waited for.

    python -m benchmarks.seeds --out runs/benchmarks/seeds
    python -m benchmarks.seeds --out runs/benchmarks/seeds --seeds 16
"""

import time
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from tqdm import tqdm

from areas import SubLSTM
from benchmarks._results import Figure, arguments, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.pathways.pathway import Pathway
from brainmodel.seeds import inputs_together, together
from objectives import SquaredError

STEPS = 20
CARRIED = "e-prop, traces carried"
SIZES: dict[str, tuple[list[list[int]], list[int], int]] = {
    "dense, 16 units": ([[16]] * 3, [16], 32),
    "dense, 64 units": ([[64]] * 3, [64], 32),
    "dense, 256 units": ([[256]] * 3, [256], 32),
    "maps, 8 channels": ([[8, 16, 16], [8, 8, 8], [8, 4, 4]], [1, 16, 16], 8),
}
QUICK = ("dense, 16 units",)
LEFT_OUT = (("dense, 256 units", CARRIED), ("maps, 8 channels", CARRIED))
"""Traces of gigabytes; and maps, which carry none."""
RULES: dict[str, Callable[[], Rule]] = {
    "BPTT": BPTT,
    "e-prop": lambda: EProp(carry=False),
    CARRIED: EProp,
}


def row(units: Sequence[Sequence[int]], eye: Sequence[int], rule: Callable[[], Rule]) -> Brain:
    """Areas in a row, each of which predicts the errors of the one below."""
    plans = {
        f"area{k}": AreaPlan(SubLSTM(), list(size), rule(), {"next": SquaredError()})
        for k, size in enumerate(units)
    }
    names = ["eye", *plans]
    pathways = {f"up{k}": Pathway(names[k], names[k + 1]) for k in range(len(plans))}
    for k in range(1, len(plans)):
        pathways[f"down{k}"] = Pathway(names[k + 1], names[k], "feedback", "rate")
    return Brain(plans, pathways, {"eye": list(eye)})


class Training:
    """A brain in training on one window, whose streams go on.

    Args:
        brain: that learns.
        inputs: of the window, by name.
    """

    def __init__(self, brain: Brain, inputs: Mapping[str, Tensor]):
        self.brain, self.inputs, self.state = brain, inputs, None
        eye = next(iter(inputs.values()))
        self.reset = torch.zeros(eye.shape[:2], dtype=torch.bool, device=eye.device)
        self.optimizer = torch.optim.Adam([p for p in brain.parameters() if p.requires_grad])

    def step(self) -> None:
        """One window."""
        self.optimizer.zero_grad()
        activities, self.state = self.brain(self.inputs, self.reset, self.state)
        losses = [loss for own in self.brain.losses(activities).values() for loss in own.values()]
        torch.stack(losses).sum().backward()
        self.optimizer.step()
        self.brain.after_step()


def seconds(trainings: Sequence[Training], device: torch.device) -> float:
    """Of one window of each."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    begun = clock()
    for training in trainings:
        training.step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - begun


def measured(size: str, rule: str, seeds: int, repeats: int, device: torch.device) -> Figure:
    """Seeds together beside one by one."""
    units, eye, batch = SIZES[size]
    brains, inputs = [], []
    for seed in range(seeds):
        torch.manual_seed(seed)
        brains.append(row(units, eye, RULES[rule]).to(device))
        inputs.append({"eye": torch.rand(STEPS, batch, *eye, device=device)})
    whole = Training(together(brains), inputs_together(inputs))
    alone = [Training(brain, own) for brain, own in zip(brains, inputs, strict=True)]
    together_, one_by_one = [], []
    for k in range(repeats + 2):  # the first ones make loops and memories
        apart, joined = seconds(alone, device), seconds([whole], device)
        if k > 1:
            together_.append(1000 * joined)
            one_by_one.append(1000 * apart)
    told = {"size": size, "rule": rule, "seeds": seeds, "batch": batch, "device": device.type}
    return Figure("a window of all seeds", together_, "ms", "one by one", one_by_one, told)


def main() -> None:
    """Measure, print and write."""
    asked = arguments(str(__doc__).splitlines()[0], seeds=8, repeats=7)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sizes = QUICK if asked.quick else tuple(SIZES)
    repeats = 2 if asked.quick else asked.repeats
    pairs = [(size, rule) for size in sizes for rule in RULES if (size, rule) not in LEFT_OUT]
    figures = [measured(*pair, asked.seeds, repeats, device) for pair in tqdm(pairs)]
    write(asked.out, figures)


if __name__ == "__main__":
    main()
