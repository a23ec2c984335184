"""Rows of the score table, chosen: by their values, by the lag where they are best."""

from collections.abc import Sequence
from typing import Any

from brainmodel.probing.scores import Row


def distinct(rows: Sequence[Row], key: str) -> list[Any]:
    """Values of a column in order of appearance."""
    return list(dict.fromkeys(row[key] for row in rows))


def select(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """The rows with these values."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def sign_of(rows: Sequence[Row]) -> int:
    """1 where higher scores are better, -1 for distances."""
    return 1 if rows[0]["higher_is_better"] else -1


def best(rows: Sequence[Row], sign: int = 1) -> Row:
    """The row with the best score."""
    return max(rows, key=lambda row: sign * row["score"])


def at_best_lag(rows: Sequence[Row], sign: int) -> list[list[Row]]:
    """By model area (and signal): the rows of all seeds at the lag where their mean is best."""
    found = []
    for place in dict.fromkeys(map(place_of, rows)):
        mine = [row for row in rows if place_of(row) == place]
        top = max(mine, key=lambda row: sign * row["seeds_mean"])
        found.append([row for row in mine if row["lag"] == top["lag"]])
    return found


def place_of(row: Row) -> str:
    """Name of a model area, with its signal unless that is the rate."""
    plain = row["signal"] in ("rate", "frames")
    return row["model_area"] if plain else f"{row['model_area']} {row['signal']}"


def last_stage(rows: Sequence[Row]) -> int:
    """The most steps of training that a trained brain has behind it."""
    return max(row["stage"] for row in rows if row["model"] == "trained")


def plain(value: float) -> str:
    """A score with two digits and without its leading zero."""
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
