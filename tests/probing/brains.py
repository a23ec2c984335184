"""A small brain that looks at pictures, and pictures for it to see."""

import numpy as np
import torch

from areas import GRU, Leaky
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import EProp
from brainmodel.pathways.adapters import Flatten
from brainmodel.pathways.pathway import Pathway
from brainmodel.probing.recordings import Stimuli
from objectives import SquaredError


def looking(seed: int = 0, size: int = 6) -> Brain:
    """Two areas: maps that see, units that see their errors; one input more that is no picture."""
    torch.manual_seed(seed)
    plans = {
        "V1": AreaPlan(Leaky(0.5), [2, size, size], EProp(), {"next": SquaredError()}),
        "LM": AreaPlan(GRU(), [5], EProp(), {"next": SquaredError()}),
    }
    pathways = {
        "eye_V1": Pathway("eye", "V1", signal="rate"),
        "V1_LM": Pathway("V1", "LM", signal="error", adapters=[Flatten()]),
        "motion_LM": Pathway("motion", "LM", signal="rate"),
        "LM_V1": Pathway("LM", "V1", kind="feedback", signal="rate"),
    }
    return Brain(plans, pathways, {"eye": [1, size, size], "motion": [2]})


def pictures(count: int = 20, size: int = 8, seed: int = 0) -> Stimuli:
    """Smooth random stills, shown for .2 s."""
    coarse = np.random.default_rng(seed).random((count, 1, 3, 3, 1))
    fine = coarse.repeat(size // 2, axis=2).repeat(size // 2, axis=3)[:, :, :size, :size]
    return Stimuli(fine.astype(np.float32), np.array([0.0, 0.2]))


def known(value: float | None) -> float:
    """A number that must be there."""
    assert value is not None
    return value
