"""The processes of one run, each with its own streams: who is who, and what they share."""

from typing import Any, cast

import torch
import torch.distributed
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

LOST = (
    "onnection closed by peer",
    "onnection reset by peer",
    "Broken pipe",
    "remote process",
    "gloo",
)
"""Words of errors that a process gets when another one is gone."""


def tells_of_another(error: Exception) -> bool:
    """Whether an error came because another process of the run is gone."""
    return rank_and_count()[1] > 1 and any(word in str(error) for word in LOST)


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


def whole_batch(tree: Any, device: torch.device) -> Any:
    """A tree of tensors [time, batch, ...] with the streams of all processes, on each of them.

    Args:
        tree: of this process.
        device: where the joined tensors are to be.
    """
    if rank_and_count()[1] == 1:
        return tree
    leaves, form = tree_flatten(tree)
    everywhere = gather([leaf.detach().cpu() for leaf in leaves])
    joined = [torch.cat(parts, dim=1).to(device) for parts in zip(*everywhere, strict=True)]
    return tree_unflatten(joined, form)


def mean_over_processes(value: Tensor) -> Tensor:
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
