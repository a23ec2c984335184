"""Weights of the same shapes may be those of another brain: what says how it computes is compared.

An LSTM and a subLSTM of as many units have weights of the same shapes. What a brain learns for, and
by which rule, may change from run to run; what areas and pathways make of their weights may not.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from brainmodel.errors import Refused

COMPUTES = ("cell", "units", "predictor", "afferents", "kernel", "connectivity", "projections")
"""Of an area: what it makes of its weights."""
LEARNS = ("objectives", "weights", "rule", "plastic")
"""Of an area: what it learns for, and how."""
UNSEEN = ("num_workers", "cache")
"""Of data: what streams do not depend on."""
ORDERED = ".cell.of"
"""Populations, whose units lie in their order."""
WHOLE = (".projections", ".plastic")
"""What is not said of one of these is said: that it is as usual."""
REMEDY = "give the config that lies beside the checkpoint's run"


def require_same_brain(content: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of a brain that computes something else with its weights.

    Args:
        content: of the checkpoint; where it does not say what its brain was, nothing is refused.
        own: the model section of the config, with the shapes of inputs.

    Raises:
        Refused: naming the first part that differs.
    """
    saved = content.get("hyper_parameters") or {}
    for place, was, now in _differences(_computes(saved), _computes(own)):
        raise Refused(
            f"ckpt_path: {place} is {_told(was)} in the checkpoint and {_told(now)} in the brain; "
            + REMEDY
        )


def learns_otherwise(content: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """What a brain learns for, or how, other than in the run before: a sentence for each.

    Args:
        content, own: as of `require_same_brain`.
    """
    saved = content.get("hyper_parameters") or {}
    return [
        f"{place} was {_told(was)}, and is {_told(now)} from here on."
        for place, was, now in _differences(_learns(saved), _learns(own))
    ]


def shows_otherwise(content: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """What the data are other than in the run before: a sentence for each.

    Args:
        content: of the checkpoint; where it does not say what its data were, nothing is said.
        own: the data section of the config.
    """
    saved = content.get("datamodule_hyper_parameters") or {}
    return [
        f"{place} was {_told(was)}, and is {_told(now)} from here on."
        for place, was, now in _differences(saved, own, "data")
        if place.rpartition(".")[2] not in UNSEEN
    ]


def require_same_optimizer(content: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose moments are those of another optimizer.

    Args:
        content, own: as of `require_same_brain`.

    Raises:
        Refused: naming both.
    """
    was, now = (
        (held.get("optimizer") or {}).get("class_path")
        for held in (content.get("hyper_parameters") or {}, own)
    )
    if was and now and was != now:
        raise Refused(
            f"model.optimizer: is {now}, and the checkpoint holds what {was} remembers; give that, "
            "or begin anew"
        )


def require_same_frozen(content: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose optimizer remembers other synapses than would learn.

    Args:
        content, own: as of `require_same_brain`.

    Raises:
        Refused: naming the area.
    """
    saved = (content.get("hyper_parameters") or {}).get("areas") or {}
    for name, area in (own.get("areas") or {}).items():
        was, now = _frozen(saved.get(name) or {}), _frozen(area)
        if name in saved and was != now:
            raise Refused(
                f"ckpt_path: areas.{name}.plastic freezes {_list(now)}, and froze {_list(was)} as "
                "the optimizer began to remember; give the same, or a schedule from the start"
            )


def _frozen(area: Mapping[str, Any]) -> set[str]:
    return {group for group, plastic in (area.get("plastic") or {}).items() if plastic is False}


def _list(groups: set[str]) -> str:
    return ", ".join(sorted(groups)) or "nothing"


def _learns(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {"areas": _of_areas(plain, LEARNS), "scope": plain.get("scope")}


def _of_areas(plain: Mapping[str, Any], options: Collection[str]) -> dict[str, dict[str, Any]]:
    areas = plain.get("areas") or {}
    return {n: {k: v for k, v in area.items() if k in options} for n, area in areas.items()}


def _computes(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "areas": _of_areas(plain, COMPUTES),
        "pathways": plain.get("pathways") or {},
        "inputs": {name: list(shape) for name, shape in (plain.get("inputs") or {}).items()},
    }


def _differences(saved: Any, own: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where, what was, what is; options that one of them does not know are left out."""
    if isinstance(saved, Mapping) and isinstance(own, Mapping):
        classes = [held.get("class_path") for held in (saved, own)]
        if None not in classes and classes[0] != classes[1]:
            yield place, saved, own
            return
        if place.endswith(ORDERED) and list(saved) != list(own):
            yield place, list(saved), list(own)
            return
        if place.endswith(WHOLE) and saved.keys() != own.keys():
            yield place, saved, own
            return
        for key in saved:
            if key in own:
                inner = place if key == "init_args" else f"{place}.{key}".lstrip(".")
                yield from _differences(saved[key], own[key], inner)
    elif _are_parts(saved) and _are_parts(own) and len(saved) == len(own):
        for index, pair in enumerate(zip(saved, own, strict=True)):
            yield from _differences(*pair, place=f"{place}.{index}")
    elif saved != own:
        yield place.removesuffix(".class_path"), saved, own


def _are_parts(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(part, Mapping) for part in value)


def _told(value: Any) -> Any:
    return value["class_path"] if isinstance(value, Mapping) and "class_path" in value else value
