"""The contract of an analysis: a further question to the recording and to all models of a probe.

A score measures how alike two areas are; an analysis asks one question of each area, of the brain
as of the models, and answers it with a section of the report: tables and figures.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from brainmodel.probing.activity import ModelActivity, Presentation
from brainmodel.probing.drawing import Illustration
from brainmodel.probing.recordings import Recorded, RecordedOrNot, Recording, Stimuli


class Evidence(NamedTuple):
    """What an analysis is given."""

    recording: RecordedOrNot
    stimuli: Stimuli
    presentation: Presentation
    eye: tuple[int, ...]  # [channel, height, width] of the model's image
    activity: ModelActivity


class Section(NamedTuple):
    """The answer of an analysis: a section of the report."""

    title: str
    tables: Mapping[str, Sequence[dict[str, Any]]]  # by the name of their file
    figures: Mapping[str, Illustration]  # likewise


class Analysis(ABC):
    """One question.

    Attributes:
        signals: of the models that it needs; "state" for any field of a state.
    """

    signals: tuple[str, ...] = ("rate",)

    @abstractmethod
    def check(self, recording: RecordedOrNot, stimuli: Stimuli, presentation: Presentation) -> None:
        """Refuse what cannot be analysed, before any model is recorded.

        Raises:
            ValueError: in one sentence.
        """

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Section:
        """The answer."""


def require_responses(recorded: Recorded, name: str) -> Recording:
    """The recording, if it holds responses.

    Raises:
        ValueError: if it holds dissimilarities only.
    """
    if isinstance(recorded, Recording):
        return recorded
    raise ValueError(
        f"analyses.{name}: {recorded.source} holds dissimilarities only: leave it out, or bring "
        "responses."
    )
