"""Learning rules, one file each, and the scopes in which a learning signal travels."""

from brainmodel.learning.adjacent import Adjacent
from brainmodel.learning.bptt import BPTT
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.e_prop_literal import EPropLiteral
from brainmodel.learning.end_to_end import Global
from brainmodel.learning.f_bptt import FBPTT
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit
from brainmodel.learning.hebbian import Hebbian
from brainmodel.learning.none import NoLearning
from brainmodel.learning.rflo import RFLO
from brainmodel.learning.rtrl import RTRL
from brainmodel.learning.rule import Criteria, Gradients, Memory, Record, Rule, Signal
from brainmodel.learning.scope import Local, Scope
from brainmodel.learning.snap import SnAp

__all__ = [
    "Adjacent",
    "BPTT",
    "Criteria",
    "EProp",
    "EPropLiteral",
    "FBPTT",
    "GatedMicrocircuit",
    "Global",
    "Gradients",
    "Hebbian",
    "Local",
    "Memory",
    "NoLearning",
    "RFLO",
    "RTRL",
    "Record",
    "Rule",
    "Scope",
    "Signal",
    "SnAp",
]
