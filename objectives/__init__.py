"""Objectives of cortical areas: what an area did over a window -> loss per step and sample."""

from objectives.absolute_error import AbsoluteError as AbsoluteError
from objectives.actor_critic import ActorCritic as ActorCritic
from objectives.area_prediction import AreaPrediction as AreaPrediction
from objectives.balance import Balance as Balance
from objectives.barlow_twins import BarlowTwins as BarlowTwins
from objectives.bernoulli import Bernoulli as Bernoulli
from objectives.byol import BYOL as BYOL
from objectives.categorical import Categorical as Categorical
from objectives.clapp import CLAPP as CLAPP
from objectives.competition import Competition as Competition
from objectives.contrastive_prediction import ContrastivePrediction as ContrastivePrediction
from objectives.cross_entropy import CrossEntropy as CrossEntropy
from objectives.decoupled_interface import DecoupledInterface as DecoupledInterface
from objectives.discrimination import Discrimination as Discrimination
from objectives.energy import Energy as Energy
from objectives.game import Game as Game
from objectives.game import Hinge as Hinge
from objectives.game import LeastSquares as LeastSquares
from objectives.game import NonSaturating as NonSaturating
from objectives.game import ZeroSum as ZeroSum
from objectives.gated import Gated as Gated
from objectives.gaussian import Gaussian as Gaussian
from objectives.hidden_layer import HiddenLayer as HiddenLayer
from objectives.info_nce import InfoNCE as InfoNCE
from objectives.intrinsic_plasticity import IntrinsicPlasticity as IntrinsicPlasticity
from objectives.latent_predictive_learning import (
    LatentPredictiveLearning as LatentPredictiveLearning,
)
from objectives.lateral_inhibition import LateralInhibition as LateralInhibition
from objectives.multi_horizon import MultiHorizon as MultiHorizon
from objectives.objective import Activity as Activity
from objectives.objective import GroupObjective as GroupObjective
from objectives.objective import Objective as Objective
from objectives.outcome import Outcome as Outcome
from objectives.paired_views import PairedViews as PairedViews
from objectives.poisson import Poisson as Poisson
from objectives.population_rate import PopulationRate as PopulationRate
from objectives.regression import Regression as Regression
from objectives.reinforce import Reinforce as Reinforce
from objectives.self_prediction import SelfPrediction as SelfPrediction
from objectives.sim_siam import SimSiam as SimSiam
from objectives.slowness import Slowness as Slowness
from objectives.sparseness import Sparseness as Sparseness
from objectives.split_error import SplitError as SplitError
from objectives.squared_error import SquaredError as SquaredError
from objectives.target_rate import TargetRate as TargetRate
from objectives.variational import Variational as Variational
from objectives.vicreg import VICReg as VICReg
from objectives.when import When as When
