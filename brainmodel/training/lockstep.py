"""Runs of several seeds in lockstep: each a run of its own, but for what it learns from.

Each run has its own brain, data, optimizer and callbacks, and a thread, of which one works at a
time. It works until it has a window to learn from, and hands on. When all have theirs, the first
takes all windows with all brains as one (`brainmodel.seeds`); each run is given its own activities,
losses and gradients, and goes on as if it had made them.
"""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from brainmodel.brain import Brain
from brainmodel.data.window import Window
from brainmodel.errors import Stopped, TrainsAlone
from brainmodel.seeds import (
    inputs_together,
    labels_together,
    losses_by_seed,
    resets_together,
    together,
)
from brainmodel.seeds.objectives import activity_of
from brainmodel.seeds.together import areas_of, of_seed, refresh
from brainmodel.wiring.losses import Losses
from brainmodel.wiring.state import BrainState
from objectives import Activity


class SharedStep(NamedTuple):
    """What one seed has of a window that was learnt from together."""

    activities: dict[str, Activity]
    losses: Losses
    gradients: dict[str, Tensor]  # of the weighed sum of its losses, by name of a parameter


Sharing = Callable[[Brain, Window], SharedStep]
"""Hands a window in, with the brain that is to learn from it, and waits for the others."""


class BrainsTogether:
    """Brains of several seeds that learn together and stay brains of their own.

    Args:
        brains: of the seeds; their weights count at each step.

    Raises:
        ValueError: if they cannot be one.
    """

    def __init__(self, brains: Sequence[Brain]):
        self.brains, self.whole = list(brains), together(brains)
        self.state: BrainState | None = None

    def learn(self, windows: Sequence[Window]) -> list[SharedStep]:
        """A window of each seed, forward and backward.

        Raises:
            ValueError: if the windows do not fit each other, somebody listens to one brain, or runs
                would change the usual type of numbers for each other.
        """
        if torch.get_default_dtype() != torch.float32:
            raise ValueError(
                "trainer.precision: what it sets is of the whole process, which runs of several "
                "seeds share; take 32-true, or train the seeds one by one"
            )
        for brain in self.brains:
            if brain._listeners or brain.perturbed is not None:
                raise ValueError(
                    "callbacks that perturb a brain, or listen to its backward pass, do not reach "
                    "it among others; train the seeds one by one"
                )
        refresh(self.whole, self.brains)
        labels = labels_together([window.labels for window in windows])
        inputs = inputs_together([window.inputs for window in windows])
        reset = resets_together([window.reset for window in windows])
        made, self.state = self.whole(inputs, reset, self.state)
        made = {name: own._replace(labels=labels) for name, own in made.items()}
        losses = losses_by_seed(self.whole, made)
        parts = [part for own in losses for part in self.whole.weigh(own).values()]
        named = {n: p for n, p in self.whole.named_parameters() if p.requires_grad}
        total = torch.stack([loss for part in parts for loss in part.values()]).sum()
        with torch.autocast(total.device.type, enabled=False):  # Lightning goes back outside of it
            found = torch.autograd.grad(total, list(named.values()), allow_unused=True)
        gradients = {n: g for n, g in zip(named, found, strict=True) if g is not None}
        return [self._of(seed, made, losses[seed], gradients) for seed in range(len(windows))]

    def _of(
        self, seed: int, made: dict[str, Activity], losses: Losses, gradients: dict[str, Tensor]
    ) -> SharedStep:
        """What one seed has of it."""
        areas = areas_of(self.whole)
        activities = {
            name: Activity(*(value.detach() for value in own[:5]), labels=own.labels)
            for name, activity in made.items()
            for own in [activity_of(areas[name], activity, seed)]
        }
        told = {a: {k: v.detach() for k, v in own.items()} for a, own in losses.items()}
        return SharedStep(activities, told, of_seed(self.whole, gradients, seed))


class Lockstep:
    """Jobs that take turns.

    Args:
        jobs: of each seed; each is given what hands its windows in. One that raises `TrainsAlone`
            refuses for all.

    Attributes:
        refused: why the brains could not learn together; empty where they could.
    """

    def __init__(self, jobs: Sequence[Callable[[Sharing], Any]]):
        self.refused = ""
        self._jobs, self._turn, self._now = list(jobs), threading.Condition(), 0
        self._there = dict.fromkeys(range(len(jobs)), True)
        self._came: dict[int, tuple[Brain, Window]] = {}
        self._made: dict[int, SharedStep] = {}
        self._brains: BrainsTogether | None = None
        self._seats: list[int] = []
        self._broken: BaseException | None = None
        self._usual = sys.stdout, sys.stderr

    def run(self) -> list[Any]:
        """What each job returns, or the exception that ended it."""
        found: list[Any] = [None] * len(self._jobs)
        threads = [
            threading.Thread(target=self._work, args=(place, found), daemon=True)
            for place in range(len(self._jobs))
        ]
        for thread in threads:
            thread.start()
        try:
            self._wait_for_all()
        except BaseException:  # ctrl-C: all end at their next window, lest they end in the midst
            self._broken = Stopped(128 + signal.SIGINT)
            self._wait_for_all()
            raise
        return found

    def _wait_for_all(self) -> None:
        """Until no job runs. `Thread.join`, once interrupted, takes its thread for ended."""
        with self._turn:
            self._turn.wait_for(lambda: not any(self._there.values()))

    def _work(self, place: int, found: list[Any]) -> None:
        self._wait(place)
        try:
            found[place] = self._jobs[place](lambda *came: self._share(place, *came))
        except TrainsAlone as error:
            self.refused, found[place] = str(error), error
        except BaseException as error:
            found[place] = error
        finally:
            self._there[place] = False
            self._hand_on(place)

    def _wait(self, place: int) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._now == place)

    def _hand_on(self, place: int) -> None:
        """Let the next go on that still runs."""
        sys.stdout, sys.stderr = self._usual
        later = [(place + k) % len(self._jobs) for k in range(1, len(self._jobs) + 1)]
        with self._turn:
            self._now = next((k for k in later if self._there[k]), -1)
            self._turn.notify_all()

    def _share(self, place: int, brain: Brain, window: Window) -> SharedStep:
        """See `Sharing`.

        Raises:
            ValueError: if the brains cannot learn together.
        """
        self._came[place], said = (brain, window), (sys.stdout, sys.stderr)
        self._hand_on(place)
        self._wait(place)
        sys.stdout, sys.stderr = said
        if place not in self._made and not self.refused and self._broken is None:
            self._learn()
        if self._broken is not None:  # whoever met it: nobody goes on with half a step
            raise self._broken
        if self.refused:
            raise ValueError(self.refused)
        return self._made.pop(place)

    def _learn(self) -> None:
        """All windows at once; a seed whose run has ended is another once more, for nobody."""
        living = next(k for k in self._came if self._there[k])
        try:
            if self._brains is None:
                self._seats = sorted(self._came)
                self._brains = BrainsTogether([self._came[k][0] for k in self._seats])
            came = [self._came[k if self._there[k] else living] for k in self._seats]
            self._brains.brains = [brain for brain, _ in came]  # one that ended grows no older
            steps = self._brains.learn([window for _, window in came])
        except ValueError as error:
            self.refused = str(error)
            return
        except BaseException as error:
            self._broken = error
            return
        pairs = zip(self._seats, steps, strict=True)
        self._made = {place: step for place, step in pairs if self._there[place]}


class _Given(torch.autograd.Function):
    """A loss whose gradients are known."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: list[Tensor | None], *_: Tensor) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, bar: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        return None, None, *(None if g is None else bar * g for g in ctx.gradients)


def given(loss: Tensor, module: nn.Module, gradients: dict[str, Tensor]) -> Tensor:
    """A loss whose backward pass gives parameters these gradients.

    Args:
        loss: a number.
        module: that has the parameters.
        gradients: by their names; others get none.
    """
    named = {n: p for n, p in module.named_parameters() if p.requires_grad}
    found = [gradients.get(name) for name in named]
    return cast(Tensor, _Given.apply(loss.detach(), found, *named.values()))
