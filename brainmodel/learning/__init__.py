"""Learning rules, one file each, and the scopes in which a learning signal travels."""

from brainmodel.learning.adjacent import Adjacent
from brainmodel.learning.bptt import BPTT
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.e_prop_literal import EPropLiteral
from brainmodel.learning.end_to_end import Global
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit
from brainmodel.learning.none import NoLearning
from brainmodel.learning.rule import Criteria, Gradients, Memory, Record, Rule, Signal
from brainmodel.learning.scope import Local, Scope

__all__ = [
    "Adjacent",
    "BPTT",
    "Criteria",
    "EProp",
    "EPropLiteral",
    "GatedMicrocircuit",
    "Global",
    "Gradients",
    "Local",
    "Memory",
    "NoLearning",
    "Record",
    "Rule",
    "Scope",
    "Signal",
]
