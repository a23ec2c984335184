"""Targets of which responses are known: brain areas at lags, subject by subject if wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.metrics import Metric, Responses, rounding
from brainmodel.probing.recordings import (
    Recording,
    advice_on_missing,
    by_hierarchy,
    covered_steps,
    resample,
)
from brainmodel.probing.scores.ceilings.noise_ceiling_snr import explainable, ncsnr
from brainmodel.probing.scores.ceilings.split_half import repeated, split_halves
from brainmodel.probing.scores.sampling import Sampling
from brainmodel.probing.scores.target import CeilingColumns, Counts, Target


@dataclass(frozen=True, eq=False)
class Neurons(Target):
    """Responses of one brain area at one lag, of the neurons that can be scored.

    Args:
        parts: of each subject, or of all neurons together.
    """

    parts: list[Responses]

    def sides(self, metric: Metric[Any, Any]) -> list[Any]:
        return [metric.brain_side(part) for part in self.parts]

    def require_ceiling(self) -> None:
        for part in self.parts:
            repeated(part)

    def ceilings(self, metric: Metric[Any, Any], halvings: int, seed: int) -> CeilingColumns:
        if not (halvings and metric.has_ceiling):
            return CeilingColumns()
        found = [split_halves(metric, part, halvings, seed) for part in self.parts]
        low, high = (
            np.mean([metric.on_scale(float(end.mean())) for end in ends])
            for ends in zip(*found, strict=True)
        )
        neurons = found[0].high if len(found) == 1 and len(found[0].high) > 1 else None
        return CeilingColumns(float(low), float(high), *snr_ceiling(self.parts), neurons)


def neuron_targets(
    recording: Recording, edges: Floats, lags: Sequence[float], sampling: Sampling, by_subject: bool
) -> Iterator[Neurons]:
    """Every brain area at every lag.

    Args:
        recording: what was recorded.
        edges: [step + 1] of the model's steps, s from stimulus onset.
        lags: seconds by which the brain runs behind the model.
        sampling: what counts as a sample.
        by_subject: whether the neurons of each subject are a part of their own.

    Raises:
        ValueError: if an area has no neuron that can be scored.
    """
    for lag in lags:
        steps = covered_steps(recording, edges, lag)
        shown = resample(recording, edges[steps[0] : steps[-1] + 2] + lag)
        for area in by_hierarchy(shown.area_names):
            name = f"{recording.source}: {area}"
            resampled, recorded = (_parts(r.of(areas=area), by_subject) for r in (shown, recording))
            found = [
                scorable_neurons(sampling.responses(part), name, original)
                for part, original in zip(resampled, recorded, strict=True)
            ]
            parts = [part.responses for part in found]
            yield Neurons(name, area, lag, steps, parts[0].groups, _total(found), parts)


def _parts(recording: Recording, by_subject: bool) -> list[Recording]:
    if not by_subject:
        return [recording]
    if recording.subjects is None:
        raise ValueError(
            f"{recording.source}: neurons have no subjects: label them, or leave by_subject out."
        )
    return [recording.of(subjects=name) for name in sorted(set(recording.subjects.astype(str)))]


class PartNeurons(NamedTuple):
    """The neurons of one part that can be scored, and how many cannot and why."""

    responses: Responses
    neurons: int
    silent: int
    constant: int
    missing: int


def _total(found: list[PartNeurons]) -> Counts:
    """Counts of samples, and of neurons added up over parts."""
    groups = found[0].responses.groups
    return Counts(
        samples=len(groups),
        groups=len(np.unique(groups)),
        neurons=sum(part.neurons for part in found),
        silent=sum(part.silent for part in found),
        constant=sum(part.constant for part in found),
        missing=sum(part.missing for part in found),
        parts=len(found),
    )


def scorable_neurons(responses: Responses, name: str, recording: Recording) -> PartNeurons:
    """The neurons that can be scored.

    Args:
        responses: of one part of a brain area.
        name: of the area, for messages.
        recording: of the same neurons, as it was read.

    Raises:
        ValueError: if none can; where responses are missing, with what to leave out.
    """
    there = np.isfinite(responses.repeats).any(1)  # [sample, neuron]
    missing = ~there.all(0)
    filled = np.where(np.isfinite(responses.repeats), responses.repeats, 0).sum(1)
    silent = ~missing & (filled == 0).all(0)
    with np.errstate(invalid="ignore"):
        flat = np.ptp(responses.mean, axis=0) <= rounding(responses.mean)
        constant = ~missing & ~silent & flat
    keep = ~(missing | silent | constant)
    kept = Responses(responses.repeats[:, :, keep], responses.groups)
    found = PartNeurons(kept, *(int(mask.sum()) for mask in (keep, silent, constant, missing)))
    if not found.neurons:
        remedy = (
            advice_on_missing(recording) if found.missing else "choose other areas with brain_areas"
        )
        raise ValueError(
            f"{name}: no neuron can be scored ({found.silent} silent, {found.constant} "
            f"constant, {found.missing} without response to some stimulus): {remedy}."
        )
    return found


def snr_ceiling(parts: Sequence[Responses]) -> tuple[float | None, float | None]:
    """Median ncsnr of the neurons, and the correlation that it leaves to an encoding model.

    None where a neuron has no stimulus with two repeats; no median where it has no end, because
    repeats do not differ.
    """
    counts = [np.isfinite(part.repeats).sum(1) for part in parts]
    if not all((count >= 2).any(0).all() for count in counts):
        return None, None
    ratios = [ncsnr(part) for part in parts]
    shares = [
        explainable(ratio, 1 / (1 / count).mean(0))
        for ratio, count in zip(ratios, counts, strict=True)
    ]
    median = float(np.median(np.concatenate(ratios)))
    return median if np.isfinite(median) else None, float(np.sqrt(np.concatenate(shares)).mean())
