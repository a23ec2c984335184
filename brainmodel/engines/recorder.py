"""What records the operations of a function, to take them again without Python: its contract.

A recording has frozen everything but what stands in tensors. It reads the same tensors each time,
whatever stands in them by then, and leaves its results in the same tensors.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import torch


class Taken(NamedTuple):
    """What a function gave, and how to have it again."""

    result: Any
    """A tree of tensors; what stands in them is what the last replay computed."""
    replay: Callable[[], None]
    operations: int | None = None
    """How many there are, where that is known."""


class Recorder(ABC):
    """Records functions, one after the other; they share their memory.

    What was recorded first is to be replayed first, if both are replayed in turn.
    """

    @abstractmethod
    def record(self, function: Callable[[], Any]) -> Taken:
        """Record a function. Nothing is computed or changed by that, but by replays alone.

        Args:
            function: of tensors that stay where they are; it reads no number of the device, and
                has been called before, so that whatever it makes once is there.

        Raises:
            Unrecordable: where it does; the message is a clause that says why.
        """

    @abstractmethod
    def __str__(self) -> str:
        """What windows are recorded as, for logs and reports."""


class CudaGraphs(Recorder):
    """Records CUDA graphs: one launch replays all kernels of a function, Triton's included.

    All share one pool of memory. Capture is on a stream of its own, and of this thread alone:
    others may go on (`thread_local`), as those do that look after processes.

    Not run on a device yet: what a replay has to compute is tested by a `Tape`.
    """

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream()

    def record(self, function: Callable[[], Any]) -> Taken:
        """See `Recorder.record`."""
        graph = torch.cuda.CUDAGraph()
        captured = torch.cuda.graph(
            graph, self._pool, self._stream, capture_error_mode="thread_local"
        )
        with captured:
            result = function()
        return Taken(result, graph.replay)

    def __str__(self) -> str:
        """See `Recorder.__str__`."""
        return "CUDA graphs"
