"""The processes of one run, each with its own streams: who is who, and what they share."""

from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.distributed
from torch import Tensor


def rank_and_count() -> tuple[int, int]:
    """The number of this process, and how many there are."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def gather(plain: Any) -> list[Any]:
    """The values of all processes, in order, on each of them."""
    gathered = [plain] * rank_and_count()[1]
    if len(gathered) > 1:
        torch.distributed.all_gather_object(gathered, plain)
    return gathered


def mean_over_processes(values: Mapping[str, float]) -> dict[str, float]:
    """The mean of each named value over all processes, on each of them."""
    everywhere = gather(dict(values))
    return {name: sum(own[name] for own in everywhere) / len(everywhere) for name in values}


def mean_tensor(value: Tensor) -> Tensor:
    """The mean of a tensor over all processes, on each of them; without its gradient."""
    count = rank_and_count()[1]
    mean = value.detach()
    if count > 1:
        mean = mean.clone()
        torch.distributed.all_reduce(mean)
        mean = mean / count
    return mean


def any_process(mine: int, device: torch.device) -> int:
    """The greatest of one number of each process, on each of them.

    Args:
        mine: the number of this process.
        device: on which the processes talk to each other.
    """
    if rank_and_count()[1] == 1:
        return mine
    greatest = torch.tensor(mine, device=device)
    torch.distributed.all_reduce(greatest, op=torch.distributed.ReduceOp.MAX)
    return cast(int, greatest.item())
