"""What will take the steps of a brain, in words, as far as its config tells."""

from collections.abc import Mapping
from pydoc import locate
from typing import Any

from areas.loops.compiled import which_loops
from brainmodel.engines import Plain
from brainmodel.scopes import Local


def steps_told(model: Mapping[str, Any]) -> str:
    """What takes steps on the processor; cells may still stand in the way of native loops.

    Args:
        model: the section of the config.
    """
    scope, engine = _kind(model.get("scope"), Local), _kind(model.get("engine"), Plain)
    if not scope.steps_literally:
        return which_loops()
    how = "tensor calls" if engine is Plain else f"the engine {engine.__name__}"
    return f"{how} where the brain learns (scope {scope.__name__}), else by {which_loops()}"


def _kind(part: Any, usual: type) -> Any:
    """The class of a part, or the usual one where the config says nothing of it."""
    path = part.get("class_path") if isinstance(part, Mapping) else None
    return locate(path) if path else usual
