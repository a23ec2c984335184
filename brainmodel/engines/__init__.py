"""Engines: what computes the literal steps of a brain that learns through them."""

from brainmodel.engines.compiled import Compiled as Compiled
from brainmodel.wiring.engine import Engine as Engine
from brainmodel.wiring.engine import Plain as Plain
