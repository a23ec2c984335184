"""The plan of a probe: what is compared with what, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from brainmodel.probing.activity import Presentation, ReadOut
from brainmodel.probing.analyses import Analysis
from brainmodel.probing.baselines import Baseline, EdgeEnergy, MotionEnergy, Pixels
from brainmodel.probing.metrics import Metric, RidgeEncoding
from brainmodel.probing.scores import Scoring


@dataclass(frozen=True)
class Plan:
    """How a model is probed.

    Args:
        presentation: how stimuli are shown to the model.
        metrics: what is measured, by the names in the table; ridge encoding unless given.
        baselines: features of the frames alone, by name; pixels, edge energy and motion energy
            unless given. There are always some.
        scoring: lags, samples, draws; its edges are those of the presentation.
        brain_areas: of the recording; all unless given.
        signals: of the model that are compared, among rate, error, prediction and state.
        read_out: what of a model area is compared; each of its units unless given.
        analyses: further questions, by the names of their sections; none unless given.
        batch: stimuli shown side by side.

    Raises:
        ValueError: if there is no metric or no baseline, or frame rates differ.
    """

    presentation: Presentation = field(default_factory=Presentation)
    metrics: Mapping[str, Metric] | None = None
    baselines: Mapping[str, Baseline] | None = None
    scoring: Scoring = field(default_factory=Scoring)
    brain_areas: Sequence[str] | None = None
    signals: Sequence[str] = ("rate",)
    read_out: ReadOut | None = None
    analyses: Mapping[str, Analysis] | None = None
    batch: int = 32

    def __post_init__(self) -> None:
        for name in ("metrics", "baselines", "signals"):
            if (given := getattr(self, name)) is not None and not given:
                raise ValueError(f"{name} is empty: give one or more; a score alone says nothing.")
        if self.batch < 1:
            raise ValueError(f"batch is {self.batch}: give 1 stimulus or more.")
        rate = self.presentation.frames_per_second
        for name, baseline in (self.baselines or {}).items():
            if (own := getattr(baseline, "frames_per_second", rate)) != rate:
                raise ValueError(
                    f"baselines.{name}: frames_per_second is {own:g}, and the presentation's "
                    f"{rate:g}: give both alike."
                )
        if len(self.scoring.edges):
            raise ValueError("scoring.edges is given: leave it out, the presentation says it.")

    @property
    def used_scoring(self) -> Scoring:
        """The scoring, with the edges of the steps of the presentation."""
        return replace(self.scoring, edges=tuple(map(float, self.presentation.edges)))

    @property
    def used_metrics(self) -> Mapping[str, Metric]:
        """The metrics, or the usual one."""
        return {"ridge": RidgeEncoding()} if self.metrics is None else self.metrics

    @property
    def used_inputs(self) -> Mapping[str, Baseline]:
        """By name of the metrics that take inputs: which features of what was shown these are."""
        return {n: m.seen for n, m in self.used_metrics.items() if m.seen is not None}

    @property
    def recorded_signals(self) -> list[str]:
        """Signals that are recorded: those that are compared, and those that analyses need."""
        asked = [signal for each in (self.analyses or {}).values() for signal in each.signals]
        return list(dict.fromkeys([*self.signals, *asked]))

    @property
    def used_baselines(self) -> Mapping[str, Baseline]:
        """The baselines, or the usual ones."""
        if self.baselines is not None:
            return self.baselines
        motion = MotionEnergy(self.presentation.frames_per_second)
        return {"pixels": Pixels(), "edge energy": EdgeEnergy(), "motion energy": motion}
