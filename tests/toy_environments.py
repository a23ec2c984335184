"""Environments to test with: one that is smooth, and one that chance and choices rule."""

from typing import NamedTuple

import torch
from torch import Tensor

from brainmodel import AreaPlan
from brainmodel.brain import Brain
from brainmodel.environments import Environment, Label, Reply
from brainmodel.learning import BPTT, Rule
from brainmodel.pathways import Adapter, Pathway
from brainmodel.scopes import Scope
from objectives import Outcome
from tests import toy


class SpringState(NamedTuple):
    """Where things are and how fast they move, [batch, 2] each; steps so far [batch]."""

    place: Tensor
    speed: Tensor
    steps: Tensor


class Spring(Environment):
    """Two masses on bent springs, pushed by what is heard and by chance; all of it smooth."""

    differentiable = True
    hears, shape, draws = 2, (3,), 3
    kinds = {"miss": Label(), "far": Label((0, 1)), "place": Label(shape=(2,))}

    def begin(self, drawn: Tensor) -> SpringState:
        place = drawn[:, :2] - 0.5
        return SpringState(place, torch.zeros_like(place), torch.zeros_like(drawn[:, 0]).long())

    def step(self, state: SpringState, heard: Tensor, drawn: Tensor) -> Reply:
        push = torch.tanh(heard) + 0.1 * drawn[:, 1:]
        speed = 0.8 * state.speed + 0.3 * push - 0.2 * torch.sin(state.place)
        place = state.place + 0.5 * speed
        miss = (place - 0.3).square().sum(1) + 0.1 * torch.sin(heard).sum(1)
        observation = torch.cat([place.sin(), (state.steps[:, None] / 10).to(place)], dim=1)
        labels = {"miss": miss, "far": place[:, 0] > 0.2, "place": place}
        now = SpringState(place, speed, state.steps + 1)
        return Reply(now, observation, torch.cos(place[:, 0] * heard[:, 1]), labels)


def acting(
    environment: Environment,
    rules=lambda name: BPTT(),
    scope: Scope | None = None,
    delay: int = 1,
    late: int = 0,
    adapters: list[Adapter] | None = None,
    **others,
) -> Brain:
    """Two areas that see and act on an environment: A by a read-out, B by its rates."""
    do = Outcome("miss", environment.hears, 0.1)
    plans = {
        "A": toy.plan(units=[3], rule=rules("A"), objectives={"whole": toy.Whole(), "do": do}),
        "B": toy.plan(units=[environment.hears], rule=rules("B")),
    }
    pathways = {
        "see": Pathway("world", "A", delay=late, adapters=adapters or []),
        "eye_B": Pathway("eye", "B"),
        "up": Pathway("A", "B", signal="rate"),
        "down": Pathway("B", "A", "feedback", "rate"),
        "paid": Pathway("world", "B", "lateral", "reward", delay=2),
        "A_world": Pathway("A", "world", read_out="do", delay=delay),
        "B_world": Pathway("B", "world", signal="rate"),
    }
    made: dict[str, AreaPlan] = plans
    return toy.brain(
        made, pathways, {"eye": [2]}, scope, environments={"world": environment}, **others
    )


def rule_of(kind: type[Rule]):
    """A maker of rules, one for each area."""
    return lambda name: kind()
