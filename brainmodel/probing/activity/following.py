"""A brain follows windows of all its inputs, and does not learn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.brain import Brain

SIGNALS = ("rate", "error", "prediction", "state")
LABEL = "label"
"""What environments say: a signal for each of their labels, such as "label.reward", of no area."""
WINDOW = 16  # steps at once, unless states are recorded
Given = tuple[Mapping[str, Tensor], Tensor, Mapping[str, Tensor]]
"""Inputs by name, [time, stream, *shape]; reset [time, stream]; labels, for perturbations."""


class Did(NamedTuple):
    """What one area did in one signal during some steps."""

    start: int  # the first of them
    signal: str  # the fields of a state are signals of their own, such as "state.memory"
    area: str  # none of labels
    values: Tensor  # [step, stream, ...]


def follow(brain: Brain, windows: Iterable[Given], signals: Sequence[str]) -> Iterator[Did]:
    """What the areas of a brain do; its state goes on from window to window.

    Args:
        brain: the brain; it is left as it was.
        windows: the next steps of the same streams each.
        signals: of each area, among rate, error, prediction and state (all fields of its cell); and
            `LABEL`.

    Raises:
        ValueError: for an unknown signal, or a window that is not made for this brain.
    """
    if unknown := set(signals) - {*SIGNALS, LABEL}:
        raise ValueError(f"signals: there is no {min(unknown)!r}: choose among {SIGNALS}.")
    device, state, start = next(brain.parameters()).device, None, 0
    for inputs, reset, labels in _in_pieces(windows, 1 if "state" in signals else WINDOW):
        shown, told = _moved(inputs, device), _moved(labels, device)
        with torch.no_grad():
            activities, state = brain(shown, reset.to(device), state, labels=told)
        said = next(iter(activities.values())).labels if LABEL in signals else {}
        for name, value in said.items():
            yield Did(start, f"{LABEL}.{name}", "", value)
        for area, activity in activities.items():
            for signal in (one for one in signals if one != LABEL):
                if signal != "state":
                    yield Did(start, signal, area, getattr(activity, signal))
                    continue
                for field, value in state.areas[area]._asdict().items():
                    yield Did(start, f"state.{field}", area, value[None])
        start += len(reset)


def _in_pieces(windows: Iterable[Given], steps: int) -> Iterator[Given]:
    """The same in windows of so many steps at the most."""
    for inputs, reset, labels in windows:
        for first in range(0, len(reset), steps):
            here = slice(first, first + steps)
            shown, told = ({n: v[here] for n, v in given.items()} for given in (inputs, labels))
            yield shown, reset[here], told


def _moved(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: value.to(device) for name, value in tensors.items()}
