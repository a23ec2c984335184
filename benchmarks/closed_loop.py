"""What it costs to close the loop: a step of a brain that acts, beside one that is shown the same.

Three areas of 64 LSTM units in a chain, by carried e-prop, do the two-step decision, 32 streams in
windows of 20 steps. Per step, of processor time: forward, losses, backward and optimizer of

    open       the observations and labels of the closed loop, played back as data
    closed     the environment within the window
    one step   the environment outside, and windows of one step (what a loop cost without
    environments)

and the same for a brain whose areas form a cycle, which is stepped area by area in any case; and
for reaching, whose plant alone takes as long as three areas: there the time of the plant is told
apart. All are measured in turn in one process, so that ratios hold on a machine that does other
things.

    python -m benchmarks.closed_loop --out runs/benchmarks/closed_loop
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from areas import LSTM
from benchmarks._results import Figure, arguments, write
from brainmodel.brain import AreaPlan, Brain
from brainmodel.environments import Environment, Reaching, TwoStepDecision
from brainmodel.learning import EProp
from brainmodel.pathways import Pathway
from brainmodel.wiring.state import BrainState
from objectives import Activity, ActorCritic, Objective, Outcome

UNITS, STREAMS, WINDOW = 64, 32, 20


class Task(NamedTuple):
    """What is done, and what it is learnt by."""

    name: str
    environment: Callable[[], Environment]
    objective: Callable[[], Objective]
    cycle: bool  # whether the last area tells the first what it does


TASKS = [
    Task("two-step decision, chain", TwoStepDecision, lambda: ActorCritic(2), False),
    Task("two-step decision, cycle", TwoStepDecision, lambda: ActorCritic(2), True),
    Task("reaching, chain", Reaching, lambda: Outcome("miss", 6), False),
]


def brain_of(task: Task, closed: bool) -> Brain:
    """Three areas, which act on the environment, or are shown what it showed."""
    torch.manual_seed(0)
    areas = {
        name: AreaPlan(LSTM(), [UNITS], EProp(), predictor=None, afferents=["drive"])
        for name in ("S", "A", "M")
    }
    areas["M"].objectives["do"] = task.objective()
    world = task.environment()
    pathways = {
        "see": Pathway("world" if closed else "shown", "S"),
        "S_A": Pathway("S", "A"),
        "A_M": Pathway("A", "M"),
    }
    if task.cycle:
        pathways["M_S"] = Pathway("M", "S", "feedback")
    if not closed:
        return Brain(areas, pathways, {"shown": list(world.shape)})
    pathways["act"] = Pathway("M", "world", read_out="do")
    return Brain(areas, pathways, {}, environments={"world": world})


class Course:
    """A brain in training on a task, one window after the other.

    Args:
        brain: the brain.
    """

    def __init__(self, brain: Brain) -> None:
        self.brain, self.state = brain, None
        self.optimizer = torch.optim.Adam(brain.parameters(), 1e-4)

    def learn(
        self, inputs: dict[str, Tensor], reset: Tensor, labels: dict[str, Tensor] | None = None
    ) -> dict[str, Activity]:
        """One window, and a step of the optimizer."""
        activities, self.state = self.brain(inputs, reset, self.state)
        if labels is not None:
            activities = {n: a._replace(labels=labels) for n, a in activities.items()}
        losses = self.brain.losses(activities).values()
        self.optimizer.zero_grad()
        torch.stack([loss for own in losses for loss in own.values()]).sum().backward()
        self.optimizer.step()
        return activities


def timed(function: Callable[[], object]) -> float:
    """Milliseconds of processor time per step of a window."""
    start = time.process_time()
    function()
    return 1000 * (time.process_time() - start) / WINDOW


def one_by_one(course: Course, world: Environment, drawn: Tensor, reset: Tensor) -> None:
    """The environment outside of the brain, which learns in windows of one step."""
    state, heard = world.begin(drawn[0]), drawn.new_zeros(STREAMS, world.hears)
    objective = course.brain.objectives["M"]["do"]  # type: ignore[index]
    for t in range(WINDOW):
        found = world.step(state, heard, drawn[t])
        labels = {n: v[None] for n, v in (found.labels | {"reward": found.reward}).items()}
        shown = {"shown": found.observation[None].detach()}
        activities = course.learn(shown, reset[t : t + 1], labels)
        with torch.no_grad():
            heard = objective.read_out(activities["M"].rate[0])  # type: ignore[operator]
        state = found.state


def alone(world: Environment, state: Any, drawn: Tensor) -> None:
    """The environment, to which nothing is done."""
    silent = drawn.new_zeros(STREAMS, world.hears)
    for now in drawn:
        state = world.step(state, silent, now).state


def measure(task: Task, windows: int) -> list[Figure]:
    """Times of a task, all ways in turn, window after window."""
    world = task.environment()
    closed, shown = Course(brain_of(task, True)), Course(brain_of(task, False))
    single, generator = Course(brain_of(task, False)), torch.Generator().manual_seed(0)
    names = ("open", "closed", "one step", "environment alone")
    times: dict[str, list[float]] = {name: [] for name in names}
    for index in range(windows + 2):
        drawn = torch.rand(WINDOW, STREAMS, world.draws, generator=generator)
        reset = torch.zeros(WINDOW, STREAMS, dtype=torch.bool)
        reset[0] = index == 0
        before: BrainState = closed.state or closed.brain.initial_state(STREAMS)
        with torch.no_grad():  # what is to be played back
            labels = closed.brain({"world": drawn}, reset, before)[0]["M"].labels
            seen = torch.rand(WINDOW, STREAMS, *world.shape, generator=generator)
        taken = (
            timed(partial(shown.learn, {"shown": seen}, reset, labels)),
            timed(partial(closed.learn, {"world": drawn}, reset)),
            timed(partial(one_by_one, single, world, drawn, reset)),
            timed(partial(alone, world, before.environments["world"], drawn)),
        )
        for name, value in zip(names, taken, strict=True) if index > 1 else ():  # then warm
            times[name].append(value)
    settings = {"units": UNITS, "streams": STREAMS, "window": WINDOW}
    return [
        Figure(f"{task.name}: {name}", own, "ms a step", "open", times["open"], settings)
        for name, own in times.items()
    ]


def main() -> None:
    """Measure all tasks; write what came out."""
    torch.set_num_threads(1)
    chosen = arguments(__doc__ or "")
    windows = 5 if chosen.quick else 60
    write(chosen.out, [figure for task in TASKS for figure in measure(task, windows)])


if __name__ == "__main__":
    main()
