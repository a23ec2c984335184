"""Names of places as NWB files write them: an area, words, or a dictionary."""

import ast
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.readers.conditions import NOWHERE, UNKNOWN

AREA_KEYS = (
    "area",
    "location",
    "region",
    "structure",
    "brain_area",
    "brain_region",
    "acronym",
    "structure_acronym",
    "name",
)
BESIDES = re.compile(  # what may follow the area in the location of an imaging plane
    r"\s*(?:[,;(]|\blayers?\b|\bL\d|\bdepth\b|\b\d+(?:\.\d+)?\s*(?:um|µm|microns?)\b"
    r"|\b(?:(?:distal|apical|basal)\s+)*dendrit|\bsoma)"
)


class Place(NamedTuple):
    """What a text says of a place; None where it does not."""

    area: str
    depth: float | None = None
    layer: str | None = None


def place_of(text: str) -> Place:
    """The place that a text names, as it is, or by the entries of a dictionary."""
    held = _dictionary(text)
    if held is None:
        return Place(UNKNOWN if text.strip().lower() in NOWHERE else text.strip())
    area = next((str(held[key]) for key in AREA_KEYS if held.get(key)), UNKNOWN)
    layer = next((str(held[key]) for key in ("layer", "targeted_layer") if held.get(key)), None)
    depth = re.search(r"\d+(?:\.\d+)?", str(held.get("depth", held.get("imaging_depth", ""))))
    return Place(area, float(depth.group()) if depth else None, layer)


def places_of(texts: Sequence[str] | NDArray[np.str_]) -> list[Place]:
    """The places that texts name; equal texts are looked at once."""
    known = {text: place_of(text) for text in set(map(str, texts))}
    return [known[str(text)] for text in texts]


def plane_place(text: str) -> Place:
    """The place of an imaging plane: "Primary visual cortex, layer 2/3, 175 um" begins with it."""
    found = place_of(text)
    area = BESIDES.split(found.area)[0].strip(" -:") or found.area
    return found._replace(area=area)


def _dictionary(text: str) -> dict[str, Any] | None:
    """A dictionary written by Python or JSON, its keys in lower case; None if it is none."""
    if not text.strip().startswith("{"):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            held = read(text)
        except (ValueError, SyntaxError):
            continue
        if isinstance(held, dict):
            return {str(key).lower(): value for key, value in held.items()}
    return None
