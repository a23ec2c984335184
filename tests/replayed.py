"""Windows of training as they are written beside the same windows recorded on a tape."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from areas import LSTM
from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.engines import Plain, Replayed, Tape
from brainmodel.learning import EProp
from brainmodel.training.recorded_windows import RecordedWindows
from objectives import Activity, Energy, Objective
from tests import toy

Between = Callable[[Brain, int], object]
"""What is done to a brain before a window of this number."""
STEPS, STREAMS = 3, 2
BREAKS = {0: (0, slice(None)), 3: (1, 0), 5: (0, 1), 6: (2, slice(None))}
"""Where streams begin: by window, the step and the streams."""


def stream_of(brain: Brain, count: int = 8, breaks: bool = True) -> list[Window]:
    """Windows of streams that go on, and begin anew at some steps of some windows if `breaks`."""
    made = []
    for number in range(count):
        inputs, reset = toy.stream(brain, STEPS, STREAMS, resets=False, seed=number)
        if number in BREAKS and (breaks or number == 0):
            reset[BREAKS[number]] = True
        labels = {"word": torch.randint(3, reset.shape)}
        made.append(Window(inputs, reset, labels))
    return made


def train(
    brain: Brain,
    windows: RecordedWindows,
    given: Sequence[Window],
    between: Between = lambda brain, number: None,
) -> list[list[Tensor | None]]:
    """All that comes of each window: losses, what areas did, gradients, weights, streams."""
    optimizer = torch.optim.Adam(brain.parameters(), lr=0.01)
    state, seen = None, []
    for number, window in enumerate(given):
        between(brain, number)
        if state is not None and len(window.reset[0]) != len(tree_leaves(state.areas)[0]):
            state = None
        optimizer.zero_grad()
        losses, activities, state = windows.judged(brain, window, state)
        weighed = [own for of in brain.weigh(losses).values() for own in of.values()]
        total = torch.stack(weighed).sum()
        if total.requires_grad:
            total.backward()
        found = [
            own.detach()
            for own in tree_leaves((weighed, activities, state.areas))
            if isinstance(own, Tensor)
        ]
        carried = (state.memories, state.waiting, state.modulators, state.delayed, state.noise)
        carried = tree_map_only(
            Record, without_ones, carried, is_leaf=lambda t: isinstance(t, Record)
        )
        found += [own.clone() for own in tree_leaves(carried) if isinstance(own, Tensor)]
        found += [None if p.grad is None else p.grad.clone() for p in brain.parameters()]
        optimizer.step()
        brain.after_step()
        seen.append([*found, *(p.detach().clone() for p in brain.parameters())])
    return seen


def is_record(tree: object) -> bool:
    return isinstance(tree, Record)


def without_ones(record: Record) -> Record:
    """A record without factors that all are 1: whether they are there differs, not what they do."""
    keep = record.keep
    return record if keep is None or not bool((keep == 1).all()) else record._replace(keep=None)


def recorded(brain: Brain, kinds: int = 8) -> tuple[Brain, RecordedWindows]:
    """A copy of a brain whose windows are recorded on tapes."""
    copy = deepcopy(brain)
    copy.engine = Replayed(kinds, Tape())
    return copy, RecordedWindows()


def assert_as_written(
    brain: Brain,
    given: Sequence[Window],
    between: Between = lambda brain, number: None,
    least: int = 1,
    exactly: bool = False,
) -> RecordedWindows:
    """Windows of a brain are the same recorded as they are written, and `least` are replayed."""
    brain.engine = Plain()
    other, windows = recorded(brain)
    torch.manual_seed(1)
    written = train(deepcopy(brain), RecordedWindows(), given, between)
    torch.manual_seed(1)
    found = train(other, windows, given, between)
    rtol, atol = (0.0, 0.0) if exactly else (1e-9, 1e-12)
    for number, (own, wanted) in enumerate(zip(found, written, strict=True)):
        assert len(own) == len(wanted), f"window {number}"
        for one, other_one in zip(own, wanted, strict=True):
            assert (one is None) == (other_one is None), f"window {number}"
            torch.testing.assert_close(one, other_one, rtol=rtol, atol=atol)
    assert windows.replayed >= least, windows.missing
    return windows


class Counting(Objective):
    """An objective with numbers of its own, which change how it judges."""

    def __init__(self) -> None:
        super().__init__()
        self.factor, self.held = 1.0, {"factor": 1.0}
        self.goal: Tensor
        self.register_buffer("goal", torch.zeros(()))

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        factor = self.factor * self.held["factor"] * (1.0 if self.training else 0.5)
        missed = activity.prediction - activity.drive - self.goal
        word = activity.labels["word"] + 1.0
        return factor * word * missed.square().mean(2)


def brain_with(**plan: object) -> Brain:
    """Two areas of which the first has this plan."""
    objectives = {"count": Counting(), "energy": Energy()}
    plans = {"V1": toy.plan(LSTM(), [3], EProp(), **({"objectives": objectives} | plan))}
    return toy.brain(plans, {"up": toy.Pathway("eye", "V1")}, {"eye": [4]})


def counting(brain: Brain) -> Counting:
    own = brain.objectives["V1"]["count"]  # type: ignore[index]
    assert isinstance(own, Counting)
    return own
