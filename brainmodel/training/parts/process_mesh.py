"""Processes in rows and columns: parts of a brain, and replicas of each with their own streams."""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from brainmodel.training.processes import gather, rank_and_count


class ProcessMesh:
    """Where this process stands: rank = replica * parts + part.

    Every process has to make one, in the same order among its talks.

    Args:
        parts: of the brain, 1 or more.
        replicas: of each part, 1 or more; each learns from streams of its own.

    Attributes:
        part: of this process.
        replica: of this process.

    Raises:
        ValueError: if there are not as many processes as parts times replicas.
    """

    def __init__(self, parts: int, replicas: int):
        rank, count = rank_and_count()
        if replicas < 1 or parts * replicas != count:
            raise ValueError(
                f"replicas: {replicas} of each of {parts} parts need {parts * replicas} processes, "
                f"1 or more of each, and there are {count}"
            )
        self.parts, self.replicas = parts, replicas
        self.replica, self.part = divmod(rank, parts)
        self._group: Any = None
        if replicas > 1:  # a group is made by all processes, members or not
            columns = [range(part, count, parts) for part in range(parts)]
            groups = [torch.distributed.new_group(list(column)) for column in columns]
            self._group = groups[self.part]

    def rank_of(self, part: int) -> int:
        """The process that has a part in this replica."""
        return self.replica * self.parts + part

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every replica of this part the mean of their gradients."""
        if self._group is None:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(joined, group=self._group)
        sizes = [gradient.numel() for gradient in gradients]
        for gradient, mean in zip(gradients, (joined / self.replicas).split(sizes), strict=True):
            gradient.copy_(mean.view_as(gradient))


def of_all_parts(mesh: ProcessMesh, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by name of all parts of the brain, on each process.

    Args:
        mesh: of the processes.
        own: of this process; every process has to ask.
    """
    first = gather({name: value.detach().cpu() for name, value in own.items()})[: mesh.parts]
    return {name: value for part in first for name, value in part.items()}
