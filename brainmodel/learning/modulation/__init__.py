"""Neuromodulators: what multiplies the learning signal of an area, one file each."""

from brainmodel.learning.modulation.after_development import AfterDevelopment as AfterDevelopment
from brainmodel.learning.modulation.by_population import ByPopulation as ByPopulation
from brainmodel.learning.modulation.cell_types import CellType as CellType
from brainmodel.learning.modulation.cell_types import CellTypes as CellTypes
from brainmodel.learning.modulation.constant import Constant as Constant
from brainmodel.learning.modulation.modulator import Modulator as Modulator
from brainmodel.learning.modulation.modulator import Moments as Moments
from brainmodel.learning.modulation.reward import Reward as Reward
from brainmodel.learning.modulation.surprise import Surprise as Surprise
