"""Games between a discriminator and a predictor: the loss of each, given the scores.

The losses are those of `parts.adversarial`. In the zero-sum game, that of Goodfellow et al. (2014),
arXiv:1406.2661, eq. 1, the predictor's loss is minus the discriminator's, of which 1/2 log(1 + e^v)
depends on the prediction.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from objectives.parts import adversarial


class Game(ABC):
    """The losses of both players.

    Attributes:
        unsure: the score of a drive that is as likely real as predicted.
    """

    unsure: ClassVar[float] = 0.0

    @abstractmethod
    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """Loss of the discriminator, of the shape of the scores."""

    @abstractmethod
    def predictor(self, predicted: Tensor) -> Tensor:
        """Loss of the predictor, of the shape of the scores."""


class NonSaturating(Game):
    """Each player's loss is the negative log probability of its own success."""

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.non_saturating_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return adversarial.non_saturating_predictor(predicted)


class Hinge(Game):
    """The discriminator's loss is 0 beyond a margin of 1."""

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
    """The predictor's loss is minus the discriminator's: plain gradient reversal.

    The predictor hardly learns while the discriminator is almost always right.
    """

    def discriminator(self, real: Tensor, predicted: Tensor) -> Tensor:
        """See `Game.discriminator`."""
        return adversarial.non_saturating_discriminator(real, predicted)

    def predictor(self, predicted: Tensor) -> Tensor:
        """See `Game.predictor`."""
        return -0.5 * F.softplus(predicted)
