"""The contract of a learning rule: from what happened and what the loss says of it, gradients.

A rule is the backward pass of one area's recurrence over a window. It is a pure function with
explicit memory, so two rules can be compared on one roll-out by comparing two dictionaries.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from areas import Area, SymmetricFeedback

Gradients = dict[str, Tensor]
Memory = Any  # what a rule carries between windows: a pytree of tensors, or None


class Record(NamedTuple):
    """What happened in one area over a window; all that a rule may look at.

    `keep` is 0 where a stream was reset before the step and 1 elsewhere; what comes from the step
    before is multiplied by it. It is None if no stream was reset.
    """

    sources: dict[str, Tensor]  # [time, batch, ...] of drive, error, each message, "recurrent"
    potential: Tensor  # [time, batch, *drive], the prediction before its activation
    prediction: Tensor  # [time, batch, *drive]
    currents: Tensor  # [time, batch, current * unit, ...]
    fields: dict[str, Tensor]  # state fields, [1 + time, batch, *units], as the steps left them
    keep: Tensor | None  # [time, batch]

    def before(self, field: str) -> Tensor:
        """A state field as each step found it, [time, batch, *units]."""
        return fade(self.fields[field][:-1], self.keep)

    def source(self, name: str) -> Tensor:
        """The presynaptic signal of a group of synapses at each step, [time, batch, ...]."""
        return self.before("rate") if name == "rate" else self.sources[name]

    def stretch(self, first: int, last: int) -> "Record":
        """The record of steps first, ..., last - 1."""
        steps = slice(first, last)
        return Record(
            {name: signal[steps] for name, signal in self.sources.items()},
            self.potential[steps],
            self.prediction[steps],
            self.currents[steps],
            {name: field[first : last + 1] for name, field in self.fields.items()},
            None if self.keep is None else self.keep[steps],
        )

    def join(self, later: "Record") -> "Record":
        """This record and that of the steps that follow, as one."""
        keeps = [self.keep, later.keep]
        if keeps != [None, None]:
            keeps = [
                record.currents.new_ones(record.currents.shape[:2]) if keep is None else keep
                for record, keep in zip((self, later), keeps, strict=True)
            ]
        return Record(
            {name: torch.cat([self.sources[name], later.sources[name]]) for name in self.sources},
            torch.cat([self.potential, later.potential]),
            torch.cat([self.prediction, later.prediction]),
            torch.cat([self.currents, later.currents]),
            {name: torch.cat([self.fields[name][:-1], later.fields[name]]) for name in self.fields},
            None if keeps == [None, None] else torch.cat([k for k in keeps if k is not None]),
        )


class Signal(NamedTuple):
    """What the loss says of an area: its derivatives by what the area did."""

    rate: Tensor  # [time, batch, *units], directly, not by way of the area's own prediction
    prediction: Tensor  # [time, batch, *drive], with the share that comes through the error
    level: Tensor | None = None
    """M(t), which is to multiply the learning signal: neuromodulation times plasticity, [time,
    batch], or [time, batch, unit] (channel, on maps); None for 1. Not yet in `rate` and
    `prediction`: `spread` puts it in; what a rule adds to the learning signal it multiplies by
    `heard`."""


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
    returns gradients for its parameters under names that begin with "rule.".

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

    def plastic(self, name: str) -> bool:
        """Whether the rule changes the area's parameter of this name."""
        return True

    @abstractmethod
    def gradients(self, area: Area, record: Record, signal: Signal, memory: Memory) -> Gradients:
        """Gradients of the area's parameters by name, summed over steps and streams.

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


def fade(signal: Tensor, keep: Tensor | None) -> Tensor:
    """A signal [time, batch, ...] times keep [time, batch]; the signal itself if keep is None."""
    if keep is None:
        return signal
    return signal * keep.view(*keep.shape, *[1] * (signal.dim() - 2))


def heard(signal: Tensor, level: Tensor | None) -> Tensor:
    """A signal [time, batch, unit, ...] times the level of each unit; itself if there is none."""
    if level is None:
        return signal
    return signal * level.view(*level.shape, *[1] * (signal.dim() - level.dim()))


def overall(level: Tensor | None) -> Tensor | None:
    """The level [time, batch] of what belongs to no unit: the mean over units."""
    return level.mean(2) if level is not None and level.dim() > 2 else level


def flat(signal: Tensor) -> Tensor:
    """Time and batch as one dimension: [time, batch, ...] to [time * batch, ...]."""
    return signal.reshape(-1, *signal.shape[2:])


def synaptic(area: Area, record: Record, currents_bar: Tensor) -> Gradients:
    """Gradients of an area's synapses and bias.

    Args:
        area: the area.
        record: what happened over a window (or a stretch of it).
        currents_bar: derivative of the loss by the currents, [time, batch, current * unit, ...].
    """
    found = {"bias": flat(currents_bar).transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.synapses.items():
        target = flat(currents_bar[:, :, area.reached(name)])
        found[f"synapses.{name}.weight"] = synapses.gradient(flat(record.source(name)), target)
    return found


def predictive(area: Area, record: Record, potential_bar: Tensor) -> Gradients:
    """Gradients of an area's predictor, from the derivative by its potential [time, batch, ...]."""
    if area.predictor is None:
        return {}
    found = {"predictor.bias": flat(potential_bar).transpose(0, 1).flatten(1).sum(1)}
    for name, synapses in area.predictor.synapses.items():
        gradient = synapses.gradient(flat(record.source(name)), flat(potential_bar))
        found[f"predictor.synapses.{name}.weight"] = gradient
    learnt = area.predictor.feedback.gradients(found["predictor.synapses.rate.weight"])
    return found | {f"predictor.feedback.{name}": gradient for name, gradient in learnt.items()}


def spread(area: Area, record: Record, signal: Signal) -> tuple[Tensor, Tensor, Tensor]:
    """The learning signal L(t) of each unit: what the loss says of its rate.

    A rate is judged by what is asked of it directly and by the prediction it takes part in, one
    step later: L(t) = dloss/dh(t) + B dloss/dpotential(t+1), with B = P^T or what the predictor's
    feedback has in its place (see `areas.feedback`). What is said at step t has the factor M(t) of
    that step: L(t) = M(t) dloss/dh(t) + M(t+1) B dloss/dpotential(t+1), unit by unit. The
    predictor, whose targets are no units of the area, hears the mean of M(t) over units.

    Returns:
        rate_bar [time, batch, *units]; the share of the rate BEFORE the window, [batch, *units],
        which only a rule with a memory can use; potential_bar [time, batch, *drive], the
        derivative by the potential of the predictor.
    """
    rate_bar = heard(signal.rate, signal.level).clone(memory_format=torch.contiguous_format)
    if area.predictor is None:
        return rate_bar, torch.zeros_like(rate_bar[0]), signal.prediction
    potential_bar = area.predictor.slope(record.potential, signal.prediction)
    back = area.predictor.back(flat(potential_bar)).view_as(rate_bar)
    back = heard(fade(back, record.keep), signal.level)
    rate_bar[:-1] += back[1:]
    return rate_bar, back[0].contiguous(), heard(potential_bar, overall(signal.level))


def recede(
    area: Area,
    record: Record,
    rate_bar: Tensor,
    carried_bar: list[Tensor],
    between: Callable[[int], None] | None = None,
) -> Tensor:
    """Reverse scan through the units' own states, from the last step to the first.

    Args:
        area: the area.
        record: what happened over the window.
        rate_bar: learning signal of the rates, [time, batch, *units].
        carried_bar: derivatives by the carried fields after the last step; overwritten with those
            before the first step.
        between: called with t when `carried_bar` is that before step t, which it may change; the
            scan is quicker without.

    Returns:
        derivative by the currents, [time, batch, current * unit, ...].
    """
    befores = [record.before(name) for name in area.cell.carried]
    reverse = area.dynamics.reverse(record.currents, befores, rate_bar, carried_bar)
    breaks = interrupt(record)
    for first, stop in reversed(stretches(breaks)):
        if between is None:
            reverse.run(first, stop)
        else:
            for t in reversed(range(first, stop)):
                reverse.step(t)
                between(t)
        if record.keep is not None and breaks[first]:
            for bar in carried_bar:
                bar.mul_(record.keep[first].view(-1, *[1] * (bar.dim() - 1)))
    return reverse.currents_bar


def interrupt(record: Record) -> list[bool]:
    """For each step whether any stream was reset before it."""
    if record.keep is None:
        return [False] * record.currents.shape[0]
    return (record.keep == 0).any(dim=1).tolist()


def stretches(breaks: list[bool]) -> list[tuple[int, int]]:
    """(first step, step after the last) of the stretches of steps between which nothing broke."""
    firsts = [t for t, broken in enumerate(breaks) if broken or t == 0]
    return list(pairwise([*firsts, len(breaks)]))


def still(area: Area, record: Record) -> list[Tensor]:
    """Zero derivatives by the carried fields, [batch, *units] each."""
    return [torch.zeros_like(record.fields[name][0]) for name in area.cell.carried]
