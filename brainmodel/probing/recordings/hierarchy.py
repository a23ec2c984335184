"""Brain areas in the order of the visual hierarchy.

Of the mouse as Siegle et al. (2021), Nature 592:86, Fig. 2; of primates from the retina on. Areas
that are not known come after those that are, by their letters.
"""

from collections.abc import Iterable

KNOWN = (
    ("retina", "LGN", "LGd", "V1", "VISp", "V2", "LM", "VISl", "RL", "VISrl", "LP", "V3", "V3A"),
    ("V4", "MT", "AL", "VISal", "PM", "VISpm", "AM", "VISam", "PIT", "CIT", "AIT", "EVC", "IT"),
)
PLACES = {name: place for place, name in enumerate(name for row in KNOWN for name in row)}


def by_hierarchy(areas: Iterable[str]) -> list[str]:
    """The areas, the lowest first."""
    return sorted(areas, key=lambda name: (PLACES.get(name, len(PLACES)), name))
