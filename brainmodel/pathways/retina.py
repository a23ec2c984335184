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
from torch.nn import functional as F

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
        cells = rearrange(signal, "b c h w -> (b c) 1 h w")
        contrast = filtered(cells, _opponent(self.centre, self.surround, cells.dtype, cells.device))
        local = filtered(contrast.square(), _gaussian(self.pool, cells.dtype, cells.device))
        response = contrast / (self.floor**2 + local).sqrt()
        split = torch.stack([response, -response]).relu()
        return rearrange(split, "sign (b c) 1 h w -> b (sign c) h w", b=len(signal))

    def picture(self, signal: Tensor) -> Tensor:
        """See `Adapter.picture`: gray where neither responds, lighter for ON, darker for OFF."""
        on, off = signal.chunk(2, dim=1)
        return 0.5 + 0.25 * (on - off)


def filtered(maps: Tensor, kernel: Tensor) -> Tensor:
    """Maps [map, 1, height, width] through a kernel [width, width]; their borders go on."""
    around = F.pad(maps, [kernel.shape[0] // 2] * 4, mode="replicate")
    return F.conv2d(around, kernel[None, None])


@cache
def _opponent(centre: float, surround: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Centre less surround, [width, width], of sum 0."""
    reach = round(3 * surround)
    return (gaussian(centre, reach) - gaussian(surround, reach)).to(device, dtype)


@cache
def _gaussian(width: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return gaussian(width, round(3 * width)).to(device, dtype)


def gaussian(width: float, reach: int) -> Tensor:
    """A Gaussian of sum 1 over [2 reach + 1, 2 reach + 1] pixels, in float64; width in pixels."""
    place = torch.arange(-reach, reach + 1, dtype=torch.float64)
    line = torch.exp(-0.5 * (place / width) ** 2)
    square = line[:, None] * line
    return square / square.sum()
