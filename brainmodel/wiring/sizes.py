"""How many weights an area has, told before they are made."""

from collections.abc import Mapping, Sequence
from math import prod

from areas.message import Message, Onto
from brainmodel.memory import require_memory
from brainmodel.wiring.plan import AreaPlan

HELD = 2
"""Numbers for each weight: itself and its gradient."""


def require_room(plan: AreaPlan, drive: Sequence[int], messages: Mapping[str, Message]) -> None:
    """Refuse an area whose weights do not fit into the memory of this machine.

    Args:
        plan: of the area.
        drive: shape of its drive.
        messages: its messages, by pathway.

    Raises:
        ValueError: naming the option that makes them so many.
    """
    units = plan.units
    afferent = len(range(*plan.cell.reach("drive").indices(len(plan.cell.currents))))
    recurrent = len(range(*plan.cell.reach("recurrent").indices(len(plan.cell.currents))))
    onto = {"drive": afferent, "error": afferent}
    errors = 1 if plan.predictor is None else plan.predictor.comparison.errors
    brought = {"drive": drive, "error": (errors * drive[0], *drive[1:])}
    own = sum(_synapses(brought[name], units, plan.kernel) * onto[name] for name in plan.afferents)
    own += _synapses(units, units, plan.kernel) * recurrent
    own += _of_messages("units", messages, units) * afferent
    extent = 2 * max(units[1:], default=0)
    fewer = "take fewer units"
    if extent and plan.kernel > extent:
        require_memory("kernel", plan.kernel, HELD * own, "take a smaller one")
    require_memory("units", list(units), HELD * own, fewer)
    if plan.predictor is not None:
        predictor = _synapses(units, drive, plan.predictor.kernel)
        predictor += _of_messages("predictor", messages, drive)
        if extent and plan.predictor.kernel > extent:
            kernel = plan.predictor.kernel
            require_memory("predictor.kernel", kernel, HELD * predictor, "take a smaller one")
        require_memory("units", list(units), HELD * predictor, fewer)


def _of_messages(onto: Onto, messages: Mapping[str, Message], target: Sequence[int]) -> int:
    """From all messages that end there."""
    ending = [message for message in messages.values() if onto in message.onto]
    return sum(_synapses(message.shape, target, message.kernel) for message in ending)


def _synapses(source: Sequence[int], target: Sequence[int], kernel: int) -> int:
    """From each value of a source onto each of a target; between maps, from each channel."""
    if len(source) == len(target) == 3:
        return source[0] * target[0] * kernel**2
    return prod(source) * prod(target)
