"""How many tensor operations a training step takes: for each step of time, and for each window.

Counted, so the same on every machine: what PyTorch is asked to compute, forward and backward, views
and new tensors left out, and each call of a native loop as one. Windows of 8 and of 16 steps tell
what each step costs, and what is left is of the window. Every dense cell with every rule that takes
it, alone and in a row of five areas with feedback; a row of three areas of maps; the default brain.
What the optimizer does is left out. Numbers that `tests/brain/test_operations.py` holds may only go
down. At last the default brain without native loops, recorded on a tape: each operation there is a
launch or more of a graphics processor, where a CUDA graph has one forward and one back. Minutes.

    python -m benchmarks.operations --out runs/benchmarks/operations
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from tqdm import tqdm

from areas import GRU, LSTM, Cell, Leaky, SubLSTM
from areas.loops.native import Kernel
from benchmarks._results import Figure, arguments, write
from benchmarks._rules import fitting, rule
from benchmarks.device import by_tensor_calls
from benchmarks.perturbation import WINDOW, default_brain
from benchmarks.throughput import chain
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.engines import Replayed, Tape
from brainmodel.errors import Unrecordable
from brainmodel.training.recorded_windows import RecordedWindows

CELLS: dict[str, Callable[[], Cell]] = {
    "Leaky": Leaky,
    "GRU": GRU,
    "LSTM": LSTM,
    "SubLSTM": SubLSTM,
}
ROWS: dict[str, tuple[list[list[int]], list[int]]] = {
    "one area": ([[8]], [8]),
    "five in a row": ([[8]] * 5, [8]),
    "three of maps": ([[2, 8, 8], [2, 4, 4], [2, 2, 2]], [1, 8, 8]),
}
SHORT, LONG, BATCH = 8, 16, 2
SCOPES = ("Local", "Adjacent", "Global")
NEW = ("empty", "new_empty", "empty_like", "new_empty_strided", "empty_strided", "empty_permuted")


class Count(TorchDispatchMode):
    """Counts operations while it is entered.

    Attributes:
        total: operations but views and new tensors, calls of native loops included.
        waits: those that wait until the device has computed a number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total, self.waits = 0, 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Count one, and let it be done."""
        name = func.overloadpacket.__name__
        self.total += not func.is_view and name not in NEW
        self.waits += name in ("_local_scalar_dense", "nonzero", "equal", "masked_select")
        return func(*args, **(kwargs or {}))


@contextmanager
def counted() -> Iterator[Count]:
    """Count what is done meanwhile."""
    count, listed = Count(), Tensor.tolist

    def loop(usual: Callable[..., None]) -> Callable[..., None]:
        def call(*args: Any) -> None:
            count.total += 1
            usual(*args)

        return call

    def tolist(tensor: Tensor) -> Any:
        count.waits += 1
        return listed(tensor)

    loops = patch.multiple(Kernel, call=loop(Kernel.call), sweep=loop(Kernel.sweep))
    with loops, patch.object(Tensor, "tolist", tolist), count:
        yield count


def count_of(brain: Brain, steps: int, reset: Tensor | None = None) -> Count:
    """What one training window takes, of streams that go on.

    Args:
        brain: that learns.
        steps: of the window.
        reset: [time, batch]; no stream begins unless given.
    """
    inputs = {name: torch.rand(steps, BATCH, *shape) for name, shape in brain.inputs.items()}
    reset = torch.zeros(steps, BATCH, dtype=torch.bool) if reset is None else reset
    _, state = brain(inputs, reset)
    counts = []
    for _ in range(2):  # at the second of them memories are there
        with counted() as count:
            activities, state = brain(inputs, reset, state)
            losses = [loss for own in brain.losses(activities).values() for loss in own.values()]
            total = torch.stack(losses).sum()
            if total.requires_grad:  # nothing does where nothing learns
                total.backward()
        brain.zero_grad()
        counts.append(count)
    return counts[-1]


def per_step(brain: Brain) -> tuple[float, float]:
    """Operations for each step of time, and for each window besides."""
    short, long = (count_of(brain, steps).total for steps in (SHORT, LONG))
    each = (long - short) / (LONG - SHORT)
    return each, short - SHORT * each


def brain_of(row: str, cell: str, named: str) -> Brain:
    """A row of areas of that cell, which learn by that rule."""
    return chain(*ROWS[row], lambda: rule(named), cell=CELLS[cell])


def recorded(brain: Brain, steps: int = WINDOW) -> tuple[int, int]:
    """Operations of a window forward and back, those of its objectives included, on a tape.

    Raises:
        Unrecordable: where the window cannot be recorded.
    """
    brain.engine, windows = Replayed(recorder=Tape()), RecordedWindows()
    inputs = {name: torch.rand(steps, BATCH, *shape) for name, shape in brain.inputs.items()}
    window, state = Window(inputs, torch.zeros(steps, BATCH, dtype=torch.bool), {}), None
    for _ in range(3):  # the third is of the kind of the second
        judged = windows.judged(brain, window, state)
        state = judged.after
        torch.stack([own for of in judged.losses.values() for own in of.values()]).sum().backward()
    if windows.operations is None:
        raise Unrecordable(f"the window cannot be recorded: {windows.missing}")
    return windows.operations


def main() -> None:
    """Count, and write."""
    chosen = arguments(__doc__ or "")
    dense = [
        (r, c, n) for r in ("one area", "five in a row") for c in CELLS for n in fitting(CELLS[c])
    ]
    jobs = dense + [("three of maps", c, n) for c in CELLS for n in ("bptt", "e_prop")]
    figures = []
    for row, cell, named in tqdm(jobs[::9] if chosen.quick else jobs):
        figures += _figures(f"{row}: {cell}, {named}", brain_of(row, cell, named))
    figures += _figures("default brain", default_brain())
    with by_tensor_calls():
        for scope in SCOPES:
            taken = recorded(default_brain(scope))
            for way, count in zip(("forward", "back"), taken, strict=True):
                what = f"default brain, {scope}, operations of a recorded window {way}"
                figures.append(Figure(what, [count], "", "launches of CUDA graphs", [1]))
    write(chosen.out, figures)


def _figures(what: str, brain: Brain) -> list[Figure]:
    each, more = per_step(brain)
    return [Figure(f"{what}, each step", [each], ""), Figure(f"{what}, besides", [more], "")]


if __name__ == "__main__":
    main()
