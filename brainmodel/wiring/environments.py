"""Environments among areas: held against the plan, what their labels are called, and one reply."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils._pytree import tree_map

from brainmodel.environments import Environment, Reply
from brainmodel.environments.environment import REWARD
from brainmodel.environments.label import Label
from brainmodel.pathways.pathway import COMPARED, Pathway
from brainmodel.wiring.plan import AreaPlan, require_kind


class EnvironmentRecord(NamedTuple):
    """What an environment met at each step of a window."""

    before: Any  # its states as the steps found them; fields [time, batch, ...]
    heard: Float[Tensor, "time batch hears"]
    drawn: Float[Tensor, "time batch draws"]


def require_environments(
    environments: Mapping[str, Environment],
    areas: Mapping[str, AreaPlan],
    inputs: Mapping[str, Sequence[int]],
    pathways: Mapping[str, Pathway],
) -> None:
    """Refuse environments that nobody acts on, and pathways that cannot lead to them.

    Args:
        environments: by name.
        areas: plans by name.
        inputs: shapes by name; that of an environment's name, if given, is of what it draws.
        pathways: by name, as given.

    Raises:
        ValueError: naming the environment or the pathway.
    """
    for name, environment in environments.items():
        place = f"environments.{name}"
        require_kind(place, environment, Environment)
        if name in areas:
            raise ValueError(f"{place}: an area has this name; choose another")
        if name in inputs and tuple(inputs[name]) != (environment.draws,):
            raise ValueError(f"{place}: an input has this name; choose another")
        if not any(pathway.target == name for pathway in pathways.values()):
            raise ValueError(
                f"{place}: nobody acts on it; add a pathway from an area to it, such as "
                f"{next(iter(areas), 'M1')}_{name}: "
                f"{{source: {next(iter(areas), 'M1')}, target: {name}}}"
            )
    for name, pathway in pathways.items():
        if pathway.target in environments:
            _require_way(f"pathways.{name}", pathway, areas, environments[pathway.target])
        elif pathway.read_out is not None:
            raise ValueError(
                f"pathways.{name}.read_out: is for pathways to an environment, and "
                f"{pathway.target} is none; leave it out"
            )


def _require_way(
    where: str, pathway: Pathway, areas: Mapping[str, AreaPlan], environment: Environment
) -> None:
    """Refuse a pathway that cannot lead from an area to an environment."""
    if pathway.source not in areas:
        raise ValueError(
            f"{where}.source: only areas act on an environment; there are {', '.join(areas)}, got "
            f"{pathway.source!r}"
        )
    if pathway.delay is not None and pathway.delay < 1:
        raise ValueError(
            f"{where}.delay: an environment hears what was done before; need 1 step or more, got "
            f"{pathway.delay}"
        )
    synapses = (pathway.onto, pathway.kernel, pathway.gate)
    if pathway.kind != "feedforward" or any(given is not None for given in synapses):
        raise ValueError(
            f"{where}: an environment has no synapses; leave kind, onto, kernel, gate out"
        )
    for adapter in pathway.adapters:
        if not environment.differentiable and any(p.requires_grad for p in adapter.parameters()):
            raise ValueError(
                f"{where}.adapters: {type(adapter).__name__} has weights that learn, and no "
                f"derivative comes back from {pathway.target}; use a read_out"
            )
    if environment.differentiable and pathway.signal not in (None, "rate", *COMPARED):
        raise ValueError(
            f"{where}.signal: derivatives of {pathway.target} come back to rates, predictions and "
            f"errors alone, got {pathway.signal!r}; give one of these"
        )
    if pathway.read_out is None:
        return
    speaking = [n for n, o in areas[pathway.source].objectives.items() if o.reads_out]
    if pathway.read_out not in speaking:
        raise ValueError(
            f"{where}.read_out: {pathway.source} has no objective {pathway.read_out!r} that reads "
            f"out what to do; there are {', '.join(speaking) or 'none'}"
        )
    if pathway.population is not None or pathway.signal not in (None, "rate"):
        raise ValueError(f"{where}.read_out: is of all rates; leave signal and population out")


def require_heard(
    environments: Mapping[str, Environment],
    pathways: Mapping[str, Pathway],
    shapes: Mapping[str, Sequence[int]],
) -> None:
    """Refuse pathways to an environment that bring another number of values than it hears.

    Args:
        environments: by name.
        pathways: by name.
        shapes: of what arrives, by pathway.
    """
    for name, pathway in pathways.items():
        if pathway.target in environments:
            brought, hears = list(shapes[name]), environments[pathway.target].hears
            if brought != [hears]:
                raise ValueError(
                    f"pathways.{name}: brings {brought}, and {pathway.target} hears [{hears}]; "
                    "give a read_out, units or adapters of as many"
                )


def label_of(environments: Mapping[str, Environment], name: str, label: str) -> str:
    """What a label of an environment is called: by its own name, unless there are several."""
    return label if len(environments) == 1 else f"{name}.{label}"


def labels_of_environments(environments: Mapping[str, Environment]) -> dict[str, Label]:
    """What the labels of all environments are, by name."""
    return {
        label_of(environments, name, label): kind
        for name, environment in environments.items()
        for label, kind in environment.labels.items()
    }


def rewards_of(environments: Mapping[str, Environment]) -> dict[str, tuple[int, ...]]:
    """Shapes of rewards, as inputs that modulators may read, by name."""
    return {label_of(environments, name, REWARD): (1,) for name in environments}


def reply(
    environment: Environment,
    state: Any,
    heard: Tensor,
    drawn: Tensor,
    reset: Tensor | None,
) -> tuple[Any, Reply]:
    """What an environment replies at a step, and its state before it.

    Args:
        environment: which one.
        state: after the step before.
        heard: what arrived, [batch, hears].
        drawn: its uniform random numbers, [batch, draws].
        reset: [batch] bool, where streams begin anew; None if none does.
    """
    if reset is not None:
        begun = environment.begin(drawn)
        state = tree_map(lambda new, old: _where(reset, new, old), begun, state)
    if not environment.differentiable:
        heard = heard.detach()
    return state, environment.step(state, heard, drawn)


def with_reward(found: Reply) -> dict[str, Tensor]:
    """All labels of a reply, the reward included."""
    return {REWARD: found.reward} | found.labels


def sent_by(found: Reply, signal: str) -> Tensor:
    """What a pathway carries from an environment: its observation, or the reward [batch, 1]."""
    return found.reward[:, None] if signal == REWARD else found.observation


def labels_of_replies(
    environments: Mapping[str, Environment], replies: Mapping[str, Reply]
) -> dict[str, Tensor]:
    """Labels of the replies of a step, by their names in a brain."""
    return {
        label_of(environments, name, label): value
        for name, found in replies.items()
        for label, value in with_reward(found).items()
    }


def _where(reset: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return torch.where(reset.view(-1, *[1] * (old.dim() - 1)), new, old)


def arrived_in(messages: Sequence[Tensor]) -> Tensor:
    """What an environment hears, of the messages of all pathways that end in it."""
    total = messages[0]
    for message in messages[1:]:
        total = total + message
    return total
