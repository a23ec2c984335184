"""The page Custom Scalars of TensorBoard: what each area learns first, then how."""

import re
from collections.abc import Collection
from typing import Any

from brainmodel.brain import Brain

PAGES = {
    "what areas learn": ("held_out_relative_error", "relative_error", "held_out_terms", "terms"),
    "what units do": ("rate", "silent", "dead_outputs", "dimensionality", "gate"),
    "what synapses do": ("weight", "update", "gradient", "learning_signal", "eligibility"),
}
"""Curves by page; each chart shows one area and one kind of curve."""
OF_PREDICTION = {"held_out_relative_error", "relative_error"}
OF_OBJECTIVES = {"held_out_terms", "terms"}


def layout(
    brain: Brain, logged: Collection[str], off: tuple[str, ...] = ()
) -> dict[str, dict[str, list[Any]]]:
    """Charts by page and title, as `SummaryWriter.add_custom_scalars` takes them.

    Args:
        brain: whose areas have the charts.
        logged: names of the curves that there are; a chart for which there is none is left out. Of
            curves of held-out streams it is enough that their like of training are there.
        off: kinds of curves that are not shown.
    """
    pages: dict[str, dict[str, list[Any]]] = {}
    for page, kinds in PAGES.items():
        for name in brain.areas:
            for together in _together(kinds):
                tags = {kind: f"^{kind}/{re.escape(name)}($|[.])" for kind in together}
                there = any(re.search(tag, curve) for tag in tags.values() for curve in logged)
                shown = [kind for kind in together if there and kind not in off]
                if shown:
                    title = f"{name}: {shown[-1].replace('_', ' ')}"
                    found = ["Multiline", [tags[kind] for kind in shown]]
                    pages.setdefault(page, {})[title] = found
    return pages


def _together(kinds: tuple[str, ...]) -> list[list[str]]:
    """Kinds that share a chart: those of training and of held-out streams."""
    pairs = (OF_PREDICTION, OF_OBJECTIVES)
    alone = [[kind] for kind in kinds if not any(kind in pair for pair in pairs)]
    found = [[kind for kind in kinds if kind in pair] for pair in pairs]
    return [pair for pair in found if pair] + alone
