"""What perturbations do in a window; it stands among the inputs, as all that comes from outside.

    clamp of V1, of LM_V1    c(t): what is added behind the gain (`areas.loops.gain`)
    gains within V1          gains of the currents of its units
    order of LM_V1           whose message each stream hears
    level of V1              a factor of the area's learning signal

So the backward pass of every scope, and steps that wait for their learning signals, know them.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from areas.loops.gain import CLAMP, GAIN, Gained, gain_of_current
from brainmodel.wiring.outside import current_into, gain_of
from brainmodel.wiring.wiring import Wiring


def clamp_of(name: str) -> str:
    """By what name the clamp of an area or pathway stands among the inputs of a window."""
    return f"clamp of {name}"


def gains_within(name: str) -> str:
    """By what name the gains of an area's currents do, [time, batch, current * unit, ...]."""
    return f"gains within {name}"


def order_of(name: str) -> str:
    """By what name the streams do whose message each stream hears over a pathway, [time, batch]."""
    return f"order of {name}"


def level_of(name: str) -> str:
    """By what name a factor of an area's learning signal does, as of `LearningSignal`."""
    return f"level of {name}"


def is_changed(pathway: str, inputs: Mapping[str, Tensor]) -> bool:
    """Whether what arrives over a pathway is reordered, multiplied or added to from outside."""
    return any(of(pathway) in inputs for of in (order_of, gain_of, clamp_of))


def arrived(
    pathway: str, message: Tensor, inputs: Mapping[str, Tensor], step: int | None = None
) -> Tensor:
    """What arrives over a pathway, where it is reordered, multiplied or added to from outside.

    Args:
        pathway: its name.
        message: what would arrive, [time, batch, ...], or [batch, ...] of one step.
        inputs: of the same steps, what comes from outside among them.
        step: which of their steps the message is of; all unless given.
    """
    given = (inputs.get(of(pathway)) for of in (order_of, gain_of, clamp_of))
    order, gain, clamp = (g if g is None or step is None else g[step] for g in given)
    message = message if order is None else reordered(message, order)
    message = message if gain is None else gain * message
    return message if clamp is None else message + clamp


def reordered(message: Tensor, order: Tensor) -> Tensor:
    """What each stream hears where it hears another, of [time, batch, ...] or [batch, ...]."""
    order = order.long()
    if order.dim() == 1:
        return message[order]
    return message[torch.arange(len(order), device=order.device)[:, None], order]


def put_back(heard: Tensor, order: Tensor) -> Tensor:
    """The transpose of `reordered`: derivatives by what was heard, [time, batch, ...], back to the
    streams that were heard."""
    order, steps = order.long(), torch.arange(len(order), device=order.device)
    return torch.zeros_like(heard).index_put((steps[:, None], order), heard, accumulate=True)


def joined(
    brain: Wiring, found: dict[str, Tensor], more: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """What comes from outside, and what perturbations do besides, under the names of inputs.

    Args:
        brain: the brain, its areas open for what they are told.
        found: gains and currents that were given, and noise.
        more: what perturbations do; it acts on what was found.
    """
    made = found | dict(more)
    for name in found.keys() & more.keys():
        added = name.startswith(current_into(""))
        made[name] = found[name] + more[name] if added else found[name] * more[name]
    for name in brain.areas:
        cell = brain.area(name).cell
        if isinstance(cell, Gained) and cell.opened != (GAIN,):
            made |= _side_by_side(name, cell, brain.area(name).units, made)
    return made


def _side_by_side(
    name: str, cell: Gained, units: tuple[int, ...], found: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """All constants of an area that has more than gains, as one; none where nothing is told."""
    told = {GAIN: found.get(gain_of(name)), CLAMP: found.get(clamp_of(name))}
    within = found.get(gains_within(name))
    if within is not None:
        parts = within.split(units[0], dim=2)
        told |= {gain_of_current(k): part for k, part in enumerate(parts)}
    given = [value for value in told.values() if value is not None]
    if not given:
        return {}
    shape = (*given[0].shape[:2], *units)
    made = []
    for constant in cell.opened:
        value = told.get(constant)
        usual = float(constant != CLAMP)
        made.append(given[0].new_full(shape, usual) if value is None else value)
    return {gain_of(name): torch.cat(made, dim=2)}
