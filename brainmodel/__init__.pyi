import pathlib

from .brain import Brain as Brain
from .pathways import Pathway as Pathway
from .wiring.plan import AreaPlan as AreaPlan

CONFIGS: pathlib.Path
__version__: str
