"""Cortical areas: cells, one file each, the synapses onto them, and areas made of the two."""

from areas.alif import ALIF as ALIF
from areas.area import Area as Area
from areas.cell import Cell as Cell
from areas.connectivity import AllToAll as AllToAll
from areas.connectivity import Connectivity as Connectivity
from areas.connectivity import NoAutapses as NoAutapses
from areas.connectivity import Sparse as Sparse
from areas.feedback import Feedback as Feedback
from areas.feedback import GivenFeedback as GivenFeedback
from areas.feedback import LearntFeedback as LearntFeedback
from areas.feedback import RandomFeedback as RandomFeedback
from areas.feedback import SignConcordantFeedback as SignConcordantFeedback
from areas.feedback import SymmetricFeedback as SymmetricFeedback
from areas.gru import GRU as GRU
from areas.leaky import Leaky as Leaky
from areas.lif import LIF as LIF
from areas.lstm import LSTM as LSTM
from areas.membrane import Membrane as Membrane
from areas.predictor import Predictor as Predictor
from areas.record import Record as Record
from areas.record import StepActivity as StepActivity
from areas.sublstm import SubLSTM as SubLSTM
from areas.synapses import Convolution as Convolution
from areas.synapses import Dense as Dense
from areas.synapses import Synapses as Synapses
