"""Memory that is used again: large arrays that are made anew every window, on the processor.

What comes fresh from the system is cleared page by page when it is first touched. For traces of
tens of megabytes that takes longer than to compute them, window after window. So a rule that
carries such arrays owns a `ReusedMemory`: the block of a tensor that is gone is kept, and the next
tensor of its size gets it. Never more is kept than is in use, so that what a brain has held is
given back to the system when the brain is gone.
"""

import mmap
import weakref
from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

LARGE = 2**21  # bytes; below this the allocator does as well. The system's large pages have as many


class ReusedMemory:
    """Blocks of memory in use, and blocks that wait to be used again; a copy begins with none.

    Attributes:
        used: bytes of blocks in use.
        spare: bytes of blocks that wait.
    """

    def __init__(self) -> None:
        self.used, self.spare = 0, 0
        self._waiting: dict[int, list[mmap.mmap]] = defaultdict(list)

    def __reduce__(self) -> tuple[type["ReusedMemory"], tuple[()]]:
        """Copied and pickled without its blocks."""
        return ReusedMemory, ()

    def like(self, tensor: Tensor) -> Tensor:
        """A contiguous tensor of the same shape and type, with nothing in particular in it."""
        size = tensor.numel() * tensor.element_size()
        if size < LARGE or tensor.device.type != "cpu" or not hasattr(mmap, "MAP_ANONYMOUS"):
            return torch.empty_like(tensor, memory_format=torch.contiguous_format)
        whole = -(-size // LARGE) * LARGE
        block = self._take(whole)
        array = np.frombuffer(block, dtype=np.uint8, count=size)  # the tensor keeps it alive
        weakref.finalize(array, self._give_back, whole, block).atexit = False
        return torch.from_numpy(array).view(tensor.dtype).view(tensor.shape)

    def _take(self, size: int) -> mmap.mmap:
        self.used += size
        if self._waiting[size]:
            self.spare -= size
            return self._waiting[size].pop()
        block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            block.madvise(mmap.MADV_HUGEPAGE)
        return block

    def _give_back(self, size: int, block: mmap.mmap) -> None:
        self.used -= size
        self._waiting[size].append(block)
        self.spare += size
        while self.spare > self.used:  # of other sizes, too: what they served may be gone
            largest = max(length for length, blocks in self._waiting.items() if blocks)
            self._waiting[largest].pop()
            self.spare -= largest
