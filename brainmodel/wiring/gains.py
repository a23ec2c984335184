"""Gains by address: what multiplies rates of areas, or messages of pathways, from step to step.

    V1        what the units of an area send: their rates, and what their recurrent synapses carry
    V1.SST    the same of one of its populations
    LM_V1     what arrives over a pathway, at the step at which it arrives

A gain of 0 silences, one of 1 changes nothing. Silencing a pathway equals a brain without its
signal. The prediction errors of an area that is silenced are those of its silent units: whoever
wants them gone, too, silences the pathways that carry them.

Gains come from outside, as inputs do, and travel among them through the window: so the backward
pass of every scope, and steps that wait for their learning signals, know those of their own step.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from areas.loops.gain import Gained
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring

Gains = Mapping[str, Tensor | float]
"""By address: a number, or a tensor that spreads over [time, batch, *shape of what it multiplies]
from the left: [time], [time, batch], or all of it."""


def gain_of(name: str) -> str:
    """By what name the gain of an area or pathway stands among the inputs of a window."""
    return f"gain of {name}"


def resolve(brain: Wiring, gains: Gains, reset: Tensor) -> dict[str, Tensor]:
    """Gains [time, batch, *shape] by area and pathway, under the names of `gain_of`.

    Args:
        brain: the brain.
        gains: by address.
        reset: of the window, [time, batch].

    Raises:
        ValueError: in one sentence, for an address that is none, or a gain that does not fit it.
    """
    found: dict[str, Tensor] = {}
    for address, given in gains.items():
        name, _, population = address.partition(".")
        if name in brain.pathways and not population:
            found[gain_of(name)] = _spread(address, given, brain.route(name).shape, reset, brain)
            continue
        units, members = _units(brain, address, name, population)
        gain = _spread(address, given, (len(members), *units[1:]), reset, brain)
        whole = found.get(gain_of(name))
        if whole is None:
            whole = found[gain_of(name)] = gain.new_ones(*reset.shape, *units)
        whole[:, :, members] *= gain
    return found


def open_gains(brain: Wiring, found: Mapping[str, Tensor], state: BrainState) -> None:
    """Let the areas have gains that are given some.

    Raises:
        ValueError: if an area gets its first while what rules remember of it is of a time without.
    """
    from_now = [name for name in brain.areas if gain_of(name) in found]
    for name in from_now:
        if not isinstance(brain.area(name).cell, Gained):
            if state.waiting is not None or state.memories[name] is not None:
                raise ValueError(
                    f"gains.{name}: its rule remembers steps of before it had gains; give it one "
                    "(1 will do) from the first window of the streams on"
                )
            brain.area(name).open_gain()


def _units(
    brain: Wiring, address: str, name: str, population: str
) -> tuple[tuple[int, ...], Tensor]:
    """The shape of an area's units, and which of them are meant.

    Raises:
        ValueError: if there is no such area or population.
    """
    if name not in brain.areas:
        there = ", ".join([*brain.areas, *brain.pathways])
        raise ValueError(
            f"gains.{address}: there is no area or pathway {name!r}; there are {there}, and "
            "populations as AREA.POPULATION"
        )
    area = brain.area(name)
    every = torch.arange(area.units[0])
    if not population:
        return area.units, every
    try:
        return area.units, every[area.cell.members(population, area.units[0])]
    except ValueError as fault:
        raise ValueError(f"gains.{address}: {fault}") from None


def _spread(
    address: str, given: Tensor | float, shape: tuple[int, ...], reset: Tensor, brain: Wiring
) -> Tensor:
    """A gain as a tensor [time, batch, *shape].

    Raises:
        ValueError: if it does not spread over these, is not finite, or requires grad.
    """
    wanted = (*reset.shape, *shape)
    gain = torch.as_tensor(given, dtype=brain.dtype, device=reset.device)
    told = f"gains.{address}: got {tuple(gain.shape)}"
    if gain.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"gains.{address} requires grad, and no rule brings one to it: detach it")
    if not bool(gain.isfinite().all()):
        raise ValueError(f"{told} with numbers that are not finite; give 0 to silence, 1 to leave")
    try:
        return gain.view(*gain.shape, *[1] * (len(wanted) - gain.dim())).expand(wanted)
    except RuntimeError:
        raise ValueError(f"{told}; give a number, [time], [time, batch], or {wanted}") from None
