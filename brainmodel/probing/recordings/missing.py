"""Responses that are missing: what holds none at all is left out, and more on demand."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brainmodel.probing.array_types import Floats
from brainmodel.probing.recordings.leave_out import LeaveOut
from brainmodel.probing.recordings.recording import Recording

Mask = NDArray[np.bool_]


def as_responses(values: NDArray[np.generic]) -> tuple[Floats, tuple[str, ...]]:
    """Responses as floats, and what was missing: -1 among counts stands for none."""
    floats = values.astype(float)
    if values.dtype.kind != "i" or not values.size or values.min() != -1:
        return floats, ()
    missing = values == -1
    floats[missing] = np.nan
    return floats, (f"{missing.sum()} of {missing.size} counts of -1 (missing)",)


def without_missing(recording: Recording, leave_out: LeaveOut) -> tuple[Recording, Mask]:
    """The recording without what is missing, and [stimulus] which stimuli stayed.

    Bins at either end and stimuli without any response are left out always, those that some
    response lacks where `leave_out` says so; all are counted.

    Raises:
        ValueError: if nothing is left, or each neuron lacks a response to some stimulus.
    """
    there = ~np.isnan(recording.responses)
    found = _trim(recording, _any(there, (0, 1, 2)), "without any response")
    if leave_out.missing_bins:
        found = _trim(found, _bins_of_all(found), "that some responses lack")
    keep = _any(~np.isnan(found.responses), (0, 2, 3))
    found, stayed = _show(found, keep, "without any response"), keep
    if leave_out.missing_stimuli:
        keep = _stimuli_of_all(found)
        found = _show(found, keep, "that some neurons lack")
        stayed[stayed] = keep
    seen = _any(~np.isnan(found.responses), (2, 3))  # [neuron, stimulus]
    if not _all(seen, (1,)).any():
        raise ValueError(
            f"{found.source}: each neuron lacks some stimulus: {advice_on_missing(found)}."
        )
    return found, stayed


def advice_on_missing(recording: Recording) -> str:
    """What to leave out where each neuron lacks a response to some stimulus in some bin."""
    bins, stimuli = _ends(_bins_of_all(recording)), _stimuli_of_all(recording)
    if not bins.all() and bins.any():
        lost = f"{(~bins).sum()} of {len(bins)} time bins at the ends, which some responses lack"
        return f"leave_out.missing_bins: true leaves out {lost}"
    if stimuli.any() and not stimuli.all():
        lost = f"{(~stimuli).sum()} of {len(stimuli)} stimuli, which some neurons lack"
        return f"leave_out.missing_stimuli: true leaves out {lost}"
    return "choose neurons that saw the same stimuli"


def _bins_of_all(recording: Recording) -> Mask:
    """[time] bins that no repeat lacks that has any."""
    there = ~np.isnan(recording.responses)
    return _all(there | ~_any(there, (3,))[..., None], (0, 1, 2))


def _stimuli_of_all(recording: Recording) -> Mask:
    """[stimulus] stimuli of which each neuron has a whole repeat, if it has one of any."""
    whole = _any(_all(~np.isnan(recording.responses), (3,)), (2,))  # [neuron, stimulus]
    return _all(whole[_any(whole, (1,))], (0,)) & whole.any()


def _any(mask: Mask, axes: tuple[int, ...]) -> Mask:
    return np.asarray(mask.any(axes))


def _all(mask: Mask, axes: tuple[int, ...]) -> Mask:
    return np.asarray(mask.all(axes))


def _ends(keep: Mask) -> Mask:
    """[time] all but what is not kept at either end."""
    inside = np.flatnonzero(keep)
    found = np.zeros(len(keep), bool)
    if len(inside):
        found[inside[0] : inside[-1] + 1] = True
    return found


def _trim(recording: Recording, keep: Mask, why: str) -> Recording:
    stay = _ends(keep)
    if stay.all():
        return recording
    _require_any(recording, stay, "time bin", why)
    first, last = np.flatnonzero(stay)[[0, -1]]
    said = f"{(~stay).sum()} of {len(stay)} time bins at the ends, {why}"
    return replace(
        recording,
        responses=recording.responses[..., stay],
        edges=recording.edges[first : last + 2],
        left_out=(*recording.left_out, said),
    )


def _show(recording: Recording, keep: Mask, why: str) -> Recording:
    if keep.all():
        return recording
    _require_any(recording, keep, "stimulus", why)
    said = f"{(~keep).sum()} of {len(keep)} stimuli {why}"
    return replace(recording.show(keep), left_out=(*recording.left_out, said))


def _require_any(recording: Recording, keep: Mask, kind: str, why: str) -> None:
    if not keep.any():
        raise ValueError(
            f"{recording.source}: every {kind} is one {why}: look at the responses, almost all of "
            "them are NaN, or leave less out."
        )
