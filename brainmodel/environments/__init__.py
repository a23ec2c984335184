"""Environments: what areas act on, one file each."""

from brainmodel.environments.bandit import Bandit as Bandit
from brainmodel.environments.environment import Environment as Environment
from brainmodel.environments.environment import Reply as Reply
from brainmodel.environments.gymnasium_environment import Gymnasium as Gymnasium
from brainmodel.environments.label import Label as Label
from brainmodel.environments.reaching import Reaching as Reaching
from brainmodel.environments.two_step_decision import TwoStepDecision as TwoStepDecision
