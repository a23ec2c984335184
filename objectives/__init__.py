"""Objectives of cortical areas: what an area did over a window -> loss per step and sample."""

from objectives.absolute_error import AbsoluteError
from objectives.area_prediction import AreaPrediction
from objectives.bernoulli import Bernoulli
from objectives.categorical import Categorical
from objectives.clapp import CLAPP
from objectives.gaussian import Gaussian
from objectives.info_nce import InfoNCE
from objectives.latent_predictive_learning import LatentPredictiveLearning
from objectives.multi_horizon import MultiHorizon
from objectives.objective import Activity, GroupObjective, Objective
from objectives.poisson import Poisson
from objectives.self_prediction import SelfPrediction
from objectives.slowness import Slowness
from objectives.split_error import SplitError
from objectives.squared_error import SquaredError

__all__ = [
    "AbsoluteError",
    "Activity",
    "AreaPrediction",
    "Bernoulli",
    "CLAPP",
    "Categorical",
    "Gaussian",
    "GroupObjective",
    "InfoNCE",
    "LatentPredictiveLearning",
    "MultiHorizon",
    "Objective",
    "Poisson",
    "SelfPrediction",
    "Slowness",
    "SplitError",
    "SquaredError",
]
