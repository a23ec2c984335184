"""A brain while it is perturbed: what perturbations do in each window, and that nothing stays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from areas.loops.dynamics import Dynamics
from areas.loops.gain import gained
from areas.seeds import require_one_seed
from brainmodel.errors import named
from brainmodel.learning.rule import Gradients
from brainmodel.perturbation.effects import Effects, Moment
from brainmodel.perturbation.perturbation import Perturbation
from brainmodel.wiring.perturbed_inputs import level_of
from brainmodel.wiring.state import BrainState
from brainmodel.wiring.wiring import Wiring


class Marks(NamedTuple):
    """What the streams of a perturbed brain carry besides their state."""

    shapes: list[str]  # what rules remember depends on these
    carried: dict[str, Any]  # by perturbation, of its period and of itself


class Held(NamedTuple):
    """A parameter before a step of the optimizer."""

    parameter: Tensor
    before: Tensor
    level: Tensor  # the share of the step that each weight takes


class Perturbed:
    """The perturbations of a brain.

    Args:
        brain: the brain.
        perturbations: by name, in the order in which they act.

    Raises:
        ValueError: naming the perturbation and what in it does not fit the brain.
    """

    def __init__(self, brain: Wiring, perturbations: Mapping[str, Perturbation]):
        for name in brain.areas:
            require_one_seed(brain.area(name), "perturbations")
        self.brain, self.of = brain, dict(perturbations)
        opened: dict[str, set[str]] = {}
        for name, perturbation in self.of.items():
            with named(name):
                perturbation.build(brain)
            for area, constants in perturbation.opened(brain).items():
                opened.setdefault(area, set()).update(constants)
        self._dynamics = {
            area: Dynamics(gained(brain.area(area).cell, sorted(more)))
            for area, more in opened.items()
        }
        self._before: dict[str, Dynamics] = {}
        self._held: list[Held] = []
        self._stepped = False

    def begin(self) -> None:
        """Let cells have the constants that perturbations need."""
        for name, dynamics in self._dynamics.items():
            self._before[name] = self.brain.area(name).dynamics
            self.brain.area(name).use(dynamics)

    def end(self) -> None:
        """Give cells back what they were."""
        for name, dynamics in self._before.items():
            self.brain.area(name).use(dynamics)
        self._before, self._held = {}, []

    def act(
        self, reset: Tensor, labels: Mapping[str, Tensor], marks: Marks | None
    ) -> tuple[dict[str, Tensor], Marks]:
        """What perturbations do in a window, under the names of inputs, and what is carried on.

        Raises:
            ValueError: naming the perturbation, if it needs a label that there is not.
        """
        outcome, carried = Effects(), {}
        before = {} if marks is None else marks.carried
        for name, perturbation in self.of.items():
            period, own = before.get(name) or (None, None)
            active = torch.ones_like(reset)
            with named(f"perturbation {name}"):
                if perturbation.when is not None:
                    active, period = perturbation.when.steps(reset, labels, period)
                strength = self._strength(perturbation) * active.to(self.brain.dtype)
                own = perturbation.act(Moment(reset, strength), outcome, own)
            carried[name] = period, own
        return outcome.found, Marks(self._shapes(outcome), carried)

    def end_window(
        self,
        reset: Tensor,
        activities: Mapping[str, Any],
        inputs: Mapping[str, Tensor],
        state: BrainState,
    ) -> BrainState:
        """The state after a window, with what perturbations carry of what areas did in it."""
        carried = {}
        for name, (period, own) in state.perturbed.carried.items():
            with torch.no_grad():
                own = self.of[name].end_window(self.brain, reset, activities, inputs, own)
            carried[name] = period, own
        return state._replace(perturbed=state.perturbed._replace(carried=carried))

    def _shapes(self, outcome: Effects) -> list[str]:
        cells = {name: getattr(d.cell, "opened", ()) for name, d in self._dynamics.items()}
        told = [f"{name}: {', '.join(opened)}" for name, opened in cells.items()]
        return told + [n for n in map(level_of, self.brain.areas) if n in outcome.found]

    def _strength(self, perturbation: Perturbation) -> float:
        schedule = perturbation.schedule
        return 1.0 if schedule is None else schedule.level(self.brain.steps_taken)

    def weights(self) -> dict[str, Tensor]:
        """Weights with which the brain computes in the place of its own, by parameter."""
        found: dict[str, Tensor] = {}
        for perturbation in self.of.values():
            made = perturbation.weights(self.brain, self._strength(perturbation))
            for name, weight in made.items():
                own = self.brain.get_parameter(name)
                found[name] = weight if name not in found else found[name] * (weight / own)
        return found

    def hold(self, found: Gradients) -> None:
        """Keep what is less plastic as it is before a step, and its gradient from the optimizer."""
        levels: dict[str, tuple[Tensor, Tensor]] = {}
        for perturbation in self.of.values():
            told = perturbation.plasticity(self._strength(perturbation))
            for name, (parameter, level) in told.items():
                level = level.to(parameter)
                before = levels.get(name)
                levels[name] = parameter, level if before is None else before[1] * level
        if not self._held or self._stepped:
            kept = levels.values()
            self._held = [Held(p, p.detach().clone(), level) for p, level in kept]
            self._stepped = False
        for name, (_, level) in levels.items():
            if name in found:
                found[name] = found[name] * (level != 0)

    def after_step(self) -> None:
        """Let what is less plastic have only its share of the step that the optimizer took."""
        with torch.no_grad():
            for parameter, before, level in self._held:
                part = before + level * (parameter - before)
                part = torch.where(level == 0, before, torch.where(level == 1, parameter, part))
                parameter.copy_(part)
        self._stepped = True

    def keep(self) -> None:
        """What did not move in the last step is as it was, whatever came behind the step."""
        with torch.no_grad():
            for parameter, before, level in self._held if self._stepped else ():
                parameter.copy_(torch.where(level == 0, before, parameter))


def in_words(perturbations: Mapping[str, Perturbation]) -> str:
    """Which perturbations act, and on what, as `cool (Scale LM_V1)`."""
    told = {n: f"{type(p).__name__} {', '.join(p.what)}" for n, p in perturbations.items()}
    return ", ".join(f"{name} ({what})" for name, what in told.items())


@contextmanager
def perturbed(
    brain: Any, perturbations: Mapping[str, Perturbation] | Perturbation
) -> Iterator[Perturbed]:
    """Perturb a brain within a context. Windows, and their backward passes, are seen within it.

    What rules and scopes remember of steps is forgotten by streams that enter or leave it, where
    its shape is another then; states of areas go on.

    Args:
        brain: the brain.
        perturbations: by name, in the order in which they act; or one.

    Raises:
        ValueError: in one sentence, if one does not fit, or the brain is perturbed already.
    """
    if isinstance(perturbations, Perturbation):
        perturbations = {type(perturbations).__name__: perturbations}
    if brain.perturbed is not None:
        raise ValueError("the brain is perturbed already; name all perturbations in one context")
    found = brain.perturbed = Perturbed(brain, perturbations)
    found.begin()
    try:
        yield found
    finally:
        found.end()
        brain.perturbed = None


@contextmanager
def intact(brain: Any) -> Iterator[None]:
    """A brain as it is without its perturbations, within a context."""
    within: Perturbed | None = brain.perturbed
    if within is None:
        yield
        return
    within.end()
    brain.perturbed = None
    try:
        yield
    finally:
        brain.perturbed = within
        within.begin()


def window_of(
    within: Perturbed | None, reset: Tensor, labels: Mapping[str, Tensor], state: BrainState
) -> tuple[dict[str, Tensor], BrainState]:
    """What perturbations do in a window, and the state with which it begins.

    Args:
        within: the perturbations, if there are some now.
        reset: [time, batch] bool.
        labels: of the window.
        state: before it, perhaps of streams that came here without them.
    """
    marks: Marks | None = state.perturbed
    more, now = ({}, None) if within is None else within.act(reset, labels, marks)
    shapes = [] if now is None else now.shapes
    if shapes != ([] if marks is None else marks.shapes):
        state = state._replace(memories=dict.fromkeys(state.memories), waiting=None)
    return more, state._replace(perturbed=now)
