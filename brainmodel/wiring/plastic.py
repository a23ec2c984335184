"""Which groups of an area's synapses learn: by its rule, and by what its plan says of them."""

from collections.abc import Mapping

from areas import Area
from areas.keys import BIAS, belongs_to_predictor, makes, of_units
from brainmodel.learning.rule import Rule
from brainmodel.schedules import Schedule
from brainmodel.wiring.made_weights import made_in

PREDICTOR = "predictor"
"""The group of everything that ends on the prediction."""


def choose(area: Area, rule: Rule, plastic: Mapping[str, bool | Schedule]) -> dict[str, Schedule]:
    """Let an area's parameters learn or not.

    Where weights are made, what makes them does in their place.

    Args:
        area: the area.
        rule: what it learns by.
        plastic: by source, "bias" or "predictor": whether it learns, or how much.

    Returns:
        schedules by the keys of parameters.

    Raises:
        ValueError: for a group that there is not, or what is neither true, false nor a schedule.
    """
    for group, level in plastic.items():
        if not isinstance(level, (bool, Schedule)):
            raise ValueError(f"plastic.{group}: need true, false or a schedule, got {level!r}")
    keys = {group: _keys(area, group) for group in plastic}
    frozen = {key for group, own in keys.items() if plastic[group] is False for key in own}
    made = {of_units(source) for source, _ in made_in(area)}
    for key, parameter in area.weights().items():
        whole = makes(key)
        learns = key not in made and rule.plastic(whole) and whole not in frozen
        parameter.requires_grad_(learns)
    schedules = {g: level for g, level in plastic.items() if isinstance(level, Schedule)}
    return {key: level for group, level in schedules.items() for key in keys[group]}


def _keys(area: Area, group: str) -> list[str]:
    if group == PREDICTOR and area.predictor is not None:
        return [key for key in area.weights() if belongs_to_predictor(key)]
    known = [*area.synapses, BIAS]
    if group in known:
        return [of_units(group)]
    there = ", ".join(known + [PREDICTOR] * (area.predictor is not None))
    raise ValueError(f"plastic.{group}: there are no such synapses; there are {there}")
