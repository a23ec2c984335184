"""In which numbers synapses multiply: in those of their signals, or in shorter ones, for speed.

Under automatic mixed precision in bfloat16 (`trainer.precision: bf16-mixed`) a graphics processor
takes the products of synapses, forwards, back and for their gradients, in bfloat16; within them it
sums in float32. All else stays in float32, states above all: bfloat16 has 8 bits, and what is added
to a state in small steps would be lost in it. Float16 is not asked for anything: currents may leave
its range. On the processor, where shorter numbers are no faster, products stay as they are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

_KIND: ContextVar[torch.dtype | None] = ContextVar("kind of products", default=None)


def asked_for(device: torch.device) -> torch.dtype | None:
    """The type of numbers that automatic mixed precision asks of products on a device, if any."""
    if device.type != "cuda" or not torch.is_autocast_enabled(device.type):
        return None
    kind = torch.get_autocast_dtype(device.type)
    return kind if kind == torch.bfloat16 else None


@contextmanager
def products_in(kind: torch.dtype | None) -> Iterator[None]:
    """Meanwhile synapses multiply float32 in numbers of this type; as they are for None."""
    token = _KIND.set(kind)
    try:
        yield
    finally:
        _KIND.reset(token)


def kind_of_products() -> torch.dtype | None:
    """The type of numbers that `products_in` has said, if it has."""
    return _KIND.get()


def is_short(of: torch.dtype) -> bool:
    """Whether products of such numbers are made in shorter ones."""
    return of == torch.float32 and _KIND.get() is not None


def multiplied(product: Callable[..., Tensor], *factors: Tensor) -> Tensor:
    """A product of factors of one type, made in the type that was said; its type is theirs."""
    like = factors[0].dtype
    if not is_short(like):
        return product(*factors)
    return product(*(factor.to(_KIND.get()) for factor in factors)).to(like)
