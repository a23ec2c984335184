"""Mouse V1 somata and apical dendrites to unexpected Gabors, Gillon et al. (2024): derived results.

J. Neurosci. 44:e1009232023. The recordings are DANDI 000037 (read them with `nwb.py`); here the
published results of the paper's figures, one JSON per panel:
https://github.com/colleenjg/OpenScope_CA_Analysis (MIT).

What correct use finds: unexpected minus expected responses over sessions 1, 2, 3 go -.0016, .0023,
.0061 in layer 2/3 dendrites and .037, .006, -.005 in layer 5 somata.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.readers.files import require_field, require_file

LAYERS = {"L23-Cux2": "2/3", "L5-Rbp4": "5"}
COMPARTMENTS = {"soma": "soma", "dend": "apical dendrite"}


class Difference(NamedTuple):
    """Unexpected minus expected response in one layer, compartment and session (dF/F)."""

    layer: str
    compartment: str
    session: int
    difference: float
    error: float
    null: list[float]  # [3] lower edge, median, upper edge of the null interval
    p: float


class MeanTraces(NamedTuple):
    """Mean traces around the fourth Gabor frame (dF/F)."""

    layer: str
    compartment: str
    session: int
    seconds: NDArray[np.floating[Any]]  # [time] from onset
    mean: NDArray[np.floating[Any]]  # [expected or unexpected, time]
    error: NDArray[np.floating[Any]]  # [expected or unexpected, time]


def read_differences(folder: str | Path) -> list[Difference]:
    """Figure 2B: differences with their null intervals."""
    table = _table(Path(folder) / "Fig2" / "panel_B.json", "diffs_df")
    return [
        Difference(*place, *_pair(row["diff_stats"]), null=row["null_CIs"], p=row["p_vals"])
        for place, row in table
    ]


def read_traces(folder: str | Path) -> list[MeanTraces]:
    """Figure 2A: mean traces, expected and unexpected."""
    table = _table(Path(folder) / "Fig2" / "panel_A.json", "trace_df")
    return [
        MeanTraces(
            *place,
            np.array(row["time_values"]),
            np.array(row["trace_stats"])[:, :, 0],
            np.array(row["trace_stats"])[:, :, 1],
        )
        for place, row in table
    ]


def _pair(values: list[float]) -> tuple[float, float]:
    return values[0], values[1]


def _table(path: Path, name: str) -> Iterator[tuple[tuple[str, str, int], dict[str, Any]]]:
    """Rows of a table that is stored by column, with layer, compartment and session."""
    source = require_file(path)
    try:
        held = json.loads(source.read_text())
    except json.JSONDecodeError as damage:
        raise ValueError(f"{source} is not JSON ({damage}): fetch it again.") from damage
    require_field(source, "table", name, held)
    columns: dict[str, dict[str, Any]] = held[name]
    for key in columns["lines"]:
        row = {column: values[key] for column, values in columns.items()}
        yield (LAYERS[row["lines"]], COMPARTMENTS[row["planes"]], row["sess_ns"]), row
