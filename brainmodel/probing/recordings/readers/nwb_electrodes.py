"""Where units of an NWB file were recorded: area, layer, depth and probe of each."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats, Whole
from brainmodel.probing.recordings.readers.conditions import NOWHERE, UNKNOWN, as_numbers, as_words
from brainmodel.probing.recordings.readers.events import counted
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.nwb_places import AREA_KEYS, places_of

DEPTHS = ("probe_vertical_position", "depth", "z")
AREAS = ("location", *AREA_KEYS[:-1], "ecephys_structure_acronym", "anatomical_location")
NONE = -1  # row of the electrode of a unit that has none


def unit_labels(source: Path, file: Any, chosen: Whole, area: str | None) -> dict[str, Any]:
    """Labels of the chosen units.

    The area is that of the unit's electrode; where there is none or it says nothing, that of a
    column of the units, such as `location`, or of the unit's group of electrodes.

    Args:
        source, file: of the units.
        chosen: [unit] rows of the table of units.
        area: column of units or electrodes that holds the area, if it is no usual one.

    Raises:
        ValueError: if units do not say where they were recorded, or name electrodes there are not.
    """
    rows = electrode_rows(source, file)[chosen]
    texts = _areas(source, file, rows, chosen, area)
    found = places_of(texts)
    labels: dict[str, Any] = {"areas": np.array([place.area for place in found])}
    depths = np.array([np.nan if place.depth is None else place.depth for place in found])
    of_electrodes = _first_numbers(file.electrodes, rows)
    labels["depths"] = depths if of_electrodes is None else of_electrodes
    if np.isnan(labels["depths"]).all():
        del labels["depths"]
    if file.electrodes is not None and "layer" in file.electrodes.colnames:
        labels["layers"] = np.append(_layers(source, file.electrodes), UNKNOWN)[rows]
    return labels


def _layers(source: Path, electrodes: Any) -> NDArray[np.str_]:
    return as_words(electrodes["layer"][:], "layer", str(source))


def unit_groups(source: Path, file: Any, chosen: Whole) -> list[str]:
    """[unit] name of the group of electrodes (probe) of each of the chosen units; "" if unknown."""
    units, electrodes = file.units, file.electrodes
    rows = electrode_rows(source, file)[chosen]
    own = "electrode_group" in units.colnames
    names = []
    for unit, row in zip(chosen, rows, strict=True):
        if own:
            names.append(str(units["electrode_group"][int(unit)].name))
        else:
            names.append("" if row == NONE else str(electrodes["group"][int(row)].name))
    return names


def straddling(file: Any, chosen: Whole, area: str | None) -> tuple[str, ...]:
    """A sentence on units whose electrodes lie in several areas, where none is said to be its peak.

    Args:
        file, chosen, area: as of `unit_labels`.
    """
    why = "have electrodes in several areas; each counts in that of its first"
    return counted(_straddle(file, chosen, area), "units", why)


def _straddle(file: Any, chosen: Whole, area: str | None) -> NDArray[np.bool_]:
    """[unit] whether it is one of them."""
    units, electrodes = file.units, file.electrodes
    found = np.zeros(len(chosen), bool)
    ragged = "electrodes" in units.colnames and hasattr(units["electrodes"], "target")
    if electrodes is None or not ragged or "peak_channel_id" in units.colnames:
        return found
    names = [name for name in _names(area) if name in electrodes.colnames]
    if not names:
        return found
    texts = _of_rows(electrodes, names[0], np.arange(len(electrodes)))
    if texts is None:
        return found
    areas = np.array([place.area for place in places_of(texts)])
    ends = np.asarray(units["electrodes"].data[:]).astype(int)
    held = np.asarray(units["electrodes"].target.data[:]).astype(int)
    of_units = np.split(held, ends[:-1])
    return np.array([len(set(areas[of_units[unit]]) - {UNKNOWN}) > 1 for unit in chosen], bool)


def _names(area: str | None) -> list[str]:
    """Columns that may hold the area."""
    return [area] if area else list(AREAS)


def electrode_rows(source: Path, file: Any) -> Whole:
    """[unit] row of its electrode: `peak_channel_id`, or the first of `electrodes`; -1 if none."""
    units, electrodes = file.units, file.electrodes
    if electrodes is None:
        return np.full(len(units), NONE)
    if "peak_channel_id" in units.colnames:
        return _rows_of_ids(source, np.asarray(electrodes.id[:]), units["peak_channel_id"][:])
    if "electrodes" not in units.colnames:
        return np.full(len(units), NONE)
    rows = _first_of_each(units["electrodes"])
    if rows.max(initial=NONE) >= len(electrodes):
        raise ValueError(
            f"{source}: units name row {rows.max()} of {len(electrodes)} electrodes: write the "
            "table of electrodes whole."
        )
    return rows


def _rows_of_ids(source: Path, ids: NDArray[Any], peaks: Any) -> Whole:
    row_of = {int(identity): row for row, identity in enumerate(ids)}
    if len(row_of) < len(ids):
        raise ValueError(
            f"{source}: {len(ids) - len(row_of)} electrodes have the id of another: give each an "
            "id of its own, so that peak_channel_id tells them apart."
        )
    peaks = np.asarray(peaks, float)
    none = ~np.isfinite(peaks) | ((peaks == -1) & ~np.isin(-1, ids))
    if unknown := [peak for peak in peaks[~none] if peak not in row_of]:
        raise ValueError(
            f"{source}: {len(unknown)} of {len(peaks)} units have a peak_channel_id that is no "
            f"electrode's id, such as {unknown[0]:.0f}: write the table of electrodes whole."
        )
    return np.array([NONE if no else row_of[int(p)] for p, no in zip(peaks, none, strict=True)])


def _first_of_each(column: Any) -> Whole:
    """[unit] first row that it refers to; -1 where a unit refers to none."""
    if not hasattr(column, "target"):  # one row for each unit
        return np.asarray(column.data[:]).astype(int)
    ends = np.asarray(column.data[:]).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    held = np.append(np.asarray(column.target.data[:]).astype(int), NONE)
    return np.where(ends > starts, held[np.minimum(starts, len(held) - 1)], NONE)


def _areas(source: Path, file: Any, rows: Whole, chosen: Whole, area: str | None) -> Any:
    """[unit] what is written of its place, in the first of the columns that says something."""
    units, electrodes = file.units, file.electrodes
    candidates = []
    for name in _names(area):
        if electrodes is not None and name in electrodes.colnames and (rows != NONE).any():
            candidates.append(_of_rows(electrodes, name, rows))
    for name in _names(area):
        if name in units.colnames:
            candidates.append(_of_rows(units, name, chosen))
    if area is None and "electrode_group" in units.colnames:
        groups = units["electrode_group"]
        candidates.append(np.array([str(groups[int(unit)].location) for unit in chosen]))
    candidates = [texts for texts in candidates if texts is not None]
    if not candidates:
        _refuse_nowhere(source, units, electrodes, area)
    found = np.full(len(chosen), UNKNOWN, dtype=object)
    for texts in candidates:
        says = np.array([place.area != UNKNOWN for place in places_of(texts)], bool)
        found = np.where((found == UNKNOWN) & says, texts, found)
    return found.astype(str)


def _refuse_nowhere(source: Path, units: Any, electrodes: Any, area: str | None) -> None:
    if area:
        there = [*units.colnames, *(() if electrodes is None else electrodes.colnames)]
        require_field(source, "column of text of units or electrodes", area, set(there) - {area})
    raise ValueError(
        f"{source}: units have neither peak_channel_id, electrodes nor a column such as location: "
        "give as area the column of units that holds their areas."
    )


def _of_rows(table: Any, column: str, rows: Whole) -> NDArray[np.str_] | None:
    """[unit] text of a column; "unknown" where a unit has no row; None for numbers."""
    try:
        words = as_words(table[column][:], column, "")
    except ValueError:  # several in a row: coordinates
        return None
    says = words[~np.isin(np.char.lower(words), list(NOWHERE))]
    if len(says) and as_numbers(says) is not None:
        return None
    return np.append(words, UNKNOWN)[rows]


def _first_numbers(electrodes: Any, rows: Whole) -> Floats | None:
    """[unit] depth of its electrode; NaN where it has none; None where no column says."""
    for name in DEPTHS:
        if electrodes is not None and name in electrodes.colnames:
            try:
                held = np.asarray(electrodes[name][:], float)
            except ValueError:  # text
                continue
            return np.append(held, np.nan)[rows]
    return None
