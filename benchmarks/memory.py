"""What a training step holds at its peak: live tensors, by where they were made.

Counted, so the same on every machine: storages that steps make, views once, moments of the
optimizer and what goes on from window to window included, weights and the window itself left out.
It is told in MB and in series, one number for each unit, stream and step of one area. What the
allocator and autograd's graph take besides is in `benchmarks.throughput`. Bounds that
`tests/brain/test_memory.py` holds may only go down. A minute or two.

    python -m benchmarks.memory --out runs/benchmarks/memory
"""

import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks._results import Figure, arguments, write
from benchmarks.throughput import (
    AREAS,
    BASE,
    LOCAL,
    LOOP,
    WITHIN,
    Training,
    dense,
    loop,
    training,
    within,
)
from brainmodel.learning import BPTT, EProp

HERE = Path(__file__).parents[1]
FINE = 1.001  # a peak is looked at when it is so much higher than the last
LEAST = 0.01  # share of the peak from which on a line is told by itself


class Live(TorchDispatchMode):
    """Follows storages that are made while it is entered.

    Attributes:
        peak: most bytes that were live at once, within a part in a thousand.
        lines: at that peak, bytes by the line that made them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak, self.lines = 0, Counter[str]()
        self._live: dict[int, tuple[StorageWeakRef, int, str]] = {}
        self._most = 0  # bytes that are live, with those that are gone and not yet known to be

    def begin(self) -> None:
        """Let the peak begin anew."""
        self._look()
        self.peak, self.lines = 0, Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let one operation be done, and follow what it made."""
        given = {id_of(t) for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor) and id_of(tensor) not in given:
                self._follow(tensor)
        if self._most > FINE * self.peak:
            self._look()
        return made

    def _follow(self, tensor: Tensor) -> None:
        storage, at = tensor.untyped_storage(), id_of(tensor)
        if at in self._live:
            if not self._live[at][0].expired():
                return
            self._most -= self._live[at][1]
        self._live[at] = StorageWeakRef(storage), storage.nbytes(), line()
        self._most += storage.nbytes()

    def _look(self) -> None:
        self._live = {at: own for at, own in self._live.items() if not own[0].expired()}
        self._most = sum(size for _, size, _ in self._live.values())
        if self._most > self.peak:
            self.peak, self.lines = self._most, Counter()
            for _, size, where in self._live.values():
                self.lines[where] += size


def id_of(tensor: Tensor) -> int:
    """The storage of a tensor, as a number."""
    return tensor.untyped_storage()._cdata


def line() -> str:
    """The line of this repository that is being worked on; of autograd's backward the caller's."""
    for frame, number in traceback.walk_stack(None):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(HERE) and ".venv" not in file.parts and file != Path(__file__):
            return f"{file.relative_to(HERE)}:{number} {frame.f_code.co_name}"
    return "elsewhere"


def held(make: Callable[[], Training]) -> Live:
    """The peak of a training step, the third: what goes on from window to window is there."""
    learn = make()
    with Live() as live:
        learn()
        learn()
        live.begin()
        learn()
    return live


def sides(**size: int) -> dict[str, Callable[[], Training]]:
    """The row of dense areas by several rules, and its plain loop."""
    rules = {WITHIN: within, LOCAL: EProp, AREAS: BPTT}
    ours = {n: lambda rule=rule: training(dense(rule, **size)) for n, rule in rules.items()}
    return ours | {LOOP: lambda: loop(dense(within, **size))}


def figures(size: dict[str, int]) -> list[Figure]:
    """Peaks of all sides, then of each the lines that hold most of it."""
    series = 4 * size["window"] * size["batch"] * size["units"]
    found = {name: held(make) for name, make in sides(**size).items()}
    other, told = found[LOOP].peak, []
    for name, live in found.items():
        settings = size | {"series": round(live.peak / series, 1)}
        told.append(Figure(f"{name}, peak", [live.peak / 1e6], "MB", LOOP, [other / 1e6], settings))
        for where, bytes_ in live.lines.most_common():
            if bytes_ > LEAST * live.peak:
                more = {"series": round(bytes_ / series, 2)}
                told.append(Figure(f"{name}, {where}", [bytes_ / 1e6], "MB", settings=more))
    return told


def main() -> None:
    """Count, and write."""
    chosen = arguments(__doc__ or "")
    torch.set_num_threads(1)
    small = partial(dict, areas=3, units=16, window=20, batch=4)
    write(chosen.out, figures(small() if chosen.quick else BASE))


if __name__ == "__main__":
    main()
