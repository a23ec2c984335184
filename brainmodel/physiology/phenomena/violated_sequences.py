"""Violation of sequences that were learnt: what is not due is answered more than what is.

    index = (U - P) / (U + P)

P is the response of a unit to elements that are due, U that to what comes instead, means over all
sequences: the rise of its rate above that to gray (0 where it falls), or the size of its prediction
error, at each step. The sample
is the BRAIN, its index the mean over units. Half of the brains learnt that B is due and half that
B' is, from the same movies: in a brain that expects nothing the indices under the two assignments
are each other's negatives, so that over both halves tuning and adaptation cancel. Where pictures
that are due in one sequence come instead in another (pairs AB, CD and AD, CB), U and P are of the
same pictures in each brain, too.

Source: Meyer & Olson (2011), "Statistical learning of visual transitions in monkey inferotemporal
cortex", PNAS 108:19401, doi:10.1073/pnas.1112895108, whose index this is.
"""

from copy import copy
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data import SequenceModule, StreamModule
from brainmodel.data.sequences.sequence_module import SequenceTrials
from brainmodel.physiology.eye_of import show
from brainmodel.physiology.phenomena.phenomenon import Phenomenon, Showing
from brainmodel.physiology.responses import responsive
from brainmodel.wiring.outside import ByAddress

TrialCourse = Float[Tensor, "time trial unit"]
ERRORS = " errors"  # after the name of the area


class ViolatedSequences(Phenomenon):
    """What brains do when a sequence that they learnt goes on otherwise.

    Args:
        events: of each sequence, at the least 1.

    Raises:
        ValueError: for fewer events.
    """

    title = "Violation of learnt sequences"
    index = "(response to what is not due - to what is) / (sum of both)"
    published = "monkey IT: above 0 (Meyer & Olson 2011)"
    axis = "steps from the element that is due or not"
    samples = "brains"
    needs_exposure = True

    def __init__(self, events: int = 8):
        if events < 1:
            raise ValueError(f"events is {events}: give 1 or more of each sequence.")
        self.events = events
        self.exposure: SequenceModule | None = None

    def after(self, exposure: StreamModule) -> Self:
        """See `Phenomenon.after`; the sequences that the brain learnt."""
        own = copy(self)
        own.exposure = require_sequences(exposure)
        return own

    @property
    def learnt(self) -> SequenceModule:
        """The sequences, which are known once `after` was asked."""
        if self.exposure is None:
            raise ValueError("exposure is missing: ask `after` what the brain learnt from")
        return self.exposure

    def points(self, size: int) -> list[float]:
        """See `Phenomenon.points`; from an element before that which is compared to one after."""
        shown = self.learnt.trials(1).shown
        return [float(k) for k in range(-shown, 2 * shown)]

    def measure(self, brain: Brain, gains: ByAddress | None = None) -> dict[str, Showing]:
        """See `Phenomenon.measure`; of rates, and of the errors of areas that predict."""
        trials, half = self.learnt.trials(self.events), self.learnt.assignment
        found: dict[str, list[Tensor]] = {}
        for activities in show(brain, trials.frames, gains):
            for name, own in activities.items():
                found.setdefault(name, []).append(own.rate.flatten(2).cpu().float())
                if brain.area(name).predictor is not None:
                    error = (own.drive - own.prediction).abs().flatten(2)
                    found.setdefault(name + ERRORS, []).append(error.cpu().float())
        return {
            name: violation(torch.cat(own), trials, half, name.endswith(ERRORS))
            for name, own in found.items()
        }


def require_sequences(exposure: StreamModule) -> SequenceModule:
    """What a brain learnt from, if something is due in it.

    Raises:
        ValueError: if not.
    """
    if isinstance(exposure, SequenceModule):
        return exposure
    raise ValueError(
        f"it learnt from {type(exposure).__name__}, in which nothing is due; train it on "
        "GratingSequences or GaborSequences"
    )


def violation(course: TrialCourse, trials: SequenceTrials, half: int, sized: bool) -> Showing:
    """Index of a brain, and the course of U - P in shares of the sum of both, of which it is the
    mean while the element is shown.

    Args:
        course: of all trials.
        trials: which of them are due, and when what is compared.
        half: under which assignment the brain learnt.
        sized: whether it is a size by itself, as errors are; of rates it is the rise over gray.
    """
    due, rise = trials.due, course if sized else course - course[trials.onset - 1]
    response = rise.clamp_min(0)
    unexpected, expected = response[:, ~due].mean(1), response[:, due].mean(1)  # [time, unit]
    both = (unexpected + expected)[trials.compared].mean(0)
    told = responsive(both[None])
    if not told.any():
        return Showing(torch.full((1,), torch.nan), torch.zeros(3 * trials.shown), half)
    apart = ((unexpected - expected) / both)[:, told].mean(1)
    first = trials.compared.start
    around = apart[first - trials.shown : first + 2 * trials.shown]
    return Showing(apart[trials.compared].mean()[None], around, half)
