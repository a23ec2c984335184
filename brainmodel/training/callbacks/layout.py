"""The page Custom Scalars of TensorBoard: what each area learns first, then how."""

import re
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


def layout(brain: Brain, off: tuple[str, ...] = ()) -> dict[str, dict[str, list[Any]]]:
    """Charts by page and title, as `SummaryWriter.add_custom_scalars` takes them.

    Args:
        brain: whose areas have the charts.
        off: kinds of curves that are not logged.
    """
    pages: dict[str, dict[str, list[Any]]] = {}
    for page, kinds in PAGES.items():
        for name in brain.areas:
            for together in _together(kinds):
                shown = [kind for kind in together if kind not in off]
                if shown:
                    tags = [f"^{kind}/{re.escape(name)}($|[.])" for kind in shown]
                    title = f"{name}: {shown[-1].replace('_', ' ')}"
                    pages.setdefault(page, {})[title] = ["Multiline", tags]
    return pages


def _together(kinds: tuple[str, ...]) -> list[list[str]]:
    """Kinds that share a chart: those of training and of held-out streams."""
    pairs = (OF_PREDICTION, OF_OBJECTIVES)
    alone = [[kind] for kind in kinds if not any(kind in pair for pair in pairs)]
    found = [[kind for kind in kinds if kind in pair] for pair in pairs]
    return [pair for pair in found if pair] + alone
