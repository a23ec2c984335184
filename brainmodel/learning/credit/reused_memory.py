"""Memory that is used again: large arrays that are made anew every window, on the processor.

What comes fresh from the system is cleared page by page when it is first touched. For traces of
tens of megabytes that takes longer than to compute them, window after window. A room is kept when
its tensor is gone, and the next tensor of its size moves in. Never more is kept than is in use, so
what a brain has held is given back to the system when the brain is gone.
"""

import mmap
import weakref
from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

LARGE = 2**21  # bytes; below this the allocator does as well. The system's large pages have as many


class Rooms:
    """Rooms in use, and rooms that wait.

    Attributes:
        used: bytes of rooms in use.
        spare: bytes of rooms that wait.
    """

    def __init__(self) -> None:
        self.used, self.spare = 0, 0
        self._waiting: dict[int, list[mmap.mmap]] = defaultdict(list)

    def like(self, tensor: Tensor) -> Tensor:
        """A contiguous tensor of the same shape and type, with nothing in particular in it."""
        size = tensor.numel() * tensor.element_size()
        if size < LARGE or tensor.device.type != "cpu" or not hasattr(mmap, "MAP_ANONYMOUS"):
            return torch.empty_like(tensor, memory_format=torch.contiguous_format)
        whole = -(-size // LARGE) * LARGE
        room = self._enter(whole)
        array = np.frombuffer(room, dtype=np.uint8, count=size)  # the tensor keeps it alive
        weakref.finalize(array, self._leave, whole, room).atexit = False
        return torch.from_numpy(array).view(tensor.dtype).view(tensor.shape)

    def _enter(self, size: int) -> mmap.mmap:
        self.used += size
        if self._waiting[size]:
            self.spare -= size
            return self._waiting[size].pop()
        room = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            room.madvise(mmap.MADV_HUGEPAGE)
        return room

    def _leave(self, size: int, room: mmap.mmap) -> None:
        self.used -= size
        self._waiting[size].append(room)
        self.spare += size
        while self.spare > self.used:  # of other sizes, too: what they served may be gone
            largest = max(length for length, rooms in self._waiting.items() if rooms)
            self._waiting[largest].pop()
            self.spare -= largest


ROOMS = Rooms()
