"""Where the targets of tasks come from."""

from torch import Tensor

from objectives.objective import Activity


def require_classes(
    field: str,
    number: int,
    label: str | None,
    whole: tuple[int, int] | None,
    shape: tuple[int, ...],
) -> None:
    """Refuse a label that is no class, or of more classes than there are.

    Args:
        field: what the option of their number is called.
        number: of classes.
        label: its name.
        whole: between which whole numbers it lies; None if it is not of whole numbers.
        shape: of what it is at one step of one sample.

    Raises:
        ValueError: naming the option that would have to be another.
    """
    if whole is None or shape:
        raise ValueError(
            f"label: {label!r} holds numbers {list(shape)} and no class; give a label of classes, "
            "or use Regression"
        )
    if whole[0] < 0:
        raise ValueError(
            f"label: {label!r} goes from {whole[0]} on, and classes are counted from 0; give "
            "another"
        )
    if whole[1] >= number:
        raise ValueError(
            f"{field}: {label!r} has {whole[1] + 1}; need as many or more, got {number}"
        )


def target(activity: Activity, label: str | None) -> Tensor:
    """The label of that name, [time, batch, ...], which the data set gives with each window.

    Raises:
        ValueError: if there is none, naming those that there are.
    """
    if label not in activity.labels:
        given = ", ".join(sorted(activity.labels)) or "none"
        raise ValueError(f"label: the data give no {label!r}; there are {given}")
    return activity.labels[label]
