"""Score a model against recordings: readers, metrics, ceilings, baselines, tables and a report.

Plain functions on numpy arrays. What needs an extra package imports it when it is called and says
so where it is missing: `pip install 'brainmodel[probing]'`. The names below are imported when
first used.
"""

from typing import TYPE_CHECKING

from brainmodel.lazy import lazily

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

__getattr__, __dir__ = lazily(__name__, _HOMES)
