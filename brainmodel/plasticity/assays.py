"""Virtual assays: which synapses a method of the laboratory would label, and which it would miss.

`potentiated` is SYNPLA: synapses that were strengthened, labelled where GluA1 came to lie beside a
presynaptic marker, each with some probability. Dore et al. (2020), PNAS 117:3214,
doi:10.1073/pnas.1919911117. `active` is postSynTagMA: synapses that were active while violet light
shone, which turns the marker red where it has bound calcium. Perez-Alvarez et al. (2020), Nature
Communications 11:2464, doi:10.1038/s41467-020-16315-4. `by_tuning` reads changes of synapses by
what their presynaptic cells are tuned to, as Xiong, Znamenskiy & Zador (2015), Nature 521:348.

That a rate and a bound stand for calcium, and a weight for GluA1, is our own choice.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class LabelledSynapses(NamedTuple):
    """What an assay says of synapses, beside the truth."""

    true: Tensor  # bool, in the shape of the weights
    detected: Tensor  # bool, likewise
    detection_rate: float
    false_rate: float

    @property
    def estimate(self) -> float:
        """How many there are, as who sees the labels alone and knows both rates would say."""
        false = self.false_rate * self.detected.numel()
        return (float(self.detected.sum()) - false) / (self.detection_rate - self.false_rate)


class TuningBin(NamedTuple):
    """Changes of the synapses from cells of one stretch of tuning."""

    low: float
    high: float  # not included
    synapses: int
    mean: float  # change; no number where there are no synapses
    grown: float  # share that became larger
    shrunk: float  # share that became smaller


def potentiated(
    before: Tensor,
    after: Tensor,
    threshold: float,
    detection_rate: float = 1.0,
    false_rate: float = 0.0,
    generator: torch.Generator | None = None,
) -> LabelledSynapses:
    """Synapses that became stronger, |w_after| - |w_before| > threshold, as SYNPLA labels them.

    Args:
        before: weights at a checkpoint, of any shape.
        after: the same weights later; or `before` plus one component of an account.
        threshold: in the units of the weights, 0 or more.
        detection_rate: probability that a synapse that is potentiated is labelled, in (0, 1].
        false_rate: probability that another is, below the detection rate.
        generator: draws which; needed for rates other than 1 and 0.

    Raises:
        ValueError: for shapes that differ, or a number out of range.
    """
    if before.shape != after.shape:
        raise ValueError(
            f"after: need the shape of before, {tuple(before.shape)}, got {tuple(after.shape)}"
        )
    if not threshold >= 0:
        raise ValueError(f"threshold: need 0 or more, got {threshold}")
    grown = after.detach().abs() - before.detach().abs() > threshold
    return _labelled(grown, detection_rate, false_rate, generator)


def active(
    presynaptic: Float[Tensor, "time batch source"],
    postsynaptic: Float[Tensor, "time batch unit"],
    bound: float,
    share: float = 0.0,
    detection_rate: float = 1.0,
    false_rate: float = 0.0,
    generator: torch.Generator | None = None,
) -> LabelledSynapses:
    """Synapses [unit, source] active in a window, as postSynTagMA labels them.

    A synapse is active at a step of a stream if the rates on both sides of it are above `bound`.
    For preSynTagMA, which sees axons, give ones in the place of postsynaptic rates.

    Args:
        presynaptic: rates in the window, as the synapse finds them: of recurrent synapses, one step
            earlier than postsynaptic ones.
        postsynaptic: rates in the window.
        bound: in the units of the rates.
        share: of the window's steps and streams, at more of which it has to be active, in [0, 1).
        detection_rate, false_rate, generator: as of `potentiated`.

    Raises:
        ValueError: for windows that differ, or a number out of range.
    """
    if presynaptic.shape[:2] != postsynaptic.shape[:2] or not presynaptic[..., 0].numel():
        raise ValueError(
            "presynaptic: need the steps and streams of postsynaptic, one or more, got "
            f"{tuple(presynaptic.shape[:2])} and {tuple(postsynaptic.shape[:2])}"
        )
    if not 0 <= share < 1:
        raise ValueError(f"share: need 0 or more and less than 1, got {share}")
    before, after = (
        (rate.detach().flatten(0, 1) > bound).double() for rate in (presynaptic, postsynaptic)
    )
    together = after.T @ before / len(before)
    return _labelled(together > share, detection_rate, false_rate, generator)


def by_tuning(
    change: Float[Tensor, "unit source"],
    tuning: Float[Tensor, " source"],
    edges: Sequence[float],
    meant: Bool[Tensor, "unit source"] | None = None,
) -> list[TuningBin]:
    """Changes of synapses by the tuning of their presynaptic cells.

    Args:
        change: of the weights: after minus before, or one component of an account.
        tuning: what each presynaptic cell prefers, such as a frequency, in any unit.
        edges: of the bins, rising, two or more.
        meant: which synapses count, such as those that an assay labelled; all unless given.

    Raises:
        ValueError: if shapes do not fit or the edges do not rise.
    """
    if tuning.shape != change.shape[1:]:
        raise ValueError(
            f"tuning: need one number for each of {change.shape[-1]} sources, got shape "
            f"{tuple(tuning.shape)}"
        )
    if meant is not None and meant.shape != change.shape:
        raise ValueError(f"meant: need shape {tuple(change.shape)}, got {tuple(meant.shape)}")
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
        raise ValueError(f"edges: need two or more that rise, got {list(edges)}")
    found = []
    for low, high in pairwise(edges):
        within = ((tuning >= low) & (tuning < high)).expand_as(change)
        own = change.detach()[within if meant is None else within & meant].double()
        count = len(own)
        numbers = (own.mean(), (own > 0).double().mean(), (own < 0).double().mean())
        found.append(TuningBin(low, high, count, *map(float, numbers)))
    return found


def _labelled(
    true: Tensor, detection_rate: float, false_rate: float, generator: torch.Generator | None
) -> LabelledSynapses:
    if not 0 < detection_rate <= 1:
        raise ValueError(
            f"detection_rate: need more than 0 and 1 at most, got {detection_rate}; 1 misses none"
        )
    if not 0 <= false_rate < detection_rate:
        raise ValueError(
            f"false_rate: need 0 or more and less than detection_rate, which is {detection_rate}, "
            f"got {false_rate}"
        )
    if (detection_rate, false_rate) == (1, 0):
        return LabelledSynapses(true, true.clone(), 1.0, 0.0)
    if generator is None:
        raise ValueError(
            "generator: is needed where chance decides; give torch.Generator().manual_seed(0)"
        )
    chance = torch.rand(true.shape, generator=generator, dtype=torch.float64).to(true.device)
    detected = chance < torch.where(true, detection_rate, false_rate)
    return LabelledSynapses(true, detected, detection_rate, false_rate)
