"""What will take the steps of a brain, in words, as far as its config tells."""

from collections.abc import Mapping
from typing import Any

from areas.loops.compiled import which_loops


def steps_told(model: Mapping[str, Any]) -> str:
    """What takes steps on the processor; cells may still stand in the way of native loops.

    Args:
        model: the section of the config.
    """
    scope, engine = (_name(model.get(part)) for part in ("scope", "engine"))
    if scope != "Global":
        return which_loops()
    how = "tensor calls" if engine in ("", "Plain") else f"the engine {engine}"
    return f"{how} where the brain learns (scope Global), else by {which_loops()}"


def _name(part: Any) -> str:
    """The name of a part's class, empty where nothing is said of it."""
    return part.get("class_path", "").rpartition(".")[2] if isinstance(part, Mapping) else ""
