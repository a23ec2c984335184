"""An account of weights: how much each cause changed them, and what the changes add up to.

    delta w = sum over components c of delta w_c
    along_c  = <delta w_c, delta w> / |delta w|^2              over components, these add up to 1
    cosine_c = <delta w_c, delta w> / ( |delta w_c| |delta w| )

The components are the objectives, by the names "AREA.OBJECTIVE" and "groups.OBJECTIVE", and the
names below. All numbers are float64, on the CPU, in the units of the weights.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel.learning.rule import Gradients

NO_OBJECTIVE = "no objective"
"""What rules learn without any loss of the window: terms of their own; what waited (Adjacent)."""
CLIPPING = "clipping"
"""What became of gradients before the optimizer had them: clipped, held back; and rounding."""
MOMENTUM_OF = "momentum of "
"""Before the name of a component: what the optimizer made of it beyond the plain step -lr g, by its
memory and by rescaling; of SGD, Adam and AdamW."""
MOMENTUM = "momentum"
"""What else the optimizer did beyond it: all, where its memory cannot be parted."""
DECAY = "decay"
"""-lr lambda w, of the optimizer (coupled or not) and of what decays in predictors."""
PROJECTION = "projection"
"""What follows a step in the brain: signs, weights made anew, less plasticity by perturbation."""
SCALING = "scaling"
"""What callbacks do then: synaptic scaling."""
TOTAL = "total"


class Entry(NamedTuple):
    """One component of the change of some weights."""

    component: str
    norm: float  # |delta w_c|, in the units of the weights
    along: float  # its share of the whole change; no number where nothing changed
    cosine: float  # no number where it, or the whole, is 0


class Account:
    """Changes of weights over some steps.

    Attributes:
        steps: of the optimizer that are accounted for.
        changes: by component, by name of a parameter of the brain, in the shape of the weights.
        total: what changed, by name of a parameter: after minus before, measured.
        levels: by area that has a modulator, the mean of M(t) in each window.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.changes: dict[str, Gradients] = {}
        self.total: Gradients = {}
        self.levels: dict[str, list[float]] = {}

    def book(self, component: str, name: str, change: Tensor) -> None:
        """Add a change of a parameter to a component."""
        own = self.changes.setdefault(component, {})
        own[name] = own[name] + change if name in own else change

    def add(self, other: "Account") -> None:
        """Add the changes of other steps of the same weights."""
        self.steps += other.steps
        for component, changes in other.changes.items():
            for name, change in changes.items():
                self.book(component, name, change)
        for name, change in other.total.items():
            self.total[name] = self.total[name] + change if name in self.total else change
        for area, levels in other.levels.items():
            self.levels.setdefault(area, []).extend(levels)

    def entries(self, meant: Mapping[str, Tensor]) -> list[Entry]:
        """The components of the change of some weights, and at last the whole.

        Args:
            meant: by name of a parameter, 1 (or true) at each weight that is meant and 0 at others,
                in the shape of the weights: a group of a ledger, or what an assay found.

        Raises:
            ValueError: for a parameter that was not watched, or a mask of another shape.
        """
        for name, mask in meant.items():
            if name not in self.total:
                there = ", ".join(self.total) or "none"
                raise ValueError(f"there is no account of {name!r}; there are {there}")
            if mask.shape != self.total[name].shape:
                shape, own = tuple(self.total[name].shape), tuple(mask.shape)
                raise ValueError(f"{name}: need a mask of the weights' shape {shape}, got {own}")
        whole = _chosen(self.total, meant)
        size = float(whole.norm())
        found, last = [], (PROJECTION, SCALING)  # in the order in which they come in a step
        ordered = sorted(self.changes, key=lambda c: last.index(c) + 1 if c in last else 0)
        for component in (*ordered, TOTAL):
            changes = self.total if component == TOTAL else self.changes[component]
            part = _chosen(changes, meant)
            norm, product = float(part.norm()), float(part @ whole)
            along = product / size**2 if size else float("nan")
            cosine = product / (norm * size) if norm and size else float("nan")
            found.append(Entry(component, norm, along, cosine))
        return found

    def save(self, path: Path | str) -> None:
        """Write it to a file."""
        torch.save(vars(self), path)

    @classmethod
    def load(cls, path: Path | str) -> "Account":
        """Read what `save` wrote."""
        found = cls()
        vars(found).update(torch.load(path, weights_only=True))
        return found


def _chosen(changes: Gradients, meant: Mapping[str, Tensor]) -> Tensor:
    """Changes of the weights that are meant, as one vector; 0 where there are none."""
    parts = []
    for name, mask in meant.items():
        mask = mask.cpu().double()
        parts.append((changes[name] * mask if name in changes else 0 * mask).flatten())
    return torch.cat(parts)
