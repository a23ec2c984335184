from .baseline import Baseline as Baseline
from .baseline import record_baselines as record_baselines
from .edge_energy import EdgeEnergy as EdgeEnergy
from .motion_energy import MotionEnergy as MotionEnergy
from .pixels import Pixels as Pixels
