"""Numbers that never change, as tensors that are made once for each type of numbers and device."""

from functools import cache
from typing import Any

import torch
from torch import Tensor


def constant(values: tuple[Any, ...], like: Tensor) -> Tensor:
    """Numbers, or rows of them, in the type and on the device of `like`; not to be changed."""
    return _made(values, like.dtype, like.device)


@cache
def _made(values: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(mode=False):  # autograd may keep it later
        return torch.tensor(values, dtype=dtype, device=device)
