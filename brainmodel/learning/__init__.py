"""Learning rules, one file each, and the scopes in which a learning signal travels."""

from brainmodel.learning.adjacent import Adjacent
from brainmodel.learning.bptt import BPTT
from brainmodel.learning.dni import DNI
from brainmodel.learning.dni_learnt import DNILearnt
from brainmodel.learning.e_prop import EProp
from brainmodel.learning.e_prop_literal import EPropLiteral
from brainmodel.learning.end_to_end import Global
from brainmodel.learning.f_bptt import FBPTT
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit, Gates
from brainmodel.learning.hebbian import Hebbian
from brainmodel.learning.kernl import KeRNL
from brainmodel.learning.kf_rtrl import KFRTRL
from brainmodel.learning.mdgl import MDGL
from brainmodel.learning.none import NoLearning
from brainmodel.learning.partners import Diffuse, Partners, TrueWeights, TypeMeans
from brainmodel.learning.record import Record, Signal
from brainmodel.learning.rflo import RFLO
from brainmodel.learning.rkf_rtrl import RKFRTRL
from brainmodel.learning.rtrl import RTRL
from brainmodel.learning.rule import Criteria, Gradients, Memory, Rule
from brainmodel.learning.scope import Local, Scope
from brainmodel.learning.snap import SnAp
from brainmodel.learning.uoro import UORO

__all__ = [
    "Adjacent",
    "BPTT",
    "Criteria",
    "DNI",
    "DNILearnt",
    "Diffuse",
    "EProp",
    "EPropLiteral",
    "FBPTT",
    "GatedMicrocircuit",
    "Gates",
    "Global",
    "Gradients",
    "Hebbian",
    "KFRTRL",
    "KeRNL",
    "Local",
    "MDGL",
    "Memory",
    "NoLearning",
    "Partners",
    "RFLO",
    "RKFRTRL",
    "RTRL",
    "Record",
    "Rule",
    "Scope",
    "Signal",
    "SnAp",
    "TrueWeights",
    "TypeMeans",
    "UORO",
]
