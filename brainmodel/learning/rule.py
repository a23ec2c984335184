"""The contract of a learning rule: a window's record and learning signal in, gradients out.

A rule is the backward pass of one area's recurrence over a window. It is a pure function with
explicit memory, so two rules can be compared on one roll-out by comparing two dictionaries.

In all files of this room a name that ends in `_bar` is the derivative of the loss by what stands
before it: `rate_bar` is dloss/drate, in the shape of the rate.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from areas import Area, SymmetricFeedback
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.learning_signal import LearningSignal

Gradients = dict[str, Tensor]
"""By key: those of `areas.keys` for parameters of an area, of `of_rule` for a rule's own. Where
a whole brain is meant, by its names of parameters (`brainmodel.wiring.parameter_names`)."""
Memory = Any
"""What a rule carries from window to window: a pytree of tensors, or None."""
OWN = "rule."


def of_rule(name: str) -> str:
    """Key of a parameter that belongs to a rule, by its name there."""
    return OWN + name


def name_in_rule(key: str) -> str | None:
    """The name in its rule of the parameter of a key; None if it belongs to the area."""
    return key.removeprefix(OWN) if key.startswith(OWN) else None


class Criteria(NamedTuple):
    """What kind of rule it is, by the criteria of Marschall, Cho & Savin (2020), section 3.

    Costs are of one step and one stream; N units, M sources of each, T steps of a window.
    """

    facing: Literal["past", "future"]  # whether it carries influences forward, or credit back
    tensor: str  # what it keeps, such as "e_ij" or "M_kij"
    stochastic: bool  # whether chance enters the gradient itself
    closed_form: bool  # computed; else found numerically, by descent or by perturbation
    time: str  # such as "N M"
    memory: str  # likewise


class Rule(nn.Module, ABC):
    """A learning rule of one area.

    A rule may own parameters or buffers, such as a synthesizer or random weights. It makes them in
    `build`, and gives gradients of its own parameters by the keys that `of_rule` makes.

    Attributes:
        criteria: what kind of rule it is.
        exact: whether it gives the whole gradient of the area's loss, nothing left out.
        error_pathways: names of the pathways that it takes for carrying prediction errors.
        keeps_apart: whether what a unit learns does not depend on units that no synapse joins to
            it, so that brains of several seeds may be one (`brainmodel.seeds`). It counts for the
            very class that says so, and for none made of it.
    """

    criteria: ClassVar[Criteria]
    exact: ClassVar[bool] = False
    error_pathways: tuple[str, ...] = ()
    keeps_apart: ClassVar[bool] = False

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
            signal: derivatives of the loss by what happened.
            memory: what the rule remembered BEFORE the window; None at the very first.
        """

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """What to carry into the next window.

        It is asked in the forward pass, when no learning signal is known yet.

        Args:
            area: the area.
            record: what happened over the window.
            memory: what the rule remembered before it; None at the very first.
        """
        return None

    def memory_size(self, area: Area) -> int:
        """How many numbers the rule remembers of each stream, at the least; told before it does."""
        return 0

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """Gradients by way of the state before a window, which the memory explains by the weights.

        Scope `Global` differentiates through a window and asks for what came before it.

        Args:
            area: the area.
            state_bar: derivatives by the state before the window, by field.
            memory: what the rule remembered before the window; None at the very first.
        """
        return {}

    @property
    def cuts(self) -> bool:
        """Whether the rule leaves out the way through the recurrent synapses (see `Area.step`).

        Scope `Global` differentiates the whole brain and asks each rule.
        """
        return False


def need_dense(rule: Rule, area: Area, instead: str) -> None:
    """Refuse maps.

    Raises:
        ValueError: naming the rules to use `instead`.
    """
    if len(area.units) > 1:
        raise ValueError(
            f"rule {type(rule).__name__}: needs dense units, got maps {list(area.units)}; "
            f"use {instead}"
        )


def need_pointwise(rule: Rule, area: Area, instead: str) -> None:
    """Refuse cells whose units find statistics of all units (`Cell.normalised`).

    A rule that carries influences follows the way from unit to unit through synapses alone.

    Raises:
        ValueError: naming the rules to use `instead`.
    """
    if area.cell.normalised:
        raise ValueError(
            f"rule {type(rule).__name__}: follows units through their synapses alone, and "
            f"{type(area.cell).__name__} normalises over all units; use {instead}"
        )


def need_symmetric(rule: Rule, area: Area, instead: str) -> None:
    """Refuse areas whose units receive their own error, unless it comes back as a derivative.

    A rule that carries the influence of weights on units forward follows the way through the
    area's own error as it is. Feedback other than symmetric goes back another way, which such a
    rule would not know.

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
