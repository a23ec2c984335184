"""Cortical areas: cells, one file each, the synapses onto them, and the area that joins both."""

from areas.area import Area, Report
from areas.cell import Cell
from areas.gru import GRU
from areas.leaky import Leaky
from areas.lstm import LSTM
from areas.predictor import Predictor
from areas.sublstm import SubLSTM
from areas.synapses import Convolution, Dense, Synapses

__all__ = [
    "GRU",
    "LSTM",
    "Area",
    "Cell",
    "Convolution",
    "Dense",
    "Leaky",
    "Predictor",
    "Report",
    "SubLSTM",
    "Synapses",
]
