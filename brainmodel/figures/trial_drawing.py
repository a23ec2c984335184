"""A trial of a task as a picture: what comes in, and what is to be answered when."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from brainmodel.figures.style import FAINT, INK

COLUMNS = 2
ANSWERS = ("#b2182b", "#2166ac")  # the first and the second number of an answer


class TrialPicture(NamedTuple):
    """One trial."""

    title: str
    channels: Sequence[str]  # what the rates are
    rates: NDArray  # [time, channel]
    answer: NDArray  # [time] or [time, number]
    response: NDArray  # [time] bool, where it counts


def draw_trials(trials: Sequence[TrialPicture]) -> Figure:
    """A panel for each trial: its rates from above, and under them the answer where it counts."""
    rows = -(-len(trials) // COLUMNS)
    figure = Figure(figsize=(11, 2.3 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, trial in zip(axes, trials, strict=False):
        _draw(panel, trial)
    for panel in axes[len(trials) :]:
        panel.set_axis_off()
    return figure


def _draw(panel: Axes, trial: TrialPicture) -> None:
    """Rates one above the other, in units of the largest; those of either sign around a middle."""
    time, count = np.arange(len(trial.rates)), len(trial.channels)
    largest = max(float(np.abs(trial.rates).max()), 1e-9)
    for k in range(count):
        size = 0.8 * trial.rates[:, k] / largest
        signed = size.min() < 0
        foot = count - k + (0.4 if signed else 0.0)
        top = foot + size * (0.5 if signed else 1.0)
        panel.fill_between(time, foot, top, step="mid", color=INK, lw=0)
    answers = trial.answer.reshape(len(time), -1).astype(float)
    counted = np.where(trial.response[:, None], answers, np.nan)
    least, most = float(np.nanmin(answers)), float(np.nanmax(answers))
    for k in range(answers.shape[1]):
        height = 0.8 * (counted[:, k] - least) / max(most - least, 1e-9)
        panel.plot(time, height, color=ANSWERS[k % 2], lw=1.5, drawstyle="steps-mid")
    if trial.answer.ndim == 1 and least == most:
        panel.text(time[-1] + 1, 0.1, str(int(least)), color=ANSWERS[0], fontsize=8)
    panel.set_yticks([0.2, *(count - k + 0.2 for k in range(count))])
    panel.set_yticklabels(["answer", *trial.channels], fontsize=7)
    begins = np.flatnonzero(np.diff(trial.response.astype(int), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(trial.response.astype(int), append=0) == -1)
    for begin, end in zip(begins, ends, strict=True):
        panel.axvspan(begin - 0.5, end + 0.5, color=FAINT, alpha=0.15, lw=0)
    panel.set_title(trial.title, fontsize=9, loc="left")
    panel.tick_params(axis="x", labelsize=7)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
