"""Probe a model: record it once, score it beside its baselines, and say how sure that is."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from brainmodel.brain import Brain
from brainmodel.probing.activity import Source, picture_input, record_model
from brainmodel.probing.analyses import Evidence, Section, require_responses
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import record_baseline
from brainmodel.probing.plan import Plan
from brainmodel.probing.recordings import Experiment, Recorded, Shown, Stimuli
from brainmodel.probing.scores import Row, require_scorable, score_models


class Trained(NamedTuple):
    """A trained brain."""

    instance: str  # name of its checkpoint
    stage: int  # steps of training behind it
    brain: Brain


class Findings(NamedTuple):
    """What a probe found."""

    rows: list[Row]  # one per score
    recording: Recorded  # what was scored
    patterns: dict[str, Floats]  # [stimulus, unit] means over time, by name, for pictures
    sections: dict[str, Section]  # of the report, by the names of the plan's analyses


def probe(
    trained: Sequence[Trained],
    untrained: Sequence[Brain],
    experiment: Experiment | Shown,
    plan: Plan,
    folder: Path | None = None,
) -> Findings:
    """Score brains, brains before training, and baselines against a recording.

    Args:
        trained: checkpoints: of several seeds, or of several stages of training.
        untrained: the same brain with weights as they were drawn, of two seeds or more.
        experiment: the recording and what was shown.
        plan: everything else.
        folder: where activity is kept while the probe runs; the system's temporary one unless
            given. What is kept there is removed at the end.

    Raises:
        FileNotFoundError, ValueError: in one sentence, naming file or field.
    """
    if not trained or len(untrained) < 2:
        raise ValueError(
            f"{len(trained)} trained and {len(untrained)} untrained brains: give 1 or more, and 2 "
            "or more of other seeds to compare with."
        )
    recording, stimuli = experiment if isinstance(experiment, Shown) else experiment.read()
    if plan.brain_areas is not None:
        recording = recording.of(areas=list(plan.brain_areas))
    require_scorable(recording, plan.measures, plan.scored, stimuli.frames)
    for name, analysis in (plan.analyses or {}).items():
        analysis.check(require_responses(recording, name), stimuli, plan.presentation)
    with tempfile.TemporaryDirectory(prefix=".activity-", dir=folder) as place:
        models = _record(trained, untrained, stimuli, plan, Path(place))
        scored = {s: areas for s, areas in models.items() if _compared(s, plan)}
        rows = score_models(scored, recording, plan.measures, plan.scored)
        eye = eye_of(trained[0].brain)
        sections = _ask(plan, Shown(recording, stimuli), eye, models)
        patterns = _patterns(models)
        del models, scored
    return Findings(with_spread(_named(rows)), recording, patterns, sections)


def _record(
    trained: Sequence[Trained],
    untrained: Sequence[Brain],
    stimuli: Stimuli,
    plan: Plan,
    place: Path,
) -> dict[Source, Mapping[str, Floats]]:
    """Activity of all brains, in every signal that is asked for, and of baselines."""
    brains = [(Source("trained", t.instance, t.stage, ""), t.brain) for t in trained]
    brains += [
        (Source("untrained", f"seed {seed}", 0, ""), brain) for seed, brain in enumerate(untrained)
    ]
    models: dict[Source, Mapping[str, Floats]] = {}
    bar = plan.scoring.progress
    for number, (source, brain) in enumerate(brains):
        name = f"{source.model} {source.instance}" if bar else ""
        held = record_model(
            brain, stimuli, plan.presentation, plan.recorded, place / str(number), plan.batch, name
        )
        models |= {source._replace(signal=signal): areas for signal, areas in held.items()}
    height = eye_of(brains[0][1])[1]
    for number, (name, baseline) in enumerate(plan.rivals.items()):
        file, said = place / f"baseline-{number}.npy", name if bar else ""
        features = record_baseline(
            baseline, stimuli, plan.presentation, height, file, plan.batch, said
        )
        models[Source("baseline", name, None, "frames")] = {name: features}
    return models


def eye_of(brain: Brain) -> tuple[int, ...]:
    """[channel, height, width] of the input that takes pictures."""
    return tuple(brain.inputs[picture_input(brain)])


def _compared(source: Source, plan: Plan) -> bool:
    """Whether it is scored; some signals are recorded for analyses alone."""
    return source.model == "baseline" or source.signal.partition(".")[0] in plan.signals


def _ask(
    plan: Plan,
    shown: Shown,
    eye: tuple[int, ...],
    activity: Mapping[Source, Mapping[str, Floats]],
) -> dict[str, Section]:
    """The sections of all analyses."""
    found = {}
    for name, analysis in (plan.analyses or {}).items():
        recording = require_responses(shown.recording, name)
        found[name] = analysis(Evidence(recording, shown.stimuli, plan.presentation, eye, activity))
    return found


def _patterns(models: Mapping[Source, Mapping[str, Floats]]) -> dict[str, Floats]:
    """[stimulus, unit] means over steps of the last trained brain's areas, and of baselines."""
    last = [source for source in models if source.model == "trained"][-1].instance
    found = {}
    for source, areas in models.items():
        if source.signal in ("rate", "frames") and source.instance in (last, *areas):
            found |= {name: np.asarray(values.mean(1)) for name, values in areas.items()}
    return found


def _named(rows: Sequence[Row]) -> list[Row]:
    """Rows whose model is a `Source`, with its fields as columns."""
    return [row["model"]._asdict() | {k: v for k, v in row.items() if k != "model"} for row in rows]


SAME = ("model", "stage", "signal", "model_area", "metric", "brain_area", "lag")


def with_spread(rows: Sequence[Row]) -> list[Row]:
    """The rows with number, mean and standard deviation of the scores that differ in seed alone."""
    scores: dict[tuple[Any, ...], list[float]] = {}
    for row in rows:
        scores.setdefault(tuple(row[name] for name in SAME), []).append(row["score"])
    found = []
    for row in rows:
        alike = scores[tuple(row[name] for name in SAME)]
        spread = float(np.std(alike, ddof=1)) if len(alike) > 1 else None
        found.append(
            row | {"seeds": len(alike), "seeds_mean": float(np.mean(alike)), "seeds_spread": spread}
        )
    return found
