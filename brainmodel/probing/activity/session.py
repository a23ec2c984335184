"""A session: what a brain was given, what it did and what it was asked, step by step.

Nothing is averaged, so that it can be analysed as a session with an animal is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.probing.activity.following import LABEL, Given, follow
from brainmodel.probing.activity.model_activity import ActivityBySignal
from brainmodel.probing.array_types import Floats
from objectives.parts.readout import Readout

ANSWERS = ("readout", "policy", "actor")  # what objectives that answer call their read-outs
SPIKE = "state.spike"  # of cells that emit spikes, 0 or 1; their rate is a trace of it
NOT_TOLD = ("trial", "condition")  # labels that have columns of their own


class Session(NamedTuple):
    """What happened, all arrays [time, stream, ...]; streams go on side by side."""

    activity: ActivityBySignal  # by signal, by area: [time, stream, unit]
    inputs: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[Any]]
    answers: Mapping[str, Floats]  # by "AREA.OBJECTIVE": what is read out of the rates
    reset: NDArray[np.bool_]  # [time, stream] where a stream begins anew
    frames_per_second: float

    def trials(self) -> dict[str, NDArray[Any]]:
        """A row for each trial, in the order of streams and then of time.

        Returns:
            columns [trial]: stream, start and stop (steps of the stream; stop is the first one
            after it), whole (0 if it was cut off), trial, condition; response (the first step at
            which an answer counts, -1 if there is none); and, of each other label of one whole
            number or truth at each step, its value at the last step at which an answer counts, or
            at the last. No columns without labels of trials.
        """
        if "trial" not in self.labels:
            return {}
        rows: list[dict[str, Any]] = []
        trial = self.labels["trial"]
        for stream in range(trial.shape[1]):
            ends = [*np.flatnonzero(np.diff(trial[:, stream])) + 1, len(trial)]
            for start, stop in zip([0, *ends[:-1]], ends, strict=True):
                if trial[start, stream] >= 0:
                    rows.append(self._row(stream, int(start), int(stop), len(trial)))
        return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}

    def _row(self, stream: int, start: int, stop: int, steps: int) -> dict[str, Any]:
        own = {name: label[start:stop, stream] for name, label in self.labels.items()}
        counts = np.flatnonzero(own.get("response", np.zeros(0)))
        last = counts[-1] if len(counts) else -1
        row = {"stream": stream, "start": start, "stop": stop, "whole": int(stop < steps)}
        row |= {name: int(own[name][0]) for name in NOT_TOLD if name in own}
        row["response"] = start + int(counts[0]) if len(counts) else -1
        for name, values in own.items():
            if values.ndim == 1 and values.dtype.kind in "iub" and name not in row:
                row[name] = int(values[last])
        return row


def record_session(
    brain: Brain,
    windows: Iterable[Given],
    frames_per_second: float,
    signals: Sequence[str] = ("rate",),
) -> Session:
    """What a brain does while it is given windows of all its inputs.

    What environments say, such as what was chosen and what was paid, is among the labels.

    Args:
        brain: the brain; it is left as it was.
        windows: inputs, reset and labels, [time, stream, ...] each, one after the other, such as
            `held_out_windows` of a data set.
        frames_per_second: steps per second.
        signals: of each area, among rate, error, prediction and state; spikes of cells that emit
            some are recorded in any case, as "state.spike".

    Raises:
        ValueError: for an unknown signal, or a window that is not made for this brain.
    """
    shown = list(windows)
    spiking = any(brain.area(name).cell.emitted == "spike" for name in brain.areas)
    asked = [*dict.fromkeys(["rate", *signals, *["state"] * spiking])]
    parts: dict[tuple[str, str], list[Tensor]] = {}
    answers: dict[str, list[Tensor]] = {}
    told: dict[str, list[Tensor]] = {n: [w[2][n] for w in shown] for n in shown[0][2]}
    for did in follow(brain, shown, [*asked, LABEL]):
        if did.signal.startswith(LABEL):
            told.setdefault(did.signal.removeprefix(f"{LABEL}."), []).append(did.values.cpu())
        if did.signal.partition(".")[0] in signals or did.signal == SPIKE:
            parts.setdefault((did.signal, did.area), []).append(did.values.cpu().float().flatten(2))
        if did.signal == "rate":
            for name, values in _read_out(brain, did.area, did.values).items():
                answers.setdefault(name, []).append(values.cpu().float().flatten(2))
    return Session(
        _by_signal(parts),
        {name: _joined([w[0][name] for w in shown]) for name in shown[0][0]},
        {name: _joined(values) for name, values in told.items()},
        {name: torch.cat(values).numpy() for name, values in answers.items()},
        _joined([w[1] for w in shown]),
        frames_per_second,
    )


def _by_signal(parts: Mapping[tuple[str, str], Sequence[Tensor]]) -> ActivityBySignal:
    activity: ActivityBySignal = {}
    for (signal, area), values in parts.items():
        activity.setdefault(signal, {})[area] = _joined(values)
    return activity


def _joined(values: Sequence[Tensor]) -> NDArray[Any]:
    return torch.cat(list(values)).numpy()


def _read_out(brain: Brain, area: str, rate: Tensor) -> dict[str, Tensor]:
    """What the objectives of an area that answer something read out of its rates."""
    found = {}
    with torch.no_grad():
        for name, objective in brain.objectives[area].named_children():
            for part in objective.modules():  # an objective may be within another, as in `When`
                labelled = getattr(part, "label", None) is not None
                for kind in ANSWERS:
                    if labelled and isinstance(read := getattr(part, kind, None), Readout):
                        found[f"{area}.{name}"] = read(rate)
    return found
