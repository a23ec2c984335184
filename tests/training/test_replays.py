"""What of windows cannot be recorded, and what a replay is to those around it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from brainmodel.brain import Brain
from brainmodel.engines import Replayed
from brainmodel.learning.modulation import Modulator, Moments
from brainmodel.learning.rule import Gradients
from brainmodel.scopes.scope import Passage
from brainmodel.training.judged import Judged
from brainmodel.training.recorded_windows import RecordedWindows
from objectives import Activity, Objective
from tests.replayed import assert_as_written, brain_with, recorded, stream_of, train


@pytest.fixture(autouse=True)
def by_tensor_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tape does not see native loops."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


class Asking(Objective):
    """An objective that looks at a number of the device."""

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        return activity.error.square().mean(2) * (
            2.0 if float(activity.rate.detach().sum()) > 0 else 3.0
        )


class Remembering(Objective):
    """An objective that keeps something from window to window."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        goal = 0.0 if self.last is None else self.last
        self.last = activity.rate.detach().mean()
        return (activity.prediction - goal).square().mean(2)


class Ageing(Modulator):
    """A modulator that asks how old the brain is."""

    def level(self, moments: Moments, memory: None) -> tuple[Tensor, None]:
        """See `Modulator.level`."""
        return moments.valid / (1.0 + moments.age), None


REASONS: dict[str, tuple[Callable[[], Brain], str]] = {
    "a number": (lambda: brain_with(objectives={"ask": Asking()}), "asks the device for numbers"),
    "memory": (lambda: brain_with(objectives={"own": Remembering()}), "more than 8 kinds.*last"),
    "age": (lambda: brain_with(modulator=Ageing()), "asks how old the brain is"),
}


@pytest.mark.parametrize("name", REASONS)
def test_what_cannot_be_recorded_is_computed_as_written_with_one_warning(name: str) -> None:
    make, reason = REASONS[name]
    brain = make()
    with pytest.warns(RuntimeWarning, match=f"windows are not recorded, .*{reason}") as told:
        windows = assert_as_written(brain, stream_of(brain, 10, breaks=False), least=0)
    assert len(told) == 1 and windows.replayed == 0 and windows.missing is not None


def test_on_the_processor_nothing_is_recorded_unless_a_recorder_is_given() -> None:
    brain = brain_with()
    brain.engine, windows = Replayed(), RecordedWindows()
    with pytest.warns(RuntimeWarning, match="not recorded.*: there is no graphics processor"):
        train(brain, windows, stream_of(brain, 3))
    assert windows.replayed == 0


def test_who_listens_is_told_of_replays() -> None:
    brain = brain_with()
    given = stream_of(brain, 6, breaks=False)

    def heard(brain: Brain, windows: RecordedWindows) -> list[Tensor]:
        sums = []

        def listen(passage: Passage, derivatives: Any, found: Gradients) -> None:
            sums.append(sum(own.sum() for own in found.values()) + passage.inputs["eye"].sum())

        brain.listen(listen)
        train(brain, windows, given)
        return sums

    other, windows = recorded(brain)
    expected = heard(deepcopy(brain), RecordedWindows())
    torch.testing.assert_close(heard(other, windows), expected, rtol=0, atol=0)
    assert windows.replayed >= 3 and len(expected) == 6


def replaying(brain: Brain) -> tuple[Callable[[], Judged], Brain]:
    """Windows of a brain that are replayed, each from the beginning of streams."""
    other, windows = recorded(brain)
    window = stream_of(brain, 1)[0]
    for _ in range(2):
        windows.judged(other, window, None)
    return lambda: windows.judged(other, window, None), other


def test_one_may_go_back_twice_and_objective_by_objective() -> None:
    judged, brain = replaying(brain_with())
    losses = judged().losses["V1"]
    learnt = [p for p in brain.parameters() if p.requires_grad]
    own = [
        torch.autograd.grad(loss, learnt, retain_graph=True, allow_unused=True)
        for loss in losses.values()
    ]
    whole = torch.autograd.grad(torch.stack(list(losses.values())).sum(), learnt)
    sums = [first + second for first, second in zip(*own, strict=True)]
    torch.testing.assert_close(sums, list(whole), rtol=1e-9, atol=1e-12)
    assert not any(torch.equal(own[0][0], other) for other in (own[1][0], torch.zeros(()))), "both"


def test_a_window_is_gone_back_through_before_the_next() -> None:
    judged, _ = replaying(brain_with())
    loss = judged().losses["V1"]["count"]
    judged()
    with pytest.raises(RuntimeError, match="was followed by another before its backward pass"):
        loss.backward()


def test_weights_are_not_changed_before_the_way_back() -> None:
    judged, brain = replaying(brain_with())
    loss = judged().losses["V1"]["count"]
    with torch.no_grad():
        brain.area("V1").bias.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_what_a_replay_gives_stays_when_others_follow() -> None:
    judged, brain = replaying(brain_with())
    first = judged()
    kept = deepcopy([a.detach() for a in tree_leaves(first) if isinstance(a, Tensor)])
    with torch.no_grad():
        brain.area("V1").bias.add_(1.0)
    second = judged()
    now = [a.detach() for a in tree_leaves(first) if isinstance(a, Tensor)]
    torch.testing.assert_close(now, kept, rtol=0, atol=0)
    assert not torch.equal(second.activities["V1"].rate, first.activities["V1"].rate)
