"""A brain's predictions of held-out streams, beside those that need no brain."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.data import StreamModule
from brainmodel.data.window import Window
from brainmodel.training.held_out.errors import HeldOut, follow_streams, predicting
from brainmodel.training.held_out.input_drives import drive_of, from_inputs
from brainmodel.training.held_out.linear_predictor import LinearPredictor, two_before
from brainmodel.training.held_out.tally import BRAIN, LINEAR, REPEATING, Tally, steps_of
from objectives import Activity


def compare(
    brain: Brain,
    windows: Iterable[Window],
    data: StreamModule | None = None,
    linear: Mapping[str, LinearPredictor] | None = None,
    device: torch.device | None = None,
    witness: Callable[[Window, dict[str, Activity]], object] | None = None,
) -> dict[str, Tally]:
    """Squared errors of each area that predicts, of repeating its last drive, and of rivals.

    In a run of several processes each brings windows of streams of its own, and errors are of all.

    Args:
        brain: the brain; it does not learn and is left as it was.
        windows: of streams that go on from window to window, from their beginning.
        data: what they are of, which may know what happened in them and how the eye moved.
        linear: predictors by area, see `fit_linear`.
        device: where to move windows; they stay where they are unless given.
        witness: is shown each window and the activities in it.

    Raises:
        ValueError: if there is no window.
    """
    tallies: dict[str, Tally] = {}
    past: dict[str, Tensor] = {}
    last: Window | None = None
    told = data if data is not None and data.hold == 1 else None  # held frames do not move
    for window, activities in follow_streams(brain, windows, device):
        if witness is not None:
            witness(window, activities)
        splits = told.splits(window, last) if told is not None else {}
        moved = told.foreseen(window, last) if told is not None else {}
        for name, activity in predicting(brain, activities).items():
            own = rivals_of(brain, name, moved, linear or {})
            tallies.setdefault(name, Tally()).see(
                *squared(activity, past.get(name), own, splits),
            )
            past[name] = two_last(activity, past.get(name))
        last = window
    if last is None:
        raise ValueError("windows: there is none; give at least one held-out window")
    return {name: tally.of_all_processes() for name, tally in tallies.items()}


def held_out_errors(brain: Brain, windows: Iterable[Window]) -> dict[str, HeldOut]:
    """Prediction errors of each area that predicts, and those of repeating; see `compare`."""
    return {name: tally.held_out() for name, tally in compare(brain, windows).items()}


def rivals_of(
    brain: Brain,
    name: str,
    foreseen: Mapping[str, Mapping[str, Tensor]],
    linear: Mapping[str, LinearPredictor],
) -> dict[str, Tensor | LinearPredictor]:
    """What else predicts an area's drive, by name: what was foreseen of inputs, and a predictor."""
    found: dict[str, Tensor | LinearPredictor] = {}
    if from_inputs(brain, name):
        drives = {kind: drive_of(brain, name, inputs) for kind, inputs in foreseen.items()}
        found |= {kind: drive for kind, drive in drives.items() if drive is not None}
    return found | ({LINEAR: linear[name]} if name in linear else {})


def two_last(activity: Activity, past: Tensor | None) -> Tensor:
    """The last two drives of each stream, [2, batch, *drive]; the last twice if it has but one.

    Args:
        activity: of the area in a window.
        past: the two before the window; None if not known.
    """
    drive = activity.drive if past is None else torch.cat([past, activity.drive])
    last, before = drive[-1], drive[-2 if len(drive) > 1 else -1]
    goes_on = activity.valid[-1].view(-1, *[1] * (last.dim() - 1))
    return torch.stack([torch.where(goes_on, before, last), last])


def squared(
    activity: Activity,
    past: Tensor | None,
    rivals: Mapping[str, Tensor | LinearPredictor],
    splits: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Mean squared errors [time, batch] by prediction, and the splits without invalid steps.

    Args:
        activity: of the area in a window.
        past: its two drives before the window, [2, batch, *drive]; None if not known, then the
            first step does not count.
        rivals: drives that were predicted, or what predicts them.
        splits: see `Tally.see`.
    """
    drive, valid = activity.drive, activity.valid.clone()
    if past is None:
        valid[0] = False
        past = drive[:1].expand(2, *drive.shape[1:])
    last, before = two_before(drive, activity.valid, past)
    missed = {BRAIN: drive - activity.prediction, REPEATING: drive - last}
    for name, rival in rivals.items():
        if isinstance(rival, LinearPredictor):
            rival = rival(last.flatten(0, 1), before.flatten(0, 1)).unflatten(0, drive.shape[:2])
        missed[name] = drive - rival
    means = {name: error.detach().square().flatten(2).mean(2) for name, error in missed.items()}
    return means, steps_of(splits, valid)
