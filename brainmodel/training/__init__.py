"""Training with Lightning: the module, its callbacks, and what checkpoints hold.

Classes are imported when first used, so that looking at a config file does not load Lightning.
"""

from typing import TYPE_CHECKING

from brainmodel.lazy import lazily

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

__getattr__, __dir__ = lazily(__name__, _HOMES)
