"""Pictures of trials show the rates that came in, and the answer where it counts."""

import matplotlib.collections
import numpy as np
import pytest

from benchmarks.trials import TASKS, picture
from brainmodel.figures import TrialPicture, draw_trials


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_trial_to_show(name: str) -> None:
    shown = picture(name)
    time = len(shown.rates)
    assert shown.rates.shape == (time, len(shown.channels)) and shown.rates.any()
    assert len(shown.answer) == time == len(shown.response) and shown.response.any()


def test_a_panel_has_a_row_for_each_rate_and_a_line_where_the_answer_counts() -> None:
    rates = np.array([[1.0, 0.0], [0.0, -2.0], [0.0, 0.0]])
    answer, response = np.array([5, 5, 5]), np.array([False, True, True])
    figure = draw_trials([TrialPicture("a trial", ["one", "two"], rates, answer, response)] * 3)
    panels = [panel for panel in figure.axes if panel.axison]
    assert len(panels) == 3
    names = [text.get_text() for text in panels[0].get_yticklabels()]
    assert names == ["answer", "one", "two"]
    one, two = (
        np.asarray(area.get_paths()[0].vertices)[:, 1]
        for area in panels[0].collections
        if isinstance(area, matplotlib.collections.PolyCollection)
    )
    assert (one.min(), one.max()) == pytest.approx((2, 2.4)), "half of the largest"
    assert (two.min(), two.max()) == pytest.approx((1, 1.4)), "downwards from the middle"
    (line,) = panels[0].lines
    drawn = np.asarray(line.get_ydata(), dtype=float)
    assert np.isnan(drawn).tolist() == [True, False, False]
    assert [text.get_text() for text in panels[0].texts] == ["5"]
