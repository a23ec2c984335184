"""Brains of several seeds as one brain, so that a device is full (`brainmodel.seeds.together`)."""

from brainmodel.seeds.streams import inputs_together as inputs_together
from brainmodel.seeds.streams import labels_together as labels_together
from brainmodel.seeds.streams import resets_together as resets_together
from brainmodel.seeds.together import apart as apart
from brainmodel.seeds.together import losses_by_seed as losses_by_seed
from brainmodel.seeds.together import together as together
