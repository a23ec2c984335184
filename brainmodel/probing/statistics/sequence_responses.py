"""Responses to sequences: effects of the order of elements, and of leaving one out.

Gavornik & Bear (2014), Nat. Neurosci. 17:732: V1 responds more to the elements of a trained
sequence in their order than in another, and responds when one is left out. Elements are compared
with themselves in other places, so tuning to elements does not count as order.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats
from brainmodel.probing.statistics.permutation import p_value


class Omission(NamedTuple):
    """The response in place of an element that was left out."""

    effect: Floats  # [neuron] mean where it was left out less mean where it was not due
    likeness: float  # correlation over neurons with the response to the element itself
    others: float  # mean correlation with the responses to the other elements
    p: float | None  # of likeness above others, by exchanging events; None without a control


def order_effect(responses: Floats, sequences: Sequence[str], trained: str) -> Floats:
    """[neuron] response to elements in their trained place less that in other places.

    Args:
        responses: [neuron, sequence, place, event]; NaN where an event is absent.
        sequences: [sequence] its elements, a letter each, such as "ABCD" and "DCBA".
        trained: one of them.

    Returns:
        The mean over the elements that are shown both in their trained place (in any sequence) and
        in others; each element counts the same.

    Raises:
        ValueError: if the names do not fit the responses, or no element changes its place.
    """
    _check_sequences(responses, sequences, trained)
    mean = np.nanmean(responses, axis=3)  # [neuron, sequence, place]
    elements = np.array([list(sequence) for sequence in sequences])
    effects = []
    for place, element in enumerate(trained):
        here = elements == element
        elsewhere = here.copy()
        elsewhere[:, place] = False
        if elsewhere.any():
            here[:, np.arange(len(trained)) != place] = False
            effects.append(mean[:, here].mean(1) - mean[:, elsewhere].mean(1))
    if not effects:
        raise ValueError(
            f"sequences is {list(sequences)}: no element of {trained!r} stands anywhere else: add "
            "a sequence of the same elements in another order."
        )
    return np.mean(effects, axis=0)


def omission(
    omitted: Floats,
    blank: Floats,
    elements: Mapping[str, Floats],
    expected: str,
    control: Floats | None = None,
    shuffles: int = 1000,
    seed: int = 0,
) -> Omission:
    """Responses while an expected element is left out.

    A gap follows an element, as what was left out does, and any after-effect of that element is
    like what usually follows it. So the control is a gap after the same element in an untrained
    order; without one there is no p. Under the null events of the two are exchangeable; neurons
    are no samples.

    Args:
        omitted: [neuron, event] at the time of the element, when it was left out.
        blank: [neuron, event] to the same screen, when nothing was due.
        elements: by name, [neuron, event] to each element when it was shown.
        expected: the one that was left out.
        control: [neuron, event] in a gap after the same element where nothing was due.
        shuffles: for p.
        seed: of the shuffles.

    Raises:
        ValueError: if the element is unknown or the only one.
    """
    if expected not in elements or len(elements) < 2:
        raise ValueError(
            f"expected is {expected!r} and elements are {sorted(elements)}: "
            "name one of two or more."
        )
    nothing = np.nanmean(blank, axis=1)
    without = blank if control is None else control
    effect = np.nanmean(omitted, axis=1) - np.nanmean(without, axis=1)
    names = [expected, *(name for name in elements if name != expected)]
    shown = np.stack([np.nanmean(elements[name], axis=1) - nothing for name in names])
    observed = _likeness(effect, shown)
    p = None
    if control is not None:
        null = _exchanged(omitted, control, shown, shuffles, seed)
        p = p_value(_excess(observed), null)
    return Omission(effect, float(observed[0]), float(observed[1:].mean()), p)


def _exchanged(omitted: Floats, control: Floats, shown: Floats, shuffles: int, seed: int) -> Floats:
    """[shuffle] excess of likeness when events of the gap and of its control change places."""
    random, count, null = np.random.default_rng(seed), omitted.shape[1], []
    events = np.concatenate([omitted, control], axis=1)
    for _ in range(shuffles):
        mixed = events[:, random.permutation(events.shape[1])]
        moved = np.nanmean(mixed[:, :count], axis=1) - np.nanmean(mixed[:, count:], axis=1)
        null.append(_excess(_likeness(moved, shown)))
    return np.array(null)


def _likeness(effect: Floats, shown: Floats) -> Floats:
    """[element] correlation over neurons; 0 where a side does not vary."""
    one, other = effect - effect.mean(), shown - shown.mean(1, keepdims=True)
    scale = np.linalg.norm(one) * np.linalg.norm(other, axis=1)
    return np.divide(other @ one, scale, out=np.zeros(len(shown)), where=scale > 1e-12)


def _excess(likeness: Floats) -> float:
    return float(likeness[0] - likeness[1:].mean())


def _check_sequences(responses: Floats, sequences: Sequence[str], trained: str) -> None:
    length = responses.shape[2] if responses.ndim == 4 else -1
    if len(sequences) != responses.shape[1] or {len(s) for s in sequences} != {length}:
        raise ValueError(
            f"responses has shape {responses.shape} and sequences is {list(sequences)}: give "
            "[neuron, sequence, place, event], and a letter for each place of each sequence."
        )
    if trained not in sequences:
        raise ValueError(f"trained is {trained!r}: name one of {list(sequences)}.")
