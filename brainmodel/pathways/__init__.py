"""Pathways: what crosses from one area to another, when, and in which shape."""

from brainmodel.pathways.adapters import Adapter as Adapter
from brainmodel.pathways.adapters import Flatten as Flatten
from brainmodel.pathways.adapters import MaxPool as MaxPool
from brainmodel.pathways.adapters import Members as Members
from brainmodel.pathways.adapters import Mix as Mix
from brainmodel.pathways.adapters import Pool as Pool
from brainmodel.pathways.adapters import Upsample as Upsample
from brainmodel.pathways.gain_fields import GainFields as GainFields
from brainmodel.pathways.learnt_mix import LearntMix as LearntMix
from brainmodel.pathways.patches import Patches as Patches
from brainmodel.pathways.pathway import Pathway as Pathway
from brainmodel.pathways.presynaptic_inhibition import (
    PresynapticInhibition as PresynapticInhibition,
)
from brainmodel.pathways.retina import Retina as Retina
from brainmodel.pathways.route import Route as Route
