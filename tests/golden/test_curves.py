"""Golden curves: the first five losses with each rule. They notice change, they prove nothing.

To write them anew, with the reason in the commit:

    BRAINMODEL_GOLDEN=write .venv/bin/python -m pytest tests/golden
"""

import os
from pathlib import Path

import pytest
import torch

from objectives import SquaredError
from tests import lessons, toy

FOLDER = Path(__file__).parent
STEPS, SPAN = 5, 4  # windows, and steps of time in each


def curve(rule: str) -> list[float]:
    """Losses of a ladder of areas, window after window of one stream, by plain descent."""
    objectives = {"error": SquaredError()}
    cells = [toy.fit(rule)] * 3
    brain = toy.ladder(lambda name: toy.RULES[rule](), cells=cells, objectives=objectives)
    for parameter in brain.parameters():
        parameter.data *= 0.5  # errors that go round in a circle die out
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=0.1)
    inputs, reset = toy.stream(brain, steps=STEPS * SPAN, batch=3)
    state, losses = None, []
    for first, last in lessons.windows(STEPS * SPAN, [SPAN]):
        activities, state = brain({"eye": inputs["eye"][first:last]}, reset[first:last], state)
        loss = sum(value for own in brain.losses(activities).values() for value in own.values())
        assert isinstance(loss, torch.Tensor)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.sampled(4)
@pytest.mark.parametrize("rule", toy.RULES)
def test_losses_are_those_of_the_golden_curve(rule: str) -> None:
    path, losses = FOLDER / f"{rule}.txt", curve(rule)
    if os.environ.get("BRAINMODEL_GOLDEN") == "write":
        path.write_text("".join(f"{loss:.12f}\n" for loss in losses))
    expected = [float(line) for line in path.read_text().splitlines()]
    assert losses == pytest.approx(expected, rel=1e-9)


def test_every_golden_curve_belongs_to_a_rule() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(toy.RULES)


def test_rules_that_differ_leave_different_curves() -> None:
    texts = {path.stem: path.read_text() for path in FOLDER.glob("*.txt")}
    assert texts["bptt"] != texts["e_prop"] != texts["none"]
