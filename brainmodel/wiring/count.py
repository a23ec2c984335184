"""A number on the device that the host knows without asking, but when others change it."""

from torch import Tensor


class Count:
    """What a counter [] says; the device is waited for only where somebody else has written it."""

    def __init__(self) -> None:
        self._of: Tensor | None = None
        self._version, self._value = 0, 0

    def read(self, counter: Tensor) -> int:
        """Its value; of a tensor of inference mode, whose changes torch does not count, asked."""
        if counter.is_inference():
            return int(counter)
        if counter is not self._of or counter._version != self._version:
            self._know(counter, int(counter))
        return self._value

    def add(self, counter: Tensor) -> None:
        """Count one more, in place."""
        value = self.read(counter)
        counter += 1
        if not counter.is_inference():
            self._know(counter, value + 1)

    def _know(self, counter: Tensor, value: int) -> None:
        self._of, self._version, self._value = counter, counter._version, value
