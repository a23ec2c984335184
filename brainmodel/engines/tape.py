"""A tape: the operations of a function one by one, taken again on the processor by hand.

It has the meaning of a CUDA graph, and none of its speed: the same operations in the same order on
the same addresses, no Python of the function again, every number of the host frozen. So whatever
holds of a tape holds of a graph, as far as it does not lie in CUDA itself. It is there to test
with, and to count launches.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from brainmodel.engines.recorder import Recorder, Taken
from brainmodel.errors import Unrecordable

ASKING = frozenset(
    {
        *("_local_scalar_dense", "equal", "is_nonzero", "nonzero", "masked_select", "_unique2"),
        *("unique_dim", "unique_consecutive", "repeat_interleave", "bincount", "lift_fresh"),
    }
)
"""Operations that bring a number of the device to the host, or one of the host to the device."""
TOLD = frozenset({"tolist", "numpy", "cpu", "__array__", "data_ptr"})
"""Methods that do, or let others read and write memory, and are no operation on the processor."""
NEW = frozenset({"empty", "new_empty", "empty_like", "empty_strided", "new_empty_strided"})
"""Operations that compute nothing."""


class Operation(NamedTuple):
    """One that was recorded."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    made: tuple[tuple[int, Tensor], ...]  # results in memory of their own, by their place

    def again(self) -> None:
        """Compute it anew, into the memory that it had."""
        found = tree_leaves(self.function(*self.arguments, **self.named))
        for place, tensor in self.made:
            tensor.copy_(found[place])


class Tape(Recorder):
    """Records operations on the processor."""

    def record(self, function: Callable[[], Any]) -> Taken:
        """See `Recorder.record`; what the function changes in place is put back."""
        writing, random = _Writing(), torch.get_rng_state()
        try:
            with _Unasked(), writing:
                result = function()
        finally:
            writing.put_back()
            torch.set_rng_state(random)

        def replay() -> None:
            with torch.no_grad(), torch.autocast("cpu", enabled=False):  # casts were recorded
                for operation in writing.operations:
                    operation.again()

        return Taken(result, replay, len(writing.operations))

    def __str__(self) -> str:
        """See `Recorder.__str__`."""
        return "tapes of operations"


class _Unasked(TorchFunctionMode):
    """Refuses methods that ask for numbers."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in TOLD:
            loops = "; set BRAINMODEL_NATIVE=0 where these are native loops" * (name == "data_ptr")
            raise Unrecordable(f"something in it reads memory past torch ({name}){loops}")
        return func(*args, **(kwargs or {}))


class _Writing(TorchDispatchMode):
    """Does operations and writes them down."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self._own: set[int] = set()  # addresses of memory that was made here
        self._empty: list[Tensor] = []  # memory in which nothing stands yet, lest it be given away
        self._before: dict[int, tuple[Tensor, Tensor]] = {}  # of other memory that was changed

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        name = func.overloadpacket.__name__
        if name in ASKING or _by_mask(name, args):
            raise Unrecordable(f"something in it asks the device for numbers ({name})")
        given = {_address(tensor) for tensor in _tensors((args, named))}
        self._keep(func, args, named)
        found = func(*args, **named)
        leaves = tree_leaves(found)
        made = [
            (place, leaf)
            for place, leaf in enumerate(leaves)
            if isinstance(leaf, Tensor) and _address(leaf) not in given
        ]
        self._own.update(_address(tensor) for _, tensor in made)
        if (made and name not in NEW) or func._schema.is_mutable:
            self.operations.append(Operation(func, args, named, tuple(made)))
        self._empty += [tensor for _, tensor in made if name in NEW]
        return found

    def put_back(self) -> None:
        """Give memory that is not of here what it had before."""
        for tensor, before in self._before.values():
            tensor.copy_(before)

    def _keep(self, func: Any, args: Any, named: dict[str, Any]) -> None:
        """Remember what stands in memory of others before it is changed."""
        for argument, value in _by_argument(func, args, named):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            for tensor in _tensors(value):
                address = _address(tensor)
                if address not in self._own and address not in self._before:
                    whole = _whole(tensor)
                    self._before[address] = whole, whole.clone()


def _by_argument(func: Any, args: Any, named: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for place, argument in enumerate(func._schema.arguments):
        if place < len(args):
            yield argument, args[place]
        elif argument.name in named:
            yield argument, named[argument.name]


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _address(tensor: Tensor) -> int:
    """Of its memory, which views of it share."""
    return tensor.untyped_storage()._cdata


def _whole(tensor: Tensor) -> Tensor:
    """All of the memory that a tensor is a view of."""
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.detach().as_strided((size,), (1,), 0)


def _by_mask(name: str, args: Any) -> bool:
    """Whether the size of a result hangs on a mask, which the device would be asked for."""
    if name not in ("index", "index_put", "index_put_", "_unsafe_index"):
        return False
    return any(index is not None and index.dtype == torch.bool for index in args[1])
