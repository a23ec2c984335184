"""A period by a label: as long as it has certain values."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from brainmodel.perturbation.period import Period, WholeRanges, label_of, require_label


class During(Period):
    """As long as a label has one of some values, such as a condition, or is true.

    Args:
        label: its name.
        values: whole numbers; 1 unless given, which is also what is true.

    Raises:
        ValueError: if there are no values; in `require` and `steps`, if there is no such label.
    """

    def __init__(self, label: str, values: Sequence[int] = (1,)):
        if not values:
            raise ValueError(f"values: are none; give those of {label!r} at which it acts")
        self.label, self.values = label, tuple(values)

    def steps(
        self, reset: Tensor, labels: Mapping[str, Tensor], carried: Any
    ) -> tuple[Tensor, Any]:
        """See `Period.steps`."""
        now = label_of(self.label, labels).to(reset.device)
        return torch.isin(now.double(), torch.tensor(self.values).to(now.device).double()), carried

    def require(self, labels: WholeRanges, trial: int | None, anew: bool) -> None:
        """See `Period.require`."""
        require_label(self.label, labels)
        whole = labels[self.label]
        if whole is None:
            return
        for value in self.values:
            if not whole[0] <= value <= whole[1]:
                raise ValueError(
                    f"values: {self.label!r} is a whole number from {whole[0]} to {whole[1]}, and "
                    f"never {value}"
                )
