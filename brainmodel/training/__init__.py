"""Training with Lightning: the module, its callbacks, and what checkpoints hold.

Classes are imported when first used, so that looking at a config file does not load Lightning.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainmodel.training.gradient_alignment import Alignment
    from brainmodel.training.held_out import HeldOut, held_out_errors
    from brainmodel.training.module import BrainModule
    from brainmodel.training.monitor import Monitor
    from brainmodel.training.pictures import Pictures
    from brainmodel.training.probe_callback import Probe
    from brainmodel.training.random_numbers import RandomNumbers
    from brainmodel.training.report import Report
    from brainmodel.training.run_folder import RunFolder
    from brainmodel.training.soundness import Checkpoints, Soundness
    from brainmodel.training.synaptic_scaling import SynapticScaling

_HOMES = {
    "Alignment": "gradient_alignment",
    "BrainModule": "module",
    "Checkpoints": "soundness",
    "HeldOut": "held_out",
    "Monitor": "monitor",
    "Pictures": "pictures",
    "Probe": "probe_callback",
    "RandomNumbers": "random_numbers",
    "Report": "report",
    "RunFolder": "run_folder",
    "Soundness": "soundness",
    "SynapticScaling": "synaptic_scaling",
    "held_out_errors": "held_out",
}

__all__ = [
    "Alignment",
    "BrainModule",
    "Checkpoints",
    "HeldOut",
    "Monitor",
    "Pictures",
    "Probe",
    "RandomNumbers",
    "Report",
    "RunFolder",
    "Soundness",
    "SynapticScaling",
    "held_out_errors",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
