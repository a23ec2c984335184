"""Schedules: numbers in [0, 1] that follow the steps of the optimizer, one file each."""

from brainmodel.schedules.alternating import Alternating
from brainmodel.schedules.annealing import Annealing
from brainmodel.schedules.critical_period import CriticalPeriod
from brainmodel.schedules.schedule import Schedule
from brainmodel.schedules.warm_up import WarmUp
from brainmodel.schedules.weight import Weight

__all__ = ["Alternating", "Annealing", "CriticalPeriod", "Schedule", "WarmUp", "Weight"]
