"""Gain fields: a signal times the rates of cells that are tuned to a movement to come.

    g_k(m) = exp( - |m - c_k|^2 / 2 w^2 ) / sum_j exp( - |m - c_j|^2 / 2 w^2 )
    message = ( g_1(m) x, ..., g_K(m) x )                  c_k: a square grid around no movement

What is linear in the message is a function of x that depends on m, so that synapses on which such
a pathway ends can learn where things will be after the eye has moved. Andersen, Essick & Siegel
(1985), doi:10.1126/science.4048942, found them; Pouget & Sejnowski (1997),
doi:10.1162/jocn.1997.9.2.222, read them as basis functions.
"""

import torch
from einops import rearrange
from torch import Tensor


class GainFields:
    """Cells tuned to movements, which multiply what a pathway carries.

    Args:
        by: name of the input that tells of movements, dx and dy its first two values, in pixels.
        reach: cells on each side of no movement, along x and along y: K = (2 reach + 1)^2.
        spacing: of preferred movements, pixels.
        width: of the tuning, sigma of a Gaussian in units of the spacing.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, by: str, reach: int = 3, spacing: float = 1.5, width: float = 0.7):
        if reach < 1:
            raise ValueError(f"GainFields.reach: need 1 or more cells, got {reach}")
        if not spacing > 0:
            raise ValueError(f"GainFields.spacing: need > 0, in pixels, got {spacing}")
        if not width > 0:
            raise ValueError(f"GainFields.width: need > 0, in spacings, got {width}")
        self.by, self.reach, self.spacing, self.width = by, reach, spacing, width

    @property
    def cells(self) -> int:
        """K, how many there are."""
        return (2 * self.reach + 1) ** 2

    def rates(self, movement: Tensor) -> Tensor:
        """g [batch, K], of sum 1, from movements [batch, 2 or more] in pixels.

        Movements beyond the grid are taken for the nearest.
        """
        line = self.spacing * torch.arange(-self.reach, self.reach + 1).to(movement)
        far = 2 * (self.width * self.spacing) ** 2
        x, y = (-(movement[:, k, None] - line).square() / far for k in (0, 1))
        return rearrange(y[:, :, None] + x[:, None, :], "b y x -> b (y x)").softmax(1)

    def __call__(self, signal: Tensor, movement: Tensor) -> Tensor:
        """The message [batch, K * channel, ...] of a signal [batch, channel, ...]."""
        gains = self.rates(movement).view(len(signal), -1, *[1] * (signal.dim() - 1))
        return (gains * signal[:, None]).flatten(1, 2)
