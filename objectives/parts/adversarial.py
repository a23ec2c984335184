"""Adversarial games: a discriminator tries to distinguish predicted drives from real ones.

The scores of the discriminator are large for drives that it takes for real.

                      discriminator, u real, v predicted           predictor
    non-saturating    1/2 log(1 + e^-u) + 1/2 log(1 + e^v)         log(1 + e^-v)
    hinge             1/2 [1 - u]_+ + 1/2 [1 + v]_+                - v
    least squares     1/2 (u - 1)^2 + 1/2 v^2                      1/2 (v - 1)^2

Goodfellow et al. (2014), arXiv:1406.2661; Lim & Ye (2017), arXiv:1705.02894; Mao et al. (2017),
arXiv:1611.04076, with 0-1 coding; the penalty R1 is of Mescheder et al. (2018), arXiv:1801.04406,
"simplified gradient penalties".
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def non_saturating_discriminator(real: Tensor, predicted: Tensor) -> Tensor:
    """Loss of the discriminator, of the shape of the scores; log 2 at chance."""
    return 0.5 * F.softplus(-real) + 0.5 * F.softplus(predicted)


def non_saturating_predictor(predicted: Tensor) -> Tensor:
    """Loss of the predictor, of the shape of the scores; log 2 at chance."""
    return F.softplus(-predicted)


def hinge_discriminator(real: Tensor, predicted: Tensor) -> Tensor:
    """Loss of the discriminator, of the shape of the scores; 1 at chance."""
    return 0.5 * (1 - real).relu() + 0.5 * (1 + predicted).relu()


def hinge_predictor(predicted: Tensor) -> Tensor:
    """Loss of the predictor, of the shape of the scores."""
    return -predicted


def least_squares_discriminator(real: Tensor, predicted: Tensor) -> Tensor:
    """Loss of the discriminator, of the shape of the scores; 1/4 at chance, a score of 1/2."""
    return 0.5 * (real - 1).square() + 0.5 * predicted.square()


def least_squares_predictor(predicted: Tensor) -> Tensor:
    """Loss of the predictor, of the shape of the scores."""
    return 0.5 * (predicted - 1).square()


def r1_penalty(score: Tensor, real: Tensor) -> Tensor:
    """1/2 | d score / d real |^2 for each step and sample, [time, batch], differentiable.

    Keeps the score from changing steeply around real drives.

    Args:
        score: of real drives, [time, batch]. A score that depends on real drives of other steps,
            as a recurrent discriminator's does, counts them where they stand.
        real: [time, batch, *drive], part of the graph of `score`.
    """
    (slope,) = torch.autograd.grad(score.sum(), real, create_graph=True)
    return 0.5 * slope.flatten(2).square().sum(2)
