"""Spiking units: their membrane, and the cells that are made of it."""

from areas.spiking.alif import ALIF as ALIF
from areas.spiking.lif import LIF as LIF
from areas.spiking.membrane import Membrane as Membrane
