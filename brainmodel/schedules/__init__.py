"""Schedules: numbers in [0, 1] that follow the steps of the optimizer, one file each."""

from brainmodel.schedules.alternating import Alternating as Alternating
from brainmodel.schedules.annealing import Annealing as Annealing
from brainmodel.schedules.critical_period import CriticalPeriod as CriticalPeriod
from brainmodel.schedules.schedule import Schedule as Schedule
from brainmodel.schedules.warm_up import WarmUp as WarmUp
from brainmodel.schedules.weight import Weight as Weight
