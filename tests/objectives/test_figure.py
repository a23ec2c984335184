"""The figure of what objectives make of a representation, drawn from made-up numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.objectives import AREAS, CONDITIONS, MEASURES, draw


def test_every_panel_says_what_its_axis_is_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    found = {
        (data, condition): [
            {f"{area} {measure}": float(random.random()) for area in AREAS for measure in measures}
            for _ in range(3)
        ]
        for data, measures in MEASURES.items()
        for condition in CONDITIONS
    }
    drawn: list[Figure] = []

    def keep(figure: Figure, *_: Any, **__: Any) -> None:
        drawn.append(figure)

    monkeypatch.setattr(Figure, "savefig", keep)
    draw(found, tmp_path / "objectives.png")
    (figure,) = drawn
    told = {axes.get_title(): axes.get_ylabel() for axes in figure.axes}
    assert told["digits: identity"] == "accuracy (chance 0.1)"
    assert told["scenes: pixels"] == "explained variance"
    assert len(told) == 6 and all(told.values())
