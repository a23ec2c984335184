"""Plasticity, observed: what changed which weights, and virtual assays on it."""

from brainmodel.plasticity.account import Account as Account
from brainmodel.plasticity.account import Entry as Entry
from brainmodel.plasticity.assays import LabelledSynapses as LabelledSynapses
from brainmodel.plasticity.assays import TuningBin as TuningBin
from brainmodel.plasticity.assays import active as active
from brainmodel.plasticity.assays import by_tuning as by_tuning
from brainmodel.plasticity.assays import potentiated as potentiated
from brainmodel.plasticity.weight_ledger import WeightLedger as WeightLedger
