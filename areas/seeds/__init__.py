"""Areas of several seeds, whose units are those of all seeds and whose synapses join none."""

from areas.seeds.areas import AreaOfSeeds as AreaOfSeeds
from areas.seeds.areas import feedback_of_seeds as feedback_of_seeds
from areas.seeds.areas import require_one_seed as require_one_seed
from areas.seeds.layout import SeedLayout as SeedLayout
from areas.seeds.layout import beside as beside
from areas.seeds.synapses import ConvolutionOfSeeds as ConvolutionOfSeeds
from areas.seeds.synapses import DenseOfSeeds as DenseOfSeeds
