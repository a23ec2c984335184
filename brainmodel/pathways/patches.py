"""Patches: squares of pixels become channels, so that a map is coarser and nothing is lost."""

from einops import rearrange
from torch import Tensor

from brainmodel.pathways.adapters import Adapter


class Patches(Adapter):
    """Squares of `size` x `size` pixels side by side, each one place of many channels.

    Units of 3 x 3 such places see 3 x `size` pixels, `size` pixels apart.

    Args:
        size: side of a square, in pixels.

    Raises:
        ValueError: if the size is not 1 or more.
    """

    def __init__(self, size: int = 4):
        super().__init__()
        if size < 1:
            raise ValueError(f"Patches.size: need 1 or more pixels, got {size}")
        self.size = size

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if len(source) != 3 or source[1] % self.size or source[2] % self.size:
            raise ValueError(
                f"Patches({self.size}) needs a map divisible by it, got {list(source)}"
            )
        channels, height, width = source
        return (channels * self.size**2, height // self.size, width // self.size)

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        return rearrange(signal, "b c (h p) (w q) -> b (c p q) h w", p=self.size, q=self.size)

    def picture(self, signal: Tensor) -> Tensor:
        """See `Adapter.picture`: the pixels at their places."""
        return rearrange(signal, "b (c p q) h w -> b c (h p) (w q)", p=self.size, q=self.size)
