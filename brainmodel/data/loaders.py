"""Loaders: windows of streams, one after the other, through worker processes if wanted.

They are plain iterables around torch's DataLoader, not DataLoaders, because Lightning would give a
DataLoader a distributed sampler, while here each process has streams of its own.
"""

import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset, Sampler, get_worker_info

from brainmodel.data.window import Window


class Windows(Protocol):
    """Makes the window of any number, in any order, any number of times."""

    def window(self, index: int) -> Window: ...


class _ByNumber(Dataset[Window | ValueError]):
    """A map-style data set: item i is window i, or why there is none.

    An error that a worker raised would come with the text of its traceback for a message.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def __getitem__(self, index: int) -> Window | ValueError:
        try:
            return self.windows.window(index)
        except ValueError as error:
            if get_worker_info() is None:
                raise
            return ValueError(str(error))


class _Onward(Sampler[int]):
    """The next `count` window numbers from `position` on."""

    def __init__(self, count: int) -> None:
        self.position = 0
        self.count = count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.position, self.position + self.count))

    def __len__(self) -> int:
        return self.count


def _leave_signals_to_the_run(worker: int) -> None:
    """A signal to all processes of a run does not end the workers while it saves its last step."""
    del worker
    for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
        if hasattr(signal, name):  # Windows has no SIGUSR1
            signal.signal(getattr(signal, name), signal.SIG_IGN)


class WindowLoader(ABC):
    """An iterable over windows whose worker processes Lightning can end."""

    def __init__(self, windows: Windows, count: int, num_workers: int) -> None:
        self._sampler = _Onward(count)
        self._loader = DataLoader(
            _ByNumber(windows),
            batch_size=None,  # a window is a batch already
            sampler=self._sampler,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_leave_signals_to_the_run,
        )

    @abstractmethod
    def __iter__(self) -> Iterator[Window]: ...

    def _windows(self) -> Iterator[Window]:
        """The windows; ValueError if one cannot be made."""
        iterator = iter(self._loader)
        for worker in getattr(iterator, "_workers", ()):
            worker._popen.terminate = worker._popen.kill  # it ignores SIGTERM, see above
        for window in iterator:
            if isinstance(window, ValueError):
                raise window
            yield window

    def __len__(self) -> int:
        return self._sampler.count

    @property
    def _iterator(self) -> Any:
        """Lightning looks for the workers under this name when a run ends, and ends them."""
        return self._loader._iterator

    @_iterator.setter
    def _iterator(self, iterator: Any) -> None:
        self._loader._iterator = iterator


class ContinuingLoader(WindowLoader):
    """Training windows: each pass yields the `count` windows after the last one handed out.

    Its state is the number of windows HANDED OUT, not of windows prepared ahead by workers, and
    is the same on every rank: Lightning saves rank 0's state and hands it to each rank. A pass
    after `load_state_dict` goes on with the window after the checkpoint.
    """

    def __iter__(self) -> Iterator[Window]:
        for window in self._windows():
            self._sampler.position += 1
            yield window

    def state_dict(self) -> dict[str, int]:
        """How many windows were handed out."""
        return {"windows": self._sampler.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on after the windows that `state` counts."""
        self._sampler.position = state["windows"]


class FreshLoader(WindowLoader):
    """Held-out windows: each pass yields windows 0 to `count` - 1, always the same."""

    def __iter__(self) -> Iterator[Window]:
        return self._windows()
