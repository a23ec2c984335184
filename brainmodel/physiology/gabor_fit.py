"""The Gabor function that is nearest to a receptive field.

    g(x, y) = exp( -x'^2 / 2 s_x^2 - y'^2 / 2 s_y^2 ) ( a cos(2 pi f x') + b sin(2 pi f x') )
    x' =  (x - x_0) cos theta + (y - y_0) sin theta        across the bars
    y' = -(x - x_0) sin theta + (y - y_0) cos theta        along them

a and b are linear and found in closed form for each of the other six numbers, which least squares
moves (variable projection: Golub & Pereyra 1973, doi:10.1137/0710036), from several beginnings. The
amplitude is the root of a^2 + b^2, and the phase, of the cosine, -atan2(b, a).

Source: Jones & Palmer (1987), "An evaluation of the two-dimensional Gabor filter model of simple
receptive fields in cat striate cortex", J. Neurophysiol. 58:1233, eq. 1 and 2.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from brainmodel.probing.array_types import Floats

WIDTHS = (1.0, 2.0, 4.0)  # pixels, of the beginnings
NARROWEST = 0.3  # pixels


class FittedGabor(NamedTuple):
    """A Gabor function; lengths in pixels, places from the middle of the field."""

    x: float
    y: float
    across: float  # s_x
    along: float  # s_y
    direction: float  # theta in radians, 0 to pi: at right angles to the bars
    frequency: float  # f in cycles per pixel, 0 or more
    phase: float  # radians, -pi to pi
    amplitude: float
    explained: float  # share of the sum of squares of the field, 0 to 1


def fit_gabor(field: Floats) -> FittedGabor:
    """The best of several fits.

    Args:
        field: [pixel, pixel] a receptive field, rows downwards.

    Raises:
        ValueError: if it is not square, smaller than 5 pixels, not finite, or 0 everywhere.
    """
    if field.ndim != 2 or field.shape[0] != field.shape[1] or len(field) < 5:
        raise ValueError(f"field has shape {field.shape}: give a square of 5 pixels or more.")
    if not np.isfinite(field).all() or not field.any():
        raise ValueError("field is 0 everywhere, or not finite: there is nothing to fit.")
    scale = np.abs(field).max()
    values = np.asarray(field, float) / scale
    place = np.arange(len(field)) - (len(field) - 1) / 2
    y, x = np.meshgrid(place, place, indexing="ij")

    def residual(numbers: Floats) -> Floats:
        return (values - _nearest(values, numbers, x, y)[0]).ravel()

    reach = len(field) / 2
    low = [-reach, -reach, NARROWEST, NARROWEST, -np.inf, 0]
    high = [reach, reach, 2 * reach, 2 * reach, np.inf, 0.5]
    fits = [
        least_squares(residual, begin, bounds=(low, high), x_scale=[1, 1, 1, 1, 0.3, 0.05])
        for begin in _beginnings(values, x, y)
    ]
    best = min(fits, key=lambda fit: fit.cost)
    _, weights = _nearest(values, best.x, x, y)
    explained = 1 - 2 * best.cost / float((values**2).sum())
    return _named(best.x, scale * weights, explained)


def _basis(numbers: Floats, x: Floats, y: Floats) -> Floats:
    """[pixel, 2] the cosine and the sine under the bell."""
    x0, y0, across, along, theta, frequency = numbers
    u = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    v = -(x - x0) * np.sin(theta) + (y - y0) * np.cos(theta)
    bell = np.exp(-(u**2) / (2 * across**2) - v**2 / (2 * along**2))
    wave = 2 * np.pi * frequency * u
    return np.stack([(bell * np.cos(wave)).ravel(), (bell * np.sin(wave)).ravel()], axis=1)


def _nearest(values: Floats, numbers: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The Gabor function nearest to a field, and its a and b."""
    basis = _basis(numbers, x, y)
    weights = np.linalg.lstsq(basis, values.ravel(), rcond=1e-6)[0]
    return (basis @ weights).reshape(values.shape), weights


def _beginnings(values: Floats, x: Floats, y: Floats) -> list[list[float]]:
    """Where its energy lies, at the frequency of its strongest wave, in several widths."""
    energy = values**2 / (values**2).sum()
    middle = [float((energy * x).sum()), float((energy * y).sum())]
    padded = 4 * len(values)
    strength = np.abs(np.fft.fft2(values, (padded, padded)))
    each = np.fft.fftfreq(padded)
    row, column = np.unravel_index(strength.argmax(), strength.shape)
    fy, fx = each[row], each[column]
    theta, frequency = float(np.arctan2(fy, fx)), float(np.hypot(fx, fy).clip(0.02, 0.45))
    turned = [theta, theta + np.pi / 2] if np.hypot(fx, fy) < 0.02 else [theta]
    return [[*middle, w, w, t, frequency] for w in WIDTHS for t in turned]


def _named(numbers: Floats, weights: Floats, explained: float) -> FittedGabor:
    """With the direction in 0 to pi: half a turn more is the phase the other way."""
    x0, y0, across, along, theta, frequency = map(float, numbers)
    turns = int(np.floor(theta / np.pi))
    phase = float(-np.arctan2(weights[1], weights[0]))
    phase = -phase if turns % 2 else phase
    amplitude = float(np.hypot(*weights))
    return FittedGabor(
        x0, y0, across, along, theta - turns * np.pi, frequency, phase, amplitude, explained
    )
