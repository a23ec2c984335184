"""Areas on processes: what is placed where, and what has to be refused."""

from collections.abc import Mapping

from brainmodel.brain import AreaPlan
from brainmodel.learning.credit.stream_noise import NoisyRule
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Local, Scope

SHOWN = ("rate", "prediction", "error")


def require_placed(areas: Mapping[str, AreaPlan], placement: Mapping[str, int]) -> None:
    """Refuse a placement that leaves out an area or a part: ValueError."""
    if set(placement) != set(areas):
        odd = min(set(placement) ^ set(areas))
        raise ValueError(f"placement.{odd}: need the part of each area, {', '.join(areas)}")
    parts = sorted(set(placement.values()))
    if parts != list(range(len(parts))):
        raise ValueError(f"placement: need parts 0, 1, ... with areas in each, got {parts}")


def require_local(areas: Mapping[str, AreaPlan], scope: Scope | None) -> None:
    """Refuse what would need more than signals of other processes: ValueError."""
    if scope is not None and type(scope) is not Local:
        raise ValueError(
            f"scope: {type(scope).__name__} sends learning signals from area to area, which would "
            "cross from process to process; areas on several processes need scope Local"
        )
    for name, plan in areas.items():
        if plan.noise is not None:
            raise ValueError(f"areas.{name}.noise: is not for areas on several processes; set null")
        if isinstance(plan.rule, NoisyRule):
            raise ValueError(
                f"areas.{name}.rule: {type(plan.rule).__name__} draws random numbers, which would "
                "be others than those of one process; use a rule that draws none"
            )


def require_told(pathways: Mapping[str, Pathway], placement: Mapping[str, int]) -> None:
    """Refuse a pathway whose gate is elsewhere, or that carries what is not told: ValueError.

    Args:
        pathways: by name, written out.
        placement: the part of each area.
    """
    for name, way in pathways.items():
        to = placement[way.target]
        if way.gate is not None and placement[way.gate.by] != to:
            raise ValueError(
                f"pathways.{name}.gate: {way.gate.by} is in another part; place it there"
            )
        if placement.get(way.source, to) == to:
            continue
        if way.carries not in SHOWN or way.population is not None:
            what = way.population or way.carries
            raise ValueError(
                f"pathways.{name}: carries {what} to another part; rate, prediction or error of "
                "all units can be told"
            )
