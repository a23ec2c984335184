"""Parameter groups of the optimizer: of each area and kind, each pathway and shared objective."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from areas.keys import belongs_to_predictor
from brainmodel.brain import Brain

KINDS = ("synapses", "predictor", "objective", "rule")


def parameter_groups(
    brain: Brain, own: Mapping[str, float | None], usual: float, special: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Groups {"name": "V1.synapses", "params": ..., "lr": ...} of all parameters that learn.

    The most specific learning rate counts: that of area and kind, of the area, of the kind, the
    usual one; for a pathway its own ("pathways.NAME"), that of the kind "pathway", the usual one;
    for a shared objective its own ("groups.NAME"), that of the kind "objective", the usual one.

    Args:
        brain: the brain.
        own: learning rate of each area, None where its plan gives none.
        usual: learning rate where nothing else is given.
        special: learning rates by kind, by area and kind joined by a dot, by pathway or by shared
            objective.

    Raises:
        ValueError: if a learning rate is not positive or fits no parameters, or if nothing learns.
    """
    _require_positive(own, usual, special)
    _require_known(brain, special)
    groups = []
    for area in brain.areas:
        for kind, parameters in _parts(brain, area).items():
            rates = (special.get(f"{area}.{kind}"), own[area], special.get(kind), usual)
            rate = next(rate for rate in rates if rate is not None)
            if parameters:
                groups.append({"name": f"{area}.{kind}", "params": parameters, "lr": rate})
    beyond: dict[str, tuple[nn.Module, str]] = {
        f"pathways.{name}": (nn.ModuleList([route, *filter(None, [brain.gate(name)])]), "pathway")
        for name, route in brain.routes.items()
    }
    beyond |= {f"groups.{name}": (group, "objective") for name, group in brain.groups.items()}
    for name, (part, kind) in beyond.items():
        learnt = [p for p in part.parameters() if p.requires_grad]
        if learnt:
            rate = special.get(name, special.get(kind, usual))
            groups.append({"name": name, "params": learnt, "lr": rate})
    if not groups:
        raise ValueError("areas: nothing learns; give an area a rule other than NoLearning")
    return groups


def _require_positive(
    own: Mapping[str, float | None], usual: float, special: Mapping[str, float]
) -> None:
    named = {f"areas.{area}.learning_rate": rate for area, rate in own.items() if rate is not None}
    named |= {f"learning_rates.{name}": rate for name, rate in special.items()}
    for field, rate in {"learning_rate": usual, **named}.items():
        if not rate > 0:
            raise ValueError(f"{field}: need a number above 0, got {rate}")


def _require_known(brain: Brain, special: Mapping[str, float]) -> None:
    known = {*KINDS, "pathway", *(f"{area}.{kind}" for area in brain.areas for kind in KINDS)}
    known |= {f"groups.{name}" for name in brain.groups}
    known |= {f"pathways.{name}" for name in brain.routes}
    for name in special:
        if name not in known:
            raise ValueError(
                f"learning_rates.{name}: belongs to nothing; give {', '.join(KINDS)}, or one of "
                f"them after the name of an area, as in {next(iter(brain.areas))}.predictor"
            )


def _parts(brain: Brain, area: str) -> dict[str, list[nn.Parameter]]:
    parts: dict[str, list[nn.Parameter]] = {kind: [] for kind in KINDS}
    for key, parameter in brain.area(area).weights().items():
        kind = "predictor" if belongs_to_predictor(key) else "synapses"
        parts[kind].append(parameter)
    parts["synapses"] += brain.scope.synapses_of(area)
    parts["objective"] = list(brain.objectives[area].parameters())
    parts["rule"] = list(brain.rule(area).parameters())
    return {kind: [p for p in found if p.requires_grad] for kind, found in parts.items()}


def require_steps(optimizer: Callable[[Any], Optimizer]) -> None:
    """Refuse an optimizer that does not take groups of parameters, or cannot take a step.

    Raises:
        ValueError: with what it says of its arguments.
    """
    trial = nn.Parameter(torch.zeros(2, 2))
    trial.grad = torch.ones_like(trial)
    try:
        optimizer([{"name": "trial", "params": [trial], "lr": 1e-3}]).step()
    except Exception as error:
        said = str(error).partition("\n")[0]
        raise ValueError(
            f"model.optimizer: cannot take a step: {said}; give other arguments, or another "
            "optimizer such as torch.optim.Adam"
        ) from error


def require_plain(optimizer: Optimizer) -> Optimizer:
    """Refuse a learning rate given to the optimizer itself: those of its groups would count.

    Raises:
        ValueError: naming it.
    """
    parameters = inspect.signature(type(optimizer).__init__).parameters
    usual = parameters["lr"].default if "lr" in parameters else inspect.Parameter.empty
    given = optimizer.defaults.get("lr", usual)
    if usual is not inspect.Parameter.empty and given != usual:
        raise ValueError(
            f"model.optimizer.lr: is {given}, but learning rates belong to the model; set "
            f"model.learning_rate: {given} instead"
        )
    return optimizer
