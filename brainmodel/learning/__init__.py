"""Learning rules, one file each: how a learning signal becomes gradients."""

from brainmodel.learning.bptt import BPTT as BPTT
from brainmodel.learning.burst_dependent import BurstDependent as BurstDependent
from brainmodel.learning.dendritic_errors import DendriticErrors as DendriticErrors
from brainmodel.learning.dni import DNI as DNI
from brainmodel.learning.dni_learnt import DNILearnt as DNILearnt
from brainmodel.learning.e_prop import EProp as EProp
from brainmodel.learning.e_prop_literal import EPropLiteral as EPropLiteral
from brainmodel.learning.f_bptt import FBPTT as FBPTT
from brainmodel.learning.gated_microcircuit import GatedMicrocircuit as GatedMicrocircuit
from brainmodel.learning.gated_microcircuit import Gates as Gates
from brainmodel.learning.hebbian import Hebbian as Hebbian
from brainmodel.learning.kernl import KeRNL as KeRNL
from brainmodel.learning.kf_rtrl import KFRTRL as KFRTRL
from brainmodel.learning.learning_signal import LearningSignal as LearningSignal
from brainmodel.learning.mdgl import MDGL as MDGL
from brainmodel.learning.mdgl_partners import Diffuse as Diffuse
from brainmodel.learning.mdgl_partners import Partners as Partners
from brainmodel.learning.mdgl_partners import TrueWeights as TrueWeights
from brainmodel.learning.mdgl_partners import TypeMeans as TypeMeans
from brainmodel.learning.none import NoLearning as NoLearning
from brainmodel.learning.rflo import RFLO as RFLO
from brainmodel.learning.rkf_rtrl import RKFRTRL as RKFRTRL
from brainmodel.learning.rtrl import RTRL as RTRL
from brainmodel.learning.rule import Criteria as Criteria
from brainmodel.learning.rule import Gradients as Gradients
from brainmodel.learning.rule import Memory as Memory
from brainmodel.learning.rule import Rule as Rule
from brainmodel.learning.snap import SnAp as SnAp
from brainmodel.learning.stemmler_koch import StemmlerKoch as StemmlerKoch
from brainmodel.learning.temporal_predictive_coding import (
    TemporalPredictiveCoding as TemporalPredictiveCoding,
)
from brainmodel.learning.timing import BehaviouralTimescale as BehaviouralTimescale
from brainmodel.learning.timing import Overlap as Overlap
from brainmodel.learning.timing import SpikeTiming as SpikeTiming
from brainmodel.learning.timing import Triplets as Triplets
from brainmodel.learning.uoro import UORO as UORO
