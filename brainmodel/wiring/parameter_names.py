"""What a brain calls its parameters: the names are made and taken apart here alone.

"areas.AREA.KEY"                    of an area, KEY as in `areas.keys`
"rules.AREA.NAME"                   of an area's rule
"scope.feedback.groups.AREA..."     of the feedback through which learning signals return
"""

from typing import NamedTuple

from areas.keys import slug
from brainmodel.learning.rule import name_in_rule


class ParameterName(NamedTuple):
    """A parameter's name in three parts."""

    section: str  # "areas", "rules", "objectives", "groups", "scope"
    owner: str  # within the section, such as an area
    key: str  # within the owner; empty if the parameter is the owner itself


def full_name(area: str, key: str) -> str:
    """The brain's name of a parameter that an area, or its rule, knows by `key`."""
    own = name_in_rule(key)
    return f"areas.{area}.{key}" if own is None else f"rules.{area}.{own}"


def feedback_name(area: str, key: str, name: str) -> str:
    """The brain's name of a parameter of the feedback of the synapses that an area knows by `key`.

    Of the feedback of a scope, that is; the one of a predictor belongs to its area.
    """
    return f"scope.feedback.groups.{area}.{slug(key)}.{name}"


def take_apart(name: str) -> ParameterName:
    """The parts of a brain's name of a parameter."""
    section, owner, *key = name.split(".", 2)
    return ParameterName(section, owner, "".join(key))
