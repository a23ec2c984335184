"""Engines: what computes the literal steps of a brain, or the whole windows that it learns from."""

from brainmodel.engines.compiled import Compiled as Compiled
from brainmodel.engines.recorder import CudaGraphs as CudaGraphs
from brainmodel.engines.recorder import Recorder as Recorder
from brainmodel.engines.replayed import Replayed as Replayed
from brainmodel.engines.tape import Tape as Tape
from brainmodel.wiring.engine import Engine as Engine
from brainmodel.wiring.engine import Plain as Plain
