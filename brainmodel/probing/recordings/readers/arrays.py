"""A recording from named arrays, as .mat and .rds files hold them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.recordings.leave_out import USUAL, LeaveOut
from brainmodel.probing.recordings.missing import as_responses
from brainmodel.probing.recordings.readers.conditions import (
    as_areas,
    by_condition,
    conditions,
    labels_in_order,
)
from brainmodel.probing.recordings.readers.files import require_field
from brainmodel.probing.recordings.readers.nested import Unreadable
from brainmodel.probing.recordings.recording import Recording

ORDER = ("neuron", "stimulus", "repeat", "time")


@dataclass(frozen=True)
class Layout:
    """Which of the named arrays is what.

    Args:
        responses: name of the variable, or its path within structures, "data.responses"; a list
            of arrays of one shape counts as one array whose first axis is the list's, and so does
            a field of an array of structures.
        axes: its axes in order, among "neuron stimulus repeat time"; those not named have length
            one. E.g. "stimulus neuron". "trial" stands for stimulus and repeat where `stimulus`
            says which trial showed what. E.g. "trial neuron time".
        edges: [time + 1] of the bins, s from stimulus onset.
        unit: of the responses.
        areas: name of a variable with one area per neuron or, if there is none, the area itself.
        stimulus: names of variables with one value per trial (or per stimulus) that together name
            what was shown; stimuli are numbered from 0000 unless given. Trials of one name are its
            repeats; numbers sort as numbers (`readers/conditions.py`).
    """

    responses: str
    axes: str
    edges: Sequence[float]
    unit: str
    areas: str
    stimulus: Sequence[str] = ()

    def __post_init__(self) -> None:
        named = self.axes.split()
        known = ("neuron", "trial", "time") if "trial" in named else ORDER
        if len(set(named)) != len(named) or not set(named) <= set(known):
            raise ValueError(
                f"axes is {self.axes!r}: name each axis once, among {' '.join(ORDER)}, or among "
                "neuron trial time."
            )
        if "trial" in named and not self.stimulus:
            raise ValueError(
                f"axes is {self.axes!r} and stimulus is empty: say which variables tell what each "
                "trial showed."
            )


def recording_of(
    held: Mapping[str, Any], layout: Layout, source: str, leave_out: LeaveOut = USUAL
) -> Recording:
    """The recording that named arrays hold.

    Args:
        held: arrays by name.
        layout: which is what.
        source: of the arrays, for messages.
        leave_out: `blanks` is looked at, where `layout.stimulus` names what was shown.

    Raises:
        ValueError: if a variable is missing or has other axes; in one sentence.
    """
    for name in (layout.responses, *layout.stimulus):
        require_readable(held, name, source)
    where = f"{source}: {layout.responses}"
    values, of_counts = as_responses(_numbers(held[layout.responses], where))
    if "trial" in layout.axes.split():
        trials = to_axes(values, layout.axes, where, ("neuron", "trial", "time"))
        columns = stimulus_columns(held, layout.stimulus, trials.shape[1], source)
        found = conditions(columns, leave_out, source, named=len(columns) > 1)
        responses, stimuli, left_out = by_condition(trials, found), found.stimuli, found.left_out
    else:
        responses = to_axes(values, layout.axes, where, ORDER)
        stimuli, left_out = np.array([f"{k:04d}" for k in range(responses.shape[1])]), ()
        if layout.stimulus:
            columns = stimulus_columns(held, layout.stimulus, len(stimuli), source)
            stimuli, keep, left_out = labels_in_order(columns, leave_out, source)
            responses = responses[:, keep]
    return Recording(
        responses,
        _areas(held, layout.areas, len(responses), source),
        stimuli,
        np.asarray(layout.edges, float),
        layout.unit,
        source,
        left_out=(*of_counts, *left_out),
    )


def require_readable(held: Mapping[str, Any], name: str, source: str) -> None:
    """ValueError in one sentence, if there is no variable of that name, or it cannot be read."""
    require_field(source, "variable", name, held)
    value = held[name]
    if isinstance(value, Unreadable):
        raise ValueError(
            f"{source}: {name} is a {value.kind}, which cannot be read: {value.remedy}."
        )


def _numbers(value: Any, name: str) -> NDArray[Any]:
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.tolist()
    try:
        found = np.asarray(value)
        if found.dtype.kind in "cmM":  # complex numbers, times
            raise TypeError(found.dtype)
        return found if found.dtype.kind in "iub" else found.astype(float)
    except (ValueError, TypeError) as problem:
        shapes = {np.shape(part) for part in value} if isinstance(value, list) else {}
        if len(shapes) > 1:
            raise ValueError(
                f"{name} holds arrays of {len(shapes)} shapes, such as {sorted(shapes)[:2]}: fill "
                "them up to one shape with NaN."
            ) from problem
        raise ValueError(f"{name} holds no numbers: name the variable with responses.") from problem


def to_axes(
    values: NDArray[Any], axes: str, name: str, order: Sequence[str] = ORDER
) -> NDArray[Any]:
    """An array whose axes stand in `order`; axes that it lacks get length one.

    Args:
        values: the array.
        axes: names of its axes.
        name: of the array, for messages.
        order: names of the axes that are wanted.
    """
    given = axes.split()
    if len(given) != values.ndim:
        raise ValueError(
            f"{name} has shape {values.shape} but axes is {axes!r}: name each of its axes once, "
            "but none of length one, if MATLAB or R dropped it."
        )
    present = values.transpose([given.index(axis) for axis in order if axis in given])
    return present.reshape([values.shape[given.index(a)] if a in given else 1 for a in order])


def stimulus_columns(
    held: Mapping[str, Any], variables: Sequence[str], count: int, source: str
) -> dict[str, NDArray[Any]]:
    """[trial] values of variables, by name.

    Raises:
        ValueError: if a variable has not one value for each.
    """
    columns = {}
    for name in variables:
        try:
            values = np.atleast_1d(np.squeeze(np.asarray(held[name])))
        except ValueError:  # of different lengths
            values = np.empty((0, 0))
        if values.shape != (count,):
            raise ValueError(f"{source}: {name} has shape {values.shape}: give {count} values.")
        columns[name] = values
    return columns


def by_stimulus(trials: NDArray[Any], names: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Trials [neuron, trial, time] as [neuron, stimulus, repeat, time], and the stimuli, in order.

    NaN where a stimulus was shown less often than another.
    """
    found = conditions({"names": names}, LeaveOut(blanks=False), "trials")
    return by_condition(trials, found), found.stimuli


def require_no_slip(area: str, names: Collection[str], source: str) -> None:
    """ValueError if what is given as an area is nearly the name of a variable: it is meant so."""
    if area in names or len(area) < 4:  # of a short name too much is near
        return
    if meant := get_close_matches(area, list(map(str, names)), 1, 0.7):
        raise ValueError(
            f"{source}: there is no {area!r}, but there is {meant[0]!r}: give as areas the name of "
            "what holds them, or the area itself."
        )


def _areas(held: Mapping[str, Any], areas: str, neurons: int, source: str) -> NDArray[Any]:
    within = "." in areas and any(name.split(".")[0] == areas.split(".")[0] for name in held)
    if areas not in held and not within:
        require_no_slip(areas, held, source)
        return np.array([areas] * neurons)
    require_readable(held, areas, source)
    if np.size(held[areas]) == 1:
        return np.repeat(as_areas(np.ravel(held[areas]), areas, source), neurons)
    return as_areas(np.atleast_1d(held[areas]), areas, source)
