"""What curves for TensorBoard cost: the share of a training that its monitor takes.

The default brain as shipped, its curves written to a file, in seconds of the processor, in which
what else runs on the machine does not count. Half a minute or so for each seed.

    python -m benchmarks.curves --out runs/benchmarks/curves
"""

import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from benchmarks._results import Figure, arguments, write
from benchmarks._training import fit
from brainmodel.training.callbacks import Monitor

HOOKS = ("on_before_optimizer_step", "on_train_batch_end")


class Clock:
    """Seconds of the processor in the monitor's hooks, and from its first to its last.

    Args:
        writer: writes the curves, as the logger of a run does.
    """

    def __init__(self, writer: SummaryWriter):
        self.writer, self.spent = writer, 0.0
        self.first, self.last = 0.0, 0.0

    def timed(self, hook: Callable[..., None]) -> Callable[..., None]:
        """A hook that is timed."""

        def run(*args: Any, **kwargs: Any) -> None:
            begin = time.process_time()
            hook(*args, **kwargs)
            self.last = time.process_time()
            self.first = self.first or begin
            self.spent += self.last - begin

        return run

    def log(self, _: Monitor, __: Any, values: dict[str, float], step: int) -> None:
        """Write, as `Monitor._log` does."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)


def share(seed: int, steps: int) -> float:
    """Percent of the time of that many training steps."""
    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
        clock = Clock(writer)
        usual = {name: getattr(Monitor, name) for name in (*HOOKS, "_log")}
        try:
            for name in HOOKS:
                setattr(Monitor, name, clock.timed(usual[name]))
            setattr(Monitor, "_log", lambda *args: clock.log(*args))  # noqa: B010 - a method
            fit("default", {}, seed, steps)
        finally:
            for name, method in usual.items():
                setattr(Monitor, name, method)
    return 100 * clock.spent / (clock.last - clock.first)


def main() -> None:
    """Measure, and write what was found."""
    chosen = arguments(__doc__ or "")
    torch.set_num_threads(1)
    found = [share(seed, 20 if chosen.quick else 60) for seed in range(1 if chosen.quick else 3)]
    write(chosen.out, [Figure("curves of a training of the default brain", found, "%")])


if __name__ == "__main__":
    main()
