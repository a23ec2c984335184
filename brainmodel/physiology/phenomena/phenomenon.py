"""A phenomenon of cortex: stimuli, for each unit a number that tells its strength, and a curve."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Self

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data import StreamModule
from brainmodel.physiology.responses import eye_size, responsive
from brainmodel.physiology.stimulus_checks import frequencies, require_seen
from brainmodel.wiring.outside import ByAddress


class Showing(NamedTuple):
    """What an area showed."""

    strength: Float[Tensor, "sample"]  # not a number where nothing can be told
    curve: Float[Tensor, "point"]  # mean over samples
    half: int | None = None  # of brains that learnt alike, where the sample is the brain


class Phenomenon(ABC):
    """What physiologists found in cortex, and how a brain is asked for it.

    Class attributes:
        title: in a few words.
        index: what the number is, as a formula in words.
        absent: the index where the phenomenon is not there.
        published: what animals show, with the source.
        samples: what the index is given for.
        axis: what the curve runs over.
    """

    title: ClassVar[str]
    index: ClassVar[str]
    published: ClassVar[str]
    axis: ClassVar[str]
    absent: ClassVar[float] = 0.0
    samples: ClassVar[str] = "units"
    smallest_eye: ClassVar[int] = 8
    """Pixels along a side that the stimuli need."""
    cycles: tuple[float, ...] = ()
    """Spatial frequencies of the gratings, per frame width."""
    nothing: ClassVar[str] = "no unit of any area responds"
    """Why nothing can be told, where nothing can."""
    needs_motion: ClassVar[bool] = False
    """Whether only brains can be asked that are told how their eye moves."""
    needs_exposure: ClassVar[bool] = False
    """Whether it asks for what a brain learnt from; see `after`."""

    def after(self, exposure: StreamModule) -> Self:
        """The same for a brain that learnt from these data.

        Raises:
            ValueError: in one sentence, if they are none that it can ask for.
        """
        del exposure
        return self

    def require(self, brain: Brain) -> None:
        """Refuse a brain, which has an eye, if it cannot be shown the stimuli.

        Raises:
            ValueError: in one sentence.
        """
        size = eye_size(brain)
        if size < self.smallest_eye:
            raise ValueError(
                f"its stimuli need an eye of {self.smallest_eye} pixels or more, and that of this "
                f"brain has {size}; leave it out"
            )
        if self.cycles:
            require_seen(frequencies(self.cycles), size)

    @abstractmethod
    def points(self, size: int) -> list[float]:
        """Where the curve has its points, for an eye of so many pixels."""

    @abstractmethod
    def measure(self, brain: Brain, gains: ByAddress | None = None) -> Mapping[str, Showing]:
        """Strength and curve of each area in which there is anything to measure.

        Args:
            brain: the brain, which has an eye of `smallest_eye` pixels or more; it does not learn
                and is left as it was.
            gains: what is silenced meanwhile, numbers by address.
        """


def of_best(
    responses: Float[Tensor, "stimulus point unit"],
) -> Float[Tensor, "point unit"]:
    """The curves of each unit for that of the stimuli at which it responds most; not a number for
    units that respond to none."""
    units = responses.shape[2]
    best = responses.amax(1).argmax(0)
    curves = responses[best, :, torch.arange(units)].T
    return torch.where(responsive(responses), curves, torch.nan)


def mean_curve(curves: Float[Tensor, "point unit"]) -> Float[Tensor, "point"]:
    """The mean over units, each scaled to a largest response of 1."""
    return (curves / curves.amax(0).clamp_min(1e-12)).nanmean(1)


def suppression(curves: Float[Tensor, "point unit"]) -> Float[Tensor, "unit"]:
    """(largest - last) / largest of each unit: how much it is suppressed at the last point."""
    return 1 - curves[-1] / curves.amax(0)
