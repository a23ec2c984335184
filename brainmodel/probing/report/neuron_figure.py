"""Scores of single neurons beside their ceilings, and one neuron with its prediction."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainmodel.figures import INK
from brainmodel.probing.drawing import COLOURS, GREY, panels
from brainmodel.probing.scores import Score, ScoreDetail, ScoreTable


def draw_neurons(table: ScoreTable) -> Figure | None:
    """Two panels for each brain area, of its best trained area; None where none are known.

    Args:
        table: of one metric.
    """
    best = [
        table.of(brain_area=area).latest.of(model="trained").best() for area in table.brain_areas
    ]
    known = [s for s in best if s.detail is not None and s.detail.neurons is not None]
    if not known:
        return None
    figure, axes = panels(2 * len(known), 2, 3.2, 2.9)
    for k, score in enumerate(known):
        assert score.detail is not None
        before = [s for s in table.of(brain_area=score.brain_area) if _is_untrained(s, score)]
        _draw_scores(axes[2 * k], score, score.detail, before)
        _draw_example(axes[2 * k + 1], score, score.detail)
    return figure


def _is_untrained(other: Score, score: Score) -> bool:
    """Whether it is of the same area and lag before training, of the same brain where known."""
    where = (other.label, other.lag) == (score.label, score.lag)
    return other.model == "untrained" and where and other.brain in (score.brain, "")


def _draw_scores(axes: Axes, score: Score, detail: ScoreDetail, before: list[Score]) -> None:
    """A dot for each neuron; a ring before training."""
    assert detail.neurons is not None
    if detail.ceilings is None:
        axes.hist(detail.neurons, 20, color=COLOURS[0])
        axes.set_xlabel(score.metric, fontsize=9, color=INK)
    else:
        axes.plot([0, 1], [0, 1], color="#dddddd", lw=1, zorder=0)
        for other in before[:1]:
            if other.detail is not None and other.detail.neurons is not None:
                values = other.detail.neurons
                axes.plot(detail.ceilings, values, "o", mec=GREY, mfc="none", ms=4, zorder=1)
        axes.plot(detail.ceilings, detail.neurons, "o", color=COLOURS[0], ms=4, zorder=2)
        axes.set_xlabel("ceiling of the neuron", fontsize=9, color=INK)
        axes.set_ylabel(score.metric, fontsize=9, color=INK)
    title = f"{score.brain_area} by {score.label}"
    axes.set_title(title, fontsize=10, color=INK, loc="left")


def _draw_example(axes: Axes, score: Score, detail: ScoreDetail) -> None:
    if detail.example is None or detail.neurons is None:
        axes.set_visible(False)
        return
    observed, predicted = detail.example
    axes.plot(predicted, observed, ".", color=COLOURS[0], ms=4, alpha=0.6)
    axes.set_xlabel("predicted, SD", fontsize=9, color=INK)
    axes.set_ylabel("response, SD", fontsize=9, color=INK)
    value = detail.neurons[detail.surest]
    title = f"neuron {detail.surest}, r = {value:.2f}"
    axes.set_title(title, fontsize=10, color=INK, loc="left")
