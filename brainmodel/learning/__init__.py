"""Learning rules, one file each, and the scopes in which a learning signal travels."""

from brainmodel.learning.bptt import BPTT
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.e_prop_literal import EPropLiteral
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit, Gates
from brainmodel.learning.mdgl import MDGL, Diffuse, Partners, TrueWeights, TypeMeans
from brainmodel.learning.none import NoLearning
from brainmodel.learning.rule import Criteria, Gradients, Memory, Record, Rule, Signal
from brainmodel.learning.scope import Global, Local, Scope

__all__ = [
    "BPTT",
    "MDGL",
    "Criteria",
    "Diffuse",
    "EProp",
    "EPropLiteral",
    "GatedMicrocircuit",
    "Gates",
    "Global",
    "Gradients",
    "Local",
    "Memory",
    "NoLearning",
    "Partners",
    "Record",
    "Rule",
    "Scope",
    "Signal",
    "TrueWeights",
    "TypeMeans",
]
