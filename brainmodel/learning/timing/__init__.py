"""Rules that learn from when things happen: spikes to the step, plateaus within seconds."""

from brainmodel.learning.timing.behavioural_timescale import (
    BehaviouralTimescale as BehaviouralTimescale,
)
from brainmodel.learning.timing.behavioural_timescale import Overlap as Overlap
from brainmodel.learning.timing.spike_timing import SpikeTiming as SpikeTiming
from brainmodel.learning.timing.spike_timing import Triplets as Triplets
