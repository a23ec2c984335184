from .baseline import Baseline as Baseline
from .baseline import record_baseline as record_baseline
from .edge_energy import EdgeEnergy as EdgeEnergy
from .motion_energy import MotionEnergy as MotionEnergy
from .pixels import Pixels as Pixels
