"""Cortical areas: cells, one file each, the synapses onto them, and the area that joins both."""

from areas.alif import ALIF
from areas.area import Area, Report
from areas.cell import Cell
from areas.connectivity import AllToAll, Connectivity, NoAutapses, Sparse
from areas.feedback import (
    Feedback,
    GivenFeedback,
    LearntFeedback,
    RandomFeedback,
    SignConcordantFeedback,
    SymmetricFeedback,
)
from areas.gru import GRU
from areas.leaky import Leaky
from areas.lif import LIF
from areas.lstm import LSTM
from areas.membrane import Membrane
from areas.predictor import Predictor
from areas.sublstm import SubLSTM
from areas.synapses import Convolution, Dense, Synapses

__all__ = [
    "ALIF",
    "GRU",
    "LIF",
    "LSTM",
    "AllToAll",
    "Area",
    "Cell",
    "Connectivity",
    "Convolution",
    "Dense",
    "Feedback",
    "GivenFeedback",
    "Leaky",
    "LearntFeedback",
    "Membrane",
    "NoAutapses",
    "Predictor",
    "RandomFeedback",
    "Report",
    "SignConcordantFeedback",
    "Sparse",
    "SubLSTM",
    "SymmetricFeedback",
    "Synapses",
]
