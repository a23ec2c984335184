"""Score a model against recordings: readers, metrics, ceilings, baselines, tables and a report.

Plain functions on numpy arrays. What needs an extra package imports it when it is called and says
so where it is missing: `pip install 'brainmodel[probing]'`. The names below are imported when
first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainmodel.probing.experiment import Experiment, Shown
    from brainmodel.probing.findings import Findings, Trained, probe
    from brainmodel.probing.plan import Plan
    from brainmodel.probing.presentation import Presentation, Stimuli
    from brainmodel.probing.recording import Recording
    from brainmodel.probing.report import write_report
    from brainmodel.probing.scoring import Scoring

_HOMES = {
    "Experiment": "experiment",
    "Findings": "findings",
    "Plan": "plan",
    "Presentation": "presentation",
    "Recording": "recording",
    "Scoring": "scoring",
    "Shown": "experiment",
    "Stimuli": "presentation",
    "Trained": "findings",
    "probe": "findings",
    "write_report": "report",
}

__all__ = [
    "Experiment",
    "Findings",
    "Plan",
    "Presentation",
    "Recording",
    "Scoring",
    "Shown",
    "Stimuli",
    "Trained",
    "probe",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
