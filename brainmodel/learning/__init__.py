"""Learning rules, one file each, and the scopes in which a learning signal travels."""

from brainmodel.learning.bptt import BPTT
from brainmodel.learning.dni import DNI
from brainmodel.learning.dni_learnt import DNILearnt
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.e_prop_literal import EPropLiteral
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit
from brainmodel.learning.kernl import KeRNL
from brainmodel.learning.kf_rtrl import KFRTRL
from brainmodel.learning.none import NoLearning
from brainmodel.learning.rkf_rtrl import RKFRTRL
from brainmodel.learning.rule import Criteria, Gradients, Memory, Record, Rule, Signal
from brainmodel.learning.scope import Global, Local, Scope
from brainmodel.learning.uoro import UORO

__all__ = [
    "BPTT",
    "DNI",
    "DNILearnt",
    "KeRNL",
    "KFRTRL",
    "RKFRTRL",
    "UORO",
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
