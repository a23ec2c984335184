"""Objectives of cortical areas: what an area did over a window -> loss per step and sample."""

from objectives.absolute_error import AbsoluteError
from objectives.area_prediction import AreaPrediction
from objectives.balance import Balance
from objectives.barlow_twins import BarlowTwins
from objectives.bernoulli import Bernoulli
from objectives.byol import BYOL
from objectives.categorical import Categorical
from objectives.clapp import CLAPP
from objectives.competition import Competition
from objectives.contrastive_prediction import ContrastivePrediction
from objectives.cross_entropy import CrossEntropy
from objectives.decoupled_interface import DecoupledInterface
from objectives.discrimination import Discrimination
from objectives.energy import Energy
from objectives.game import Game, Hinge, LeastSquares, NonSaturating, ZeroSum
from objectives.gated import Gated
from objectives.gaussian import Gaussian
from objectives.info_nce import InfoNCE
from objectives.intrinsic_plasticity import IntrinsicPlasticity
from objectives.latent_predictive_learning import LatentPredictiveLearning
from objectives.multi_horizon import MultiHorizon
from objectives.objective import Activity, GroupObjective, Objective
from objectives.paired_views import PairedViews
from objectives.poisson import Poisson
from objectives.population_rate import PopulationRate
from objectives.regression import Regression
from objectives.reinforce import Reinforce
from objectives.self_prediction import SelfPrediction
from objectives.sim_siam import SimSiam
from objectives.slowness import Slowness
from objectives.sparseness import Sparseness
from objectives.split_error import SplitError
from objectives.squared_error import SquaredError
from objectives.target_rate import TargetRate
from objectives.variational import Variational
from objectives.vicreg import VICReg

__all__ = [
    "AbsoluteError",
    "Activity",
    "AreaPrediction",
    "BYOL",
    "Balance",
    "BarlowTwins",
    "Bernoulli",
    "CLAPP",
    "Categorical",
    "Competition",
    "ContrastivePrediction",
    "CrossEntropy",
    "DecoupledInterface",
    "Discrimination",
    "Energy",
    "Game",
    "Gated",
    "Gaussian",
    "GroupObjective",
    "Hinge",
    "InfoNCE",
    "IntrinsicPlasticity",
    "LatentPredictiveLearning",
    "LeastSquares",
    "MultiHorizon",
    "NonSaturating",
    "Objective",
    "PairedViews",
    "Poisson",
    "PopulationRate",
    "Regression",
    "Reinforce",
    "SelfPrediction",
    "SimSiam",
    "Slowness",
    "Sparseness",
    "SplitError",
    "SquaredError",
    "TargetRate",
    "VICReg",
    "Variational",
    "ZeroSum",
]
