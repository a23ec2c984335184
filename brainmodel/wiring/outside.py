"""What comes from outside of a brain besides its inputs, by address: gains, and currents.

    V1               an area        V1.SST            one of its populations
    V1.E.apical      a current of one population      V1.apical   a current of all units
    LM_V1            a pathway

A GAIN multiplies: what the units of an area or population send (their rates, and what their
recurrent synapses carry), or what arrives over a pathway, at the step at which it arrives. 0
silences, 1 changes nothing. Silencing a pathway equals a brain without its signal. The prediction
errors of an area that is silenced are those of its silent units: whoever wants them gone, too,
silences the pathways that carry them.

A CURRENT is added to those of units, as an electrode or an opsin adds it: to the current that is
named, or to those onto which the drive has synapses. The noise of units is such a current.

Both travel through the window among its inputs: so the backward pass of every scope, and steps that
wait for their learning signals, know those of their own step.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from areas.loops.dynamics import Dynamics
from areas.loops.gain import Gained, Outside, gained
from brainmodel.errors import named
from brainmodel.learning.credit.stream_noise import noise_at_start
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.unit_noise import noise_currents
from brainmodel.wiring.wiring import Wiring

ByAddress = Mapping[str, Tensor | float]
"""By address: a number, or a tensor that spreads over [time, batch, *shape of what is meant] from
the left: [time], [time, batch], or all of it."""


def gain_of(name: str) -> str:
    """By what name the gain of an area or pathway stands among the inputs of a window."""
    return f"gain of {name}"


def current_into(name: str) -> str:
    """By what name the currents into an area from outside stand there."""
    return f"current into {name}"


def outside_of(area: str, inputs: Mapping[str, Tensor]) -> Outside:
    """What comes to an area from outside, found among the inputs."""
    return Outside(inputs.get(gain_of(area)), inputs.get(current_into(area)))


def from_outside(
    brain: Wiring,
    reset: Tensor,
    state: BrainState,
    gains: ByAddress | None = None,
    currents: ByAddress | None = None,
) -> tuple[dict[str, Tensor], BrainState]:
    """All that comes from outside in a window besides its inputs, the noise of units included.

    Args:
        brain: the brain; areas get gains where some are given.
        reset: of the window, [time, batch].
        state: before the window.
        gains: by address.
        currents: by address.

    Returns:
        gains and currents by the names under which they stand among inputs; the state, with the
        noise of streams that begin where units have noise.

    Raises:
        ValueError: as of `gains_of`, `currents_of` and `open_gains`.
    """
    found = gains_of(brain, gains or {}, reset) | currents_of(brain, currents or {}, reset)
    open_gains(brain, found, state)
    if not brain.noise:
        return found, state
    stands = state.noise or noise_at_start(reset[0])
    for name, current in noise_currents(brain, stands, len(reset)).items():
        key = current_into(name)
        found[key] = found[key] + current if key in found else current
    return found, state._replace(noise=stands)


class _Units(NamedTuple):
    """Units of an area."""

    area: str
    shape: tuple[int, ...]  # of all its units
    members: Tensor  # numbers of those that are meant
    receive: Bool[Tensor, "current unit"]  # which currents of which units of the area are meant


def gains_of(brain: Wiring, gains: ByAddress, reset: Tensor) -> dict[str, Tensor]:
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
        with named(f"gains.{address}"):
            if address in brain.pathways:
                shape = brain.route(address).shape
                found[gain_of(address)] = _spread(given, shape, reset, brain)
                continue
            units = _units(brain, address, current=False)
            gain = _spread(given, (len(units.members), *units.shape[1:]), reset, brain)
            ones = gain.new_ones(*reset.shape, *units.shape)
            found.setdefault(gain_of(units.area), ones)[:, :, units.members] *= gain
    return found


def currents_of(brain: Wiring, currents: ByAddress, reset: Tensor) -> dict[str, Tensor]:
    """Currents [time, batch, current * unit, ...] by area, under the names of `current_into`.

    Args:
        brain: the brain.
        currents: by address, of the units [time, batch, *units] that are meant.
        reset: of the window, [time, batch].

    Raises:
        ValueError: in one sentence, for an address that is none, or a current that does not fit it.
    """
    found: dict[str, Tensor] = {}
    for address, given in currents.items():
        with named(f"currents.{address}"):
            units = _units(brain, address, current=True)
            current = _spread(given, (len(units.members), *units.shape[1:]), reset, brain)
            none = current.new_zeros(*reset.shape, *units.receive.shape, *units.shape[1:])
            total = found.setdefault(current_into(units.area), none.flatten(2, 3))
            for k, reached in enumerate(units.receive[:, units.members]):
                at = k * units.shape[0] + units.members[reached]
                total[:, :, at] += current[:, :, reached.to(current.device)]
    return found


def open_gains(brain: Wiring, found: Mapping[str, Tensor], state: BrainState) -> None:
    """Let the areas have gains that are given some.

    Raises:
        ValueError: if an area gets its first while what rules remember of it is of a time without.
    """
    for name in brain.areas:
        if gain_of(name) in found and not isinstance(brain.area(name).cell, Gained):
            if state.waiting is not None or state.memories[name] is not None:
                raise ValueError(
                    f"gains.{name}: its rule remembers steps of before it had gains; give it one "
                    "(1 will do) from the first window of the streams on"
                )
            brain.area(name).use(Dynamics(gained(brain.area(name).cell)))


def _units(brain: Wiring, address: str, current: bool) -> _Units:
    """The units that an address means, and which of their currents.

    Args:
        brain: the brain.
        address: AREA, AREA.POPULATION, and where a current may be meant, that behind a point.
        current: whether one may be meant.

    Raises:
        ValueError: if there is no such area, population or current.
    """
    name, *rest = address.split(".")
    if name not in brain.areas:
        there = ", ".join([*brain.areas, *([] if current else brain.pathways)])
        what = "area" if current else "area or pathway"
        raise ValueError(
            f"there is no {what} {name!r}; there are {there}, and populations as AREA.POPULATION"
        )
    area = brain.area(name)
    units, places = area.units[0], area.cell.places(area.units[0])
    members = torch.arange(units)
    if rest and (places or not current):
        members = members[area.cell.members(rest[0], units)]
    if len(rest) > 1 + bool(current and places):
        raise ValueError(f"there is nothing behind {'.'.join(rest[:-1])!r}; leave {rest[-1]!r} out")
    target = ".".join(rest) if current else ""
    return _Units(name, area.units, members, area.cell.receives("drive", units, target))


def _spread(given: Tensor | float, shape: tuple[int, ...], reset: Tensor, brain: Wiring) -> Tensor:
    """A number or tensor as one of [time, batch, *shape].

    Raises:
        ValueError: if it does not spread over these, is not finite, or requires grad.
    """
    wanted = (*reset.shape, *shape)
    value = torch.as_tensor(given, dtype=brain.dtype, device=reset.device)
    if value.requires_grad and torch.is_grad_enabled():
        raise ValueError("it requires grad, and no rule brings one here: detach it")
    told = f"got {tuple(value.shape)}"
    if not bool(value.isfinite().all()):
        raise ValueError(f"{told} with numbers that are not finite; give finite ones")
    try:
        return value.view(*value.shape, *[1] * (len(wanted) - value.dim())).expand(wanted)
    except RuntimeError:
        raise ValueError(f"{told}; give a number, [time], [time, batch], or {wanted}") from None
