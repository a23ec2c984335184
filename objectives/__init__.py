"""Objectives of cortical areas: what an area did over a window -> loss per step and sample."""

from objectives.absolute_error import AbsoluteError
from objectives.bernoulli import Bernoulli
from objectives.gaussian import Gaussian
from objectives.objective import Activity, Objective
from objectives.poisson import Poisson
from objectives.squared_error import SquaredError

__all__ = [
    "AbsoluteError",
    "Activity",
    "Bernoulli",
    "Gaussian",
    "Objective",
    "Poisson",
    "SquaredError",
]
