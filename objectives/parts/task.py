"""Where the targets of tasks come from."""

from torch import Tensor

from objectives.objective import Activity


def target(activity: Activity, label: str | None) -> Tensor:
    """The label of that name, [time, batch, ...], which the data set gives with each window.

    Raises:
        ValueError: if there is none, naming those that there are.
    """
    if label not in activity.labels:
        given = ", ".join(sorted(activity.labels)) or "none"
        raise ValueError(f"label: the data give no {label!r}; there are {given}")
    return activity.labels[label]
