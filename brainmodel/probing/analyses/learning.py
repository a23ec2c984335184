"""What learning changed, brain by brain: the last stage of training less the brain as it began."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.analyses.area_responses import Origin
from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics import PairedDifference, over_brains


class Answer(NamedTuple):
    """What one area answers to a question."""

    origin: Origin
    value: float
    draws: Floats | None  # [draw] of its events, the same in all answers to the question


class Learnt(NamedTuple):
    """Changes of one area in one or more brains."""

    stages: str  # between which
    values: Floats  # [brain]
    draws: Floats | None  # [brain, draw]

    def __sub__(self, other: "Learnt") -> "Learnt":
        """By how much more it changed; of the same brains."""
        both = self.draws is not None and other.draws is not None
        return Learnt(
            self.stages,
            self.values - other.values,
            self.draws - other.draws if both else None,  # type: ignore[operator]
        )

    @property
    def judged(self) -> PairedDifference:
        """Its mean, interval and p; over brains, of one over stimuli."""
        return over_brains(self.values, self.draws)


def learnt(answers: Sequence[Answer]) -> Learnt | None:
    """How the answers of one area changed from the first stage to the last; None without stages.

    A trained brain is compared with itself untrained. Where that is not known, or in recordings,
    the first stage is what the last is compared with, if there is one brain at each.
    """
    last = max((a.origin.stage or 0 for a in answers), default=0)
    after = [a for a in answers if a.origin.stage == last and a.origin.model != "untrained"]
    before = {a.origin.brain: a for a in answers if a.origin.model == "untrained"}
    pairs = [(before[a.origin.brain], a) for a in after if a.origin.brain in before]
    if not pairs or any(not a.origin.brain for _, a in pairs):
        staged = sorted(
            (a for a in answers if a.origin.stage is not None and a.origin.model != "untrained"),
            key=lambda answer: answer.origin.stage or 0,
        )
        stages = [a.origin.stage for a in staged]
        if len(stages) < 2 or len(set(stages)) < len(stages):
            return None
        pairs = [(staged[0], staged[-1])]
    values = np.array([b.value - a.value for a, b in pairs])
    drawn = [None if a.draws is None or b.draws is None else b.draws - a.draws for a, b in pairs]
    known = [draws for draws in drawn if draws is not None]
    draws = np.stack(known) if len(known) == len(pairs) else None
    return Learnt(f"stage {pairs[0][0].origin.stage} to {pairs[0][1].origin.stage}", values, draws)


def learnt_by_area(answers: Sequence[Answer]) -> Mapping[tuple[str, str, str], Learnt]:
    """By kind ("brain" or "model"), area and signal."""
    grouped: dict[tuple[str, str, str], list[Answer]] = {}
    for answer in answers:
        kind = "brain" if answer.origin.model == "brain" else "model"
        grouped.setdefault((kind, answer.origin.area, answer.origin.signal), []).append(answer)
    found = {key: learnt(mine) for key, mine in grouped.items()}
    return {key: change for key, change in found.items() if change is not None}
