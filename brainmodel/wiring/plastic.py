"""Which groups of an area's synapses learn: by its rule, and by what its plan says of them."""

from collections.abc import Mapping

from areas import Area
from areas.keys import BIAS, belongs_to_predictor, of_units
from brainmodel.learning.rule import Rule
from brainmodel.schedules import Schedule

PREDICTOR = "predictor"
"""The group of everything that ends on the prediction."""


def choose(area: Area, rule: Rule, plastic: Mapping[str, bool | Schedule]) -> dict[str, Schedule]:
    """Let an area's parameters learn or not.

    Args:
        area: the area.
        rule: what it learns by.
        plastic: by source, "bias" or "predictor": whether it learns, or how much.

    Returns:
        schedules by the keys of parameters.

    Raises:
        ValueError: for a group that there is not.
    """
    keys = {group: _keys(area, group) for group in plastic}
    frozen = {key for group, own in keys.items() if plastic[group] is False for key in own}
    for key, parameter in area.weights().items():
        parameter.requires_grad_(rule.plastic(key) and key not in frozen)
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
