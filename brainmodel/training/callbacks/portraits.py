"""Pictures of what areas have come to do: their signals, their representations, their fields."""

from collections.abc import Collection, Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.figures import draw_brain, draw_fields, draw_rdms
from brainmodel.perturbation import intact
from brainmodel.physiology import receptive_fields
from brainmodel.physiology.eye_of import eye_of
from objectives import Activity

KINDS = ("signals", "rdm", "receptive_fields")
"""What may be drawn."""
STREAMS, FRAMES = 6, 240  # that are looked at
SHOWN = ("rate", "prediction", "error")


class Portraits:
    """Of a brain, from a window of held-out streams:

    signals: the brain, its arrows as wide as their signals (root mean square over units, steps and
        streams)
    rdm: how unlike the rates of each area are at any two steps
    receptive_fields/AREA: of maps that see the eye, by reverse correlation with noise

    Args:
        off: kinds that are not drawn.
    """

    def __init__(self, off: Collection[str]):
        self.kinds = [kind for kind in KINDS if kind not in off]
        self._window: tuple[Mapping[str, Activity], Mapping[str, Tensor]] | None = None

    def see(self, activities: Mapping[str, Activity], inputs: Mapping[str, Tensor]) -> None:
        """Keep a window: what areas did, and the inputs of the brain [time, batch, ...]."""
        self._window = activities, inputs

    def draw(self, brain: Brain) -> dict[str, Figure]:
        """Figures by name."""
        if self._window is None:
            return {}
        (activities, inputs), self._window = self._window, None
        found = {}
        if "signals" in self.kinds:
            found["signals"] = draw_brain(brain, signal_sizes(brain, activities, inputs))
        if "rdm" in self.kinds:
            found["rdm"] = draw_rdms({n: a.rate[:, :STREAMS] for n, a in activities.items()})
        for name in seeing(brain) if "receptive_fields" in self.kinds else ():
            with intact(brain):
                fields = receptive_fields(brain, name, frames=FRAMES)
            if fields is not None:
                figure = found[f"receptive_fields/{name}"] = Figure(figsize=(4.6, 6.4))
                FigureCanvasAgg(figure)
                draw_fields(figure, fields.cpu())
        return found


def seeing(brain: Brain) -> list[str]:
    """Areas to which a pathway leads from the eye, in their order; fields of others take longer."""
    eye = eye_of(brain)
    found = {way.target for way in brain.pathways.values() if way.source == eye}
    return [name for name in brain.areas if name in found]


def signal_sizes(
    brain: Brain, activities: Mapping[str, Activity], inputs: Mapping[str, Tensor]
) -> dict[str, float]:
    """By pathway, the root mean square of what it carries; of signals that nobody shows, none.

    Args:
        brain: the brain.
        activities: of its areas.
        inputs: [time, batch, ...] by name.
    """
    found = {}
    for name, pathway in brain.pathways.items():
        if pathway.source in inputs:
            signal = inputs[pathway.source]
        elif pathway.source in activities and pathway.carries in SHOWN:
            signal = getattr(activities[pathway.source], pathway.carries).detach()
            if pathway.population is not None:
                area = brain.area(pathway.source)
                signal = signal[:, :, area.cell.places(area.units[0])[pathway.population]]
        else:
            continue
        found[name] = float(signal.float().square().mean().sqrt())
    return found
