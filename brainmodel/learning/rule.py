"""The contract of a learning rule: from what happened and what the loss says of it, gradients.

A rule is the backward pass of one area's recurrence over a window. It is a pure function with
explicit memory, so two rules can be compared on one roll-out by comparing two dictionaries.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from areas import Area, SymmetricFeedback
from areas.record import Record
from brainmodel.learning.learning_signal import LearningSignal

Gradients = dict[str, Tensor]  # by key: `areas.keys` for an area's own, `of_rule` for a rule's
Memory = Any  # what a rule carries between windows: a pytree of tensors, or None


OWN = "rule."


def of_rule(name: str) -> str:
    """Key of the parameter of that name which a rule owns."""
    return OWN + name


def name_in_rule(key: str) -> str | None:
    """The name that a rule gives its own parameter of a key; None for a key of the area's."""
    return key.removeprefix(OWN) if key.startswith(OWN) else None


class Criteria(NamedTuple):
    """What kind of rule it is, by the criteria of Marschall, Cho & Savin (2020), section 3.

    Costs are of one step and one stream; N units, M sources of each, T steps of a window.
    """

    facing: Literal["past", "future"]  # does it carry influences on, or credit back?
    tensor: str  # the structure it keeps, such as "e_ij" or "M_kij"
    stochastic: bool  # does chance enter the gradient itself?
    closed_form: bool  # computed, or found numerically (by descent, by perturbation)?
    time: str  # such as "N M"
    memory: str  # likewise


class Rule(nn.Module, ABC):
    """A learning rule of one area.

    A rule may own parameters or buffers (feedback weights, say); it makes them in `build` and
    returns gradients for its parameters under the keys that `of_rule` makes.

    Attributes:
        criteria: what kind of rule it is.
        exact: whether it gives the whole gradient of the area's loss, or leaves something out.
    """

    criteria: ClassVar[Criteria]
    exact: ClassVar[bool] = False

    def build(self, area: Area) -> None:
        """Prepare for an area, once, before training.

        Raises:
            ValueError: if the rule does not fit the area's cell or units.
        """

    def plastic(self, key: str) -> bool:
        """Whether the rule changes the area's parameter of this key."""
        return True

    @abstractmethod
    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """Gradients of the area's parameters by key, summed over steps and streams.

        Args:
            area: the area.
            record: what happened over the window.
            signal: what the loss says of it.
            memory: what the rule remembered BEFORE the window; None at the very first.
        """

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """What to carry into the next window. It sees no learning signal."""
        return None

    def recall(self, area: Area, state_bar: dict[str, Tensor], memory: Memory) -> Gradients:
        """What the memory makes of derivatives by the state before the window, as gradients.

        Args:
            area: the area.
            state_bar: by state field, [batch, *units].
            memory: what was remembered before the window; None at the very first.
        """
        return {}

    @property
    def cuts(self) -> bool:
        """Whether the rule hides the way through the recurrent synapses (see `Area.step`).

        Scope `global` differentiates the whole brain and asks each rule what it lets through.
        """
        return False


def need_dense(rule: Rule, area: Area, instead: str) -> None:
    """Refuse maps with a ValueError that names the rules to use `instead`."""
    if len(area.units) > 1:
        raise ValueError(
            f"rule {type(rule).__name__}: needs dense units, got maps {list(area.units)}; "
            f"use {instead}"
        )


def need_symmetric(rule: Rule, area: Area, instead: str) -> None:
    """Refuse areas that feel their prediction error where it comes back other than as a derivative.

    A rule that carries the influence of weights on units forward follows the way through the
    area's own error as it is; one that went back another way would not be that rule.

    Raises:
        ValueError: naming the rules to use `instead`.
    """
    predictor = area.predictor
    if "error" not in area.afferents or predictor is None:
        return
    if not isinstance(predictor.feedback, SymmetricFeedback):
        raise ValueError(
            f"rule {type(rule).__name__}: follows the way through the area's own error, so its "
            f"predictor needs areas.SymmetricFeedback, got {type(predictor.feedback).__name__}; "
            f"set afferents: [drive], or use {instead}"
        )
