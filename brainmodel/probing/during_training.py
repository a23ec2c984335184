"""Scores without draws, quick enough to be taken while a brain is in training."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from brainmodel.brain import Brain
from brainmodel.probing.activity import picture_input, record_model
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import record_baseline
from brainmodel.probing.plan import Plan
from brainmodel.probing.recordings import Shown
from brainmodel.probing.scores import Row, score_models


def model_rows(brain: Brain, shown: Shown, plan: Plan) -> tuple[list[Row], dict[str, Floats]]:
    """Scores of a brain's areas, and their patterns [stimulus, unit] for pictures."""
    held = record_model(brain, shown.stimuli, plan.presentation, plan.signals, batch=plan.batch)
    named = {
        area if signal == "rate" else f"{area} {signal}": values
        for signal, areas in held.items()
        for area, values in areas.items()
    }
    patterns = {name: np.asarray(values.mean(1)) for name, values in named.items()}
    return _rows(named, shown, plan, halvings=0), patterns


def baseline_rows(brain: Brain, shown: Shown, plan: Plan) -> list[Row]:
    """Scores of the baselines, with ceilings where there are repeats; once is enough."""
    eye = brain.inputs[picture_input(brain)][1]
    with tempfile.TemporaryDirectory(prefix=".activity-") as place:
        named = {
            name: record_baseline(
                baseline, shown.stimuli, plan.presentation, eye, Path(place, f"{k}.npy"), plan.batch
            )
            for k, (name, baseline) in enumerate(plan.rivals.items())
        }
        return _rows(named, shown, plan, plan.scoring.halvings)


def _rows(named: Mapping[str, Floats], shown: Shown, plan: Plan, halvings: int) -> list[Row]:
    quick = replace(plan.scored, bootstraps=0, permutations=0, halvings=halvings, progress=False)
    return score_models({"model": named}, shown.recording, plan.measures, quick)


def best_scores(rows: Sequence[Row]) -> dict[str, float]:
    """By "probe_METRIC/AREA-BRAIN_AREA": the score at its best lag; and ceilings, where known."""
    found: dict[str, float] = {}
    for row in rows:
        name = f"probe_{row['metric']}/{row['model_area']}-{row['brain_area']}".replace(" ", "_")
        better = max if row["higher_is_better"] else min
        found[name] = better(found.get(name, row["score"]), row["score"])
        if row["ceiling_high"] is not None:
            name = f"probe_{row['metric']}/ceiling-{row['brain_area']}"
            found[name] = better(found.get(name, row["ceiling_high"]), row["ceiling_high"])
    return found
