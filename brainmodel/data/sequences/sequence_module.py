"""The contract of data in which sequences are due, and others are not.

What is due and what comes instead differ in their pictures, too, or in what was seen before them.
So there are two ASSIGNMENTS of pictures to the places of a sequence, and what is due under one of
them is what is not due under the other: half of the brains learn under either, and over both halves
all that a movie does by itself, in a brain that expects nothing, cancels.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from brainmodel.data.stream_module import StreamModule

ASSIGNMENTS = 2


class SequenceTrials(NamedTuple):
    """Sequences as a trained brain is shown them, each alone between gray.

    The first half of the trials are due, the others come instead: trial k + n/2 is trial k with
    what is not due in its place.
    """

    frames: Float[Tensor, "time trial size size"]  # in [0, 1]
    names: tuple[str, ...]  # [trial] the sequence by its letters, and which event it is: "ABCD 3"
    due: Bool[Tensor, " trial"]
    onset: int  # step at which sequences begin
    compared: slice  # steps of the element in which a trial and its other differ
    shown: int  # steps of an element


class SequenceModule(StreamModule):
    """A data set of sequences, some of which are due.

    Attributes:
        assignment: 0 or 1, see the head of this file.
    """

    assignment: int

    @abstractmethod
    def trials(self, events: int) -> SequenceTrials:
        """Each sequence that is due, and each that is not, so many times.

        The same movies under either assignment, of which the other half is due.

        Args:
            events: of each sequence; they differ in what is drawn for each when a brain learns.
        """

    def movies(self, words: Sequence[str], events: int) -> Float[Tensor, "time trial size size"]:
        """Other sequences of the same letters, timed as `trials`, each so many times.

        Args:
            words: as long as those that are due; "_" is gray in the place of an element.
            events: of each sequence.

        Raises:
            ValueError: if these data cannot show them.
        """
        raise ValueError(
            f"also is {list(words)}: {type(self).__name__} shows no other sequences than it has; "
            "leave it out."
        )


def assigned(assignment: int | None, seed: int) -> int:
    """The assignment, or that of a seed: even ones learn under 0, odd ones under 1.

    Raises:
        ValueError: if it is neither 0, 1 nor None.
    """
    if assignment is None:
        return seed % ASSIGNMENTS
    if assignment in range(ASSIGNMENTS):
        return assignment
    raise ValueError(
        f"assignment is {assignment!r}: give 0 or 1, or null for 0 of even seeds and 1 of odd ones."
    )
