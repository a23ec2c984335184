"""A retina: centre against surround, in units of local contrast, split in ON and OFF cells.

    c = ( G_centre - G_surround ) * x              G: Gaussians of sum 1 over a square of pixels
    r = c / sqrt( floor^2 + G_pool * c^2 )
    ON = [r]_+,   OFF = [-r]_+

Rodieck (1965), doi:10.1016/0042-6989(65)90033-7, for the difference of Gaussians; Carandini &
Heeger (2012), doi:10.1038/nrn3136, for division by local contrast. A constant gives 0, also at the
border, where the picture goes on as its last pixel; far above the floor a picture and the same at
other contrast give the same.
"""

from functools import cache

import torch
from einops import rearrange
from torch import Tensor

from brainmodel.pathways.adapters import Adapter


class Retina(Adapter):
    """ON and OFF cells of a map, [channel, height, width] -> [2 channel, height, width].

    The first half of the channels is ON, the other OFF.

    Args:
        centre: width of a cell's centre, sigma of a Gaussian, in pixels.
        surround: that of its surround, wider than the centre.
        pool: that of the neighbourhood whose contrast divides.
        floor: contrast, in units of the picture, below which division fades.

    Raises:
        ValueError: if widths are not positive, the surround is not the wider one, or the floor is
            not positive.
    """

    def __init__(
        self, centre: float = 0.7, surround: float = 2.0, pool: float = 4.0, floor: float = 0.02
    ):
        super().__init__()
        if not 0 < centre < surround:
            raise ValueError(
                f"Retina: need 0 < centre < surround, in pixels, got {centre} and {surround}"
            )
        if not pool > 0:
            raise ValueError(f"Retina.pool: need > 0, in pixels, got {pool}")
        if not floor > 0:
            raise ValueError(f"Retina.floor: need > 0, a contrast, got {floor}")
        self.centre, self.surround, self.pool, self.floor = centre, surround, pool, floor

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        if len(source) != 3:
            raise ValueError(f"Retina needs a map [channel, height, width], got {list(source)}")
        return (2 * source[0], *source[1:])

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        cells = rearrange(signal, "b c h w -> (b c) h w")
        reach = round(3 * self.surround)
        contrast = blurred(cells, self.centre, reach) - blurred(cells, self.surround, reach)
        local = blurred(contrast.square(), self.pool, round(3 * self.pool))
        response = contrast / (self.floor**2 + local).sqrt()
        split = torch.stack([response, -response]).relu()
        return rearrange(split, "sign (b c) h w -> b (sign c) h w", b=len(signal))

    def picture(self, signal: Tensor) -> Tensor:
        """See `Adapter.picture`: gray where neither responds, lighter for ON, darker for OFF."""
        on, off = signal.chunk(2, dim=1)
        return 0.5 + 0.25 * (on - off)


def blurred(maps: Tensor, width: float, reach: int) -> Tensor:
    """Maps [map, height, width] through a Gaussian, along columns and then rows.

    Args:
        maps: their borders go on.
        width: sigma of the Gaussian, in pixels.
        reach: pixels to each side at which it ends.
    """
    rows, columns = (_blur(width, reach, size, maps.dtype, maps.device) for size in maps.shape[-2:])
    return rows @ maps @ columns.T


@cache
def _blur(width: float, reach: int, size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """What each of `size` places in a line gets of each, [size, size]."""
    place = torch.arange(-reach, reach + 1)
    line = torch.exp(-0.5 * (place.double() / width) ** 2)
    places = torch.arange(size)
    sources = (places[:, None] + place).clamp(0, size - 1)
    found = torch.zeros(size, size, dtype=torch.float64)
    found.scatter_add_(1, sources, (line / line.sum()).expand(size, -1))
    return found.to(device, dtype)
