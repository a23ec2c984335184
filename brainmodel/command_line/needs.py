"""What the objectives of a brain need from the data: streams in a batch, and labels."""

from collections.abc import Iterator, Sequence

from torch import nn

from brainmodel.brain import Brain


def require_enough(brain: Brain, streams: int) -> None:
    """Refuse a batch with fewer streams than an objective needs.

    Raises:
        ValueError: naming the objective.
    """
    for place, objective in _all(brain):
        fewest = getattr(objective, "fewest_streams", 1)
        if streams < fewest:
            raise ValueError(
                f"{place}: {type(objective).__name__} needs {fewest} streams or more in a batch, "
                f"got {streams}; set data.batch_size: {fewest} or more"
            )


def require_labels(brain: Brain, offered: Sequence[str]) -> None:
    """Refuse an objective that reads a label which the data do not have.

    Raises:
        ValueError: naming the objective, the label, and the labels of the data.
    """
    for place, objective in _all(brain):
        label = getattr(objective, "label", None)
        if label is not None and label not in offered:
            raise ValueError(
                f"{place}: {type(objective).__name__} reads the label {label!r}, which the data do "
                f"not bring; they bring {', '.join(sorted(offered)) or 'none'}"
            )


def _all(brain: Brain) -> Iterator[tuple[str, nn.Module]]:
    """All objectives of a brain, by their places in the configuration."""
    places = {f"areas.{area}.objectives": brain.objectives[area] for area in brain.areas}
    for place, held in (places | {"groups": brain.groups}).items():
        for name, objective in held.named_children():
            yield f"{place}.{name}", objective
