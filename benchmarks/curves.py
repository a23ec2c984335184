"""What TensorBoard costs: the share of a training that its monitor takes, curves and pictures.

The default brain as shipped, everything written to a file, in seconds of the processor, in which
what else runs on the machine does not count. Pictures are drawn once, and count as often as
held-out streams are looked at. A minute or so for each seed.

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
from brainmodel.data.streams import Part
from brainmodel.training.callbacks import Monitor, monitor
from brainmodel.training.callbacks.portraits import Portraits
from brainmodel.training.module import brain_of

HOOKS = ("on_before_backward", "on_after_backward", "on_before_optimizer_step")
END = "on_train_batch_end"


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


def pictures(command: Any, writer: SummaryWriter) -> float:
    """Seconds of the processor that the pictures of one validation take."""
    brain, windows, state = brain_of(command.model), command.datamodule.windows(Part.TEST), None
    window = windows.window(0)
    with torch.no_grad():
        activities, state = brain(window.inputs, window.reset, state)
    begin = time.process_time()
    portraits = Portraits(())
    portraits.see(activities, window.inputs)
    for name, figure in portraits.draw(brain).items():
        writer.add_figure(name, figure)
    return time.process_time() - begin


def shares(seed: int, steps: int) -> tuple[float, float]:
    """Percent of the time of training steps, for curves and for pictures."""
    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
        clock = Clock(writer)
        usual = {name: getattr(Monitor, name) for name in (*HOOKS, END, "_log")}
        found = monitor.writers
        try:
            for name in (*HOOKS, END):
                setattr(Monitor, name, clock.timed(usual[name]))
            setattr(Monitor, "_log", lambda *args: clock.log(*args))  # noqa: B010 - a method
            monitor.writers = lambda trainer: [writer]
            command = fit("default", {}, seed, steps)
        finally:
            monitor.writers = found
            for name, method in usual.items():
                setattr(Monitor, name, method)
        between = (clock.last - clock.first) / steps * command.datamodule.windows_per_epoch
        curves = 100 * clock.spent / (clock.last - clock.first)
        return curves, 100 * pictures(command, writer) / between


def main() -> None:
    """Measure, and write what was found."""
    chosen = arguments(__doc__ or "")
    torch.set_num_threads(1)
    found = [shares(seed, 20 if chosen.quick else 60) for seed in range(1 if chosen.quick else 3)]
    curves, drawn = zip(*found, strict=True)
    both = [sum(each) for each in found]
    kinds = {"curves": curves, "pictures": drawn, "both": both}
    where = "of a training of the default brain"
    write(chosen.out, [Figure(f"{name} {where}", own, "%") for name, own in kinds.items()])


if __name__ == "__main__":
    main()
