"""Scores without draws, quick enough to be taken while a brain is in training."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brainmodel.brain import Brain
from brainmodel.probing.activity import ModelActivity, Source, read_out
from brainmodel.probing.array_types import Floats
from brainmodel.probing.plan import Plan
from brainmodel.probing.recordings import Shown
from brainmodel.probing.scores import ScoreTable, score_models
from brainmodel.probing.showing import StimulusShowing, showing_of

PLACE = Path(tempfile.gettempdir())  # of what is used meanwhile, in files without a name


class ScoredBrain(NamedTuple):
    """A brain at one moment of its training, scored."""

    scores: ScoreTable
    patterns: dict[str, Floats]  # [stimulus, unit] means over time, by label, for pictures


def score_brain(brain: Brain, shown: Shown, plan: Plan) -> ScoredBrain:
    """Score the areas of a brain, without ceilings."""
    showing = showing_of(shown, plan)
    held = showing.record(brain, plan.signals, None, "")
    activity = {Source("trained", "", None, signal): areas for signal, areas in held.items()}
    compared = read_out(activity, brain, plan.read_out, PLACE)
    scores = _score(brain, compared, shown, plan, showing, halvings=0)
    labels = scores.grouped(lambda score: score.label)
    patterns = {}
    for label, mine in labels.items():
        one = mine.scores[0]
        patterns[label] = np.asarray(held[one.signal][one.model_area].mean(1))
    return ScoredBrain(scores, patterns)


def score_baselines(brain: Brain, shown: Shown, plan: Plan) -> ScoreTable:
    """Score what the eye of a brain sees, with ceilings where there are repeats.

    Once is enough: baselines do not learn.
    """
    showing = showing_of(shown, plan)
    features = showing.baselines(brain, PLACE, False)
    activity = {
        Source("baseline", name, None, "frames"): {name: values}
        for name, values in features.items()
    }
    return _score(brain, activity, shown, plan, showing, plan.scoring.halvings)


def _score(
    brain: Brain,
    activity: ModelActivity,
    shown: Shown,
    plan: Plan,
    showing: StimulusShowing,
    halvings: int,
) -> ScoreTable:
    inputs = showing.inputs(brain, PLACE)
    quick = replace(
        showing.scoring, bootstraps=0, permutations=0, halvings=halvings, progress=False
    )
    return score_models(activity, shown.recording, plan.used_metrics, quick, inputs=inputs)


def best_scores(table: ScoreTable) -> dict[str, float]:
    """By "probe_METRIC/AREA-BRAIN_AREA": the score at its best lag; and ceilings, where known."""
    found: dict[str, float] = {}
    for score in table:
        better = max if score.higher_is_better else min
        name = f"probe_{score.metric}/{score.label}-{score.brain_area}".replace(" ", "_")
        found[name] = better(found.get(name, score.score), score.score)
        if score.ceiling_high is not None:
            name = f"probe_{score.metric}/ceiling-{score.brain_area}"
            found[name] = better(found.get(name, score.ceiling_high), score.ceiling_high)
    return found
