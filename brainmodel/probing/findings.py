"""Probe a model: record it, score it beside untrained brains and baselines, analyse it."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.perturbation.perturbed import in_words
from brainmodel.probing.activity import ModelActivity, Source, read_out
from brainmodel.probing.analyses import Section, require_responses
from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import varies
from brainmodel.probing.plan import Plan
from brainmodel.probing.recordings import Experiment, Recorded, Shown
from brainmodel.probing.scores import ScoreTable, require_scorable, score_models
from brainmodel.probing.showing import Seen, StimulusShowing, showing_of


class Trained(NamedTuple):
    """A trained brain."""

    instance: str  # name of its checkpoint
    stage: int  # steps of training behind it
    brain: Brain
    seed: int | None = None  # of its weights as they were drawn; None if that is not known


class Findings(NamedTuple):
    """Results of a probe."""

    scores: ScoreTable
    recording: Recorded  # what was scored
    patterns: dict[str, Floats]  # [stimulus, unit] means over time, by name, for pictures
    sections: dict[str, Section]  # of the report, by the names of the analyses
    seen: Seen
    brain: Brain  # the last of the trained ones
    still: tuple[str, ...] = ()  # model areas that were not scored, and why
    perturbed: str = ""  # by what the brains were, in words


def probe(
    trained: Sequence[Trained],
    untrained: Sequence[Brain] | Mapping[int, Brain],
    experiment: Experiment | Shown,
    plan: Plan,
    folder: Path | None = None,
) -> Findings:
    """Score brains, brains before training, and baselines against a recording.

    Args:
        trained: checkpoints: of several seeds, or of several stages of training.
        untrained: the same brain with weights as they were drawn, of two seeds or more, by seed;
            those of the trained brains make pairs.
        experiment: the recording and what was shown.
        plan: everything else.
        folder: where activity is kept while the probe runs, in files without a name, of which
            nothing is left however it ends; the system's temporary one unless given.

    Raises:
        FileNotFoundError, ValueError: in one sentence, naming file or field.
    """
    if not trained or len(untrained) < 2:
        raise ValueError(
            f"{len(trained)} trained and {len(untrained)} untrained brains: give 1 or more, and 2 "
            "or more of other seeds to compare with."
        )
    recording, showing = _require_probable(experiment, plan)
    _require_periods(trained[0].brain, showing)
    place = folder or Path(tempfile.gettempdir())
    activity = _record(trained, untrained, showing, plan, place)
    compared = {source: areas for source, areas in activity.items() if _is_scored(source, plan)}
    compared, still = _without_still(compared)
    compared = read_out(compared, trained[0].brain, plan.read_out, place)
    inputs = showing.inputs(trained[0].brain, place)
    scores = score_models(compared, recording, plan.used_metrics, showing.scoring, inputs=inputs)
    sections = _analyse(plan, recording, showing, trained[0].brain, activity)
    patterns = _patterns(activity, trained[-1].instance)
    seen = showing.seen(list(map(str, recording.stimuli)), trained[-1].brain)
    if plan.read_out is not None:
        seen = seen._replace(how=f"{seen.how}; of each area: {plan.read_out.words}")
    brain = trained[-1].brain
    acting = "" if brain.perturbed is None else in_words(brain.perturbed.of)
    return Findings(scores, recording, patterns, sections, seen, brain, still, acting)


def _require_probable(
    experiment: Experiment | Shown, plan: Plan
) -> tuple[Recorded, StimulusShowing]:
    """The chosen areas of the recording, if they can be scored and analysed as planned."""
    shown = experiment.check() if isinstance(experiment, Shown) else experiment.read()
    if plan.brain_areas is not None:
        shown = shown._replace(recording=shown.recording.of(areas=list(plan.brain_areas)))
    showing = showing_of(shown, plan)
    require_scorable(shown.recording, plan.used_metrics, showing.scoring, showing.frames)
    showing.require_analysable(shown.recording)
    return shown.recording, showing


def _require_periods(brain: Brain, showing: StimulusShowing) -> None:
    """Refuse perturbations whose periods ask for labels that what is shown has not."""
    for name, perturbation in brain.perturbed.of.items() if brain.perturbed else ():
        if perturbation.when is not None:
            with named(f"perturb.of.{name}.when"):
                perturbation.when.require(dict.fromkeys(showing.labels), None, False)


def _record(
    trained: Sequence[Trained],
    untrained: Sequence[Brain] | Mapping[int, Brain],
    showing: StimulusShowing,
    plan: Plan,
    folder: Path,
) -> ModelActivity:
    """Activity of all brains in the signals that are needed, and of baselines."""
    by_seed = untrained if isinstance(untrained, Mapping) else dict(enumerate(untrained))
    brains = [(Source("trained", t.instance, t.stage, "", _name(t.seed)), t.brain) for t in trained]
    brains += [
        (Source("untrained", _name(seed), 0, "", _name(seed)), brain)
        for seed, brain in by_seed.items()
    ]
    found: dict[Source, Mapping[str, Floats]] = {}
    for source, brain in brains:
        name = f"{source.model} {source.instance}" if plan.scoring.progress else ""
        by_signal = showing.record(brain, plan.recorded_signals, folder, name)
        found |= {source._replace(signal=signal): areas for signal, areas in by_signal.items()}
    features = showing.baselines(brains[0][1], folder, plan.scoring.progress)
    for name, values in features.items():
        found[Source("baseline", name, None, "frames")] = {name: values}
    return found


def _name(seed: int | None) -> str:
    """Name of the brain whose weights were drawn with a seed."""
    return "" if seed is None else f"seed {seed}"


def _is_scored(source: Source, plan: Plan) -> bool:
    """Whether it is scored; some signals are recorded for analyses alone."""
    return source.model == "baseline" or source.signal.partition(".")[0] in plan.signals


def _without_still(activity: ModelActivity) -> tuple[ModelActivity, tuple[str, ...]]:
    """Activity without areas that a brain's stimuli do not move, and a sentence for each.

    An area is left out of all brains, so that pairs stay pairs.

    Raises:
        ValueError: if no area would be left.
    """
    said: dict[tuple[str, str], str] = {}
    for source, areas in activity.items():
        for area, values in areas.items():
            if source.model != "baseline" and not varies(np.asarray(values.mean(1))):
                who = " ".join(filter(None, (source.model, source.instance)))
                why = f"{area} ({source.signal}): the stimuli do not move it in {who}"
                said.setdefault((source.signal, area), why)
    kept = {
        source: {area: v for area, v in areas.items() if (source.signal, area) not in said}
        for source, areas in activity.items()
    }
    if not any(areas for source, areas in kept.items() if source.model == "trained"):
        raise ValueError(
            f"no model area can be scored: {'; '.join(said.values())}; look at what training said "
            "of silent areas"
        )
    return {source: areas for source, areas in kept.items() if areas}, tuple(said.values())


def _analyse(
    plan: Plan, recorded: Recorded, showing: StimulusShowing, brain: Brain, activity: ModelActivity
) -> dict[str, Section]:
    """The sections of all analyses."""
    found = {}
    for name, analysis in (plan.analyses or {}).items():
        recording = require_responses(recorded, name)
        found[name] = analysis(showing.evidence(recording, brain, activity))
    return found


def _patterns(activity: ModelActivity, last: str) -> dict[str, Floats]:
    """[stimulus, unit] means over steps of the areas of the brain `last`, and of baselines."""
    found = {}
    for source, areas in activity.items():
        if source.signal in ("rate", "frames") and source.instance in (last, *areas):
            found |= {name: np.asarray(values.mean(1)) for name, values in areas.items()}
    return found
