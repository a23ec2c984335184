"""What streams of several seeds bring to one brain: each seed's own, side by side."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def inputs_together(each: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Inputs of a window of all seeds, by name: units, of maps channels, side by side.

    Args:
        each: inputs of each seed's own streams, [time, batch, *shape].

    Raises:
        ValueError: if they are not of the same names and shapes.
    """
    _require_alike("inputs", each)
    return {name: torch.cat([own[name] for own in each], 2) for name in each[0]}


def labels_together(each: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Labels of a window of all seeds, [time, batch, seed, ...] by name.

    Args:
        each: labels of each seed's own streams, [time, batch, ...].

    Raises:
        ValueError: as of `inputs_together`.
    """
    _require_alike("labels", each)
    return {name: torch.stack([own[name] for own in each], 2) for name in each[0]}


def resets_together(each: Sequence[Tensor]) -> Tensor:
    """When the streams of all seeds begin anew, [time, batch] bool.

    Args:
        each: of each seed.

    Raises:
        ValueError: if streams of one place in the batch do not begin at the same steps.
    """
    for seed, reset in enumerate(each):
        if reset.shape != each[0].shape or not torch.equal(reset, each[0]):
            raise ValueError(
                f"reset: streams of seed {seed} begin anew at other steps than those of the first, "
                "and seeds together begin at the same; take data whose streams all have the same "
                "lengths, or train the seeds one by one"
            )
    return each[0]


def _require_alike(what: str, each: Sequence[Mapping[str, Tensor]]) -> None:
    shapes = [{name: tuple(value.shape) for name, value in own.items()} for own in each]
    for seed, own in enumerate(shapes):
        if own != shapes[0]:
            raise ValueError(f"{what}: those of seed {seed} are {own}, of the first {shapes[0]}")
