"""The exchange of signals with other processes in a window, without waiting before it is needed."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.distributed
from torch import Tensor

from brainmodel.training.parts.lines import Line
from brainmodel.training.parts.process_mesh import ProcessMesh
from brainmodel.wiring.elsewhere import Elsewhere


class _Message(NamedTuple):
    """Signals of some steps under way."""

    work: torch.distributed.Work
    signal: Tensor  # [time, batch, ...]; kept until it has arrived
    stop: int  # it brings all steps before this one


class Exchange(Elsewhere):
    """Tells the lines of this process, and hears those that lead to it.

    What is to come is asked for when a window begins, and comes while this process computes; what
    is told lies where it was made until it has arrived.

    Args:
        mesh: of the processes.
        placement: the part of each area.
        lines: all lines between parts.
        ahead: windows whose signals may be on their way before this process waits.

    Attributes:
        bytes_sent: in the last window, by line.
        messages_sent: likewise.
        steps: of the window.
    """

    def __init__(
        self, mesh: ProcessMesh, placement: Mapping[str, int], lines: Sequence[Line], ahead: int
    ):
        self.mesh, self.ahead, self._parts = mesh, ahead, placement
        self._tags = {line: tag for tag, line in enumerate(lines)}
        self.arriving = {line.name: line for line in lines if line.to == mesh.part}
        self.leaving = [line for line in lines if placement[line.source] == mesh.part]
        self.heard = {name: line.delay or 0 for name, line in self.arriving.items()}
        self.told = {line.name: (line.source, line.signal) for line in self.leaving}
        self.bytes_sent = dict.fromkeys(self.leaving, 0)
        self.messages_sent = dict.fromkeys(self.leaving, 0)
        self.steps = 0
        self._coming: dict[str, deque[_Message]] = {}
        self._gone: dict[Line, int] = {}
        self._under_way: deque[list[_Message]] = deque()

    def begin(self, reset: Tensor, dtype: torch.dtype) -> dict[str, Tensor]:
        """Begin a window.

        Args:
            reset: [time, batch] bool.
            dtype: of signals.

        Returns:
            where what is heard is going to lie, [time, batch, ...] by input.
        """
        self.steps, inputs = len(reset), {}
        for name, line in self.arriving.items():
            inputs[name] = torch.empty(*reset.shape, *line.shape, dtype=dtype, device=reset.device)
            self._coming[name] = deque(self._ask(line, inputs[name]))
        if self.leaving:
            self._under_way.append([])
        for count in (self.bytes_sent, self.messages_sent, self._gone):
            count.update(dict.fromkeys(self.leaving, 0))
        return inputs

    def hear(self, name: str, stop: int) -> None:
        """See `Elsewhere.hear`."""
        coming = self._coming.get(name)
        while coming and coming[0].stop - len(coming[0].signal) < stop:
            coming.popleft().work.wait()

    def tell(self, name: str, signal: Tensor, stop: int) -> None:
        """See `Elsewhere.tell`."""
        for line in self.leaving:
            first = self._gone[line]
            ready = stop == self.steps or stop - first == line.together
            if line.name != name or first == stop or not ready:
                continue
            while len(self._under_way) > self.ahead:
                self._arrive()
            message = signal[first:stop].detach().contiguous()
            to, tag = self.mesh.rank_of(line.to), self._tags[line]
            work = torch.distributed.isend(message, to, tag=tag)
            assert work is not None
            self._under_way[-1].append(_Message(work, message, stop))
            self._gone[line] = stop
            self.bytes_sent[line] += message.numel() * message.element_size()
            self.messages_sent[line] += 1

    def end(self) -> None:
        """Wait until all that was told has arrived."""
        while self._under_way:
            self._arrive()

    def _ask(self, line: Line, into: Tensor) -> list[_Message]:
        """Ask for all messages of a line in a window, in order."""
        rank, tag = self.mesh.rank_of(self._parts[line.source]), self._tags[line]
        asked: list[_Message] = []
        for part in into.split(line.together or self.steps):
            work: Any = torch.distributed.irecv(part, rank, tag=tag)
            stop = len(part) + (asked[-1].stop if asked else 0)
            asked.append(_Message(work, part, stop))
        return asked

    def _arrive(self) -> None:
        for message in self._under_way.popleft():
            message.work.wait()
