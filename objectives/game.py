"""Games between a discriminator and a predictor: what each pays for the scores that are given.

The losses are those of `parts.adversarial`; in the zero-sum game, that of Goodfellow et al. (2014),
 arXiv:1406.2661, eq. 1, the predictor earns what the discriminator pays, 1/2 log(1 + e^v) of
it depending on the prediction.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from objectives.parts import adversarial


class Game(ABC):
    """The losses of both players.

    Attributes:
        unsure: the score of what may as well be real as predicted.
    """

    unsure: ClassVar[float] = 0.0

    @abstractmethod
    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """What the discriminator pays, of the shape of the scores."""

    @abstractmethod
    def predictor(self, predicted: Tensor) -> Tensor:
        """What the predictor pays, of the shape of the scores."""


class NonSaturating(Game):
    """Each player pays its own surprise."""

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.non_saturating_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return adversarial.non_saturating_predictor(predicted)


class Hinge(Game):
    """Nothing is paid beyond a margin of 1."""

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.hinge_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return adversarial.hinge_predictor(predicted)


class LeastSquares(Game):
    """Scores are regressed on 1 for real and 0 for predicted."""

    unsure = 0.5

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.least_squares_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return adversarial.least_squares_predictor(predicted)


class ZeroSum(Game):
    """The predictor earns what the discriminator pays: plain gradient reversal.

    It hardly learns while the discriminator is sure of itself.
    """

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.non_saturating_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return -0.5 * F.softplus(predicted)
