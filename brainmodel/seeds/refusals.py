"""What cannot be one brain of several seeds is refused: wrong numbers would not be noticed.

Parts say of themselves that they keep seeds apart (`keeps_apart`), each class for itself alone:
what is made of such a class may do otherwise.
"""

from collections.abc import Iterator
from typing import cast

from torch import nn

from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.wiring.engine import Plain
from objectives import GroupObjective, Objective

ALONE = "train the seeds one by one"


def keeps_apart(part: object) -> bool:
    """Whether the very class of a part says so."""
    return vars(type(part)).get("keeps_apart", False) is True


def require_apart(brain: Brain) -> None:
    """Refuse a brain of which several seeds would not be what each is alone.

    Raises:
        ValueError: naming the part, in one sentence.
    """
    for place, part in _parts(brain):
        if not keeps_apart(part):
            raise ValueError(
                f"{place}: {type(part).__name__} is not known to keep seeds apart; use another, or "
                f"{ALONE}"
            )
    _require_no(brain)
    for place, own in (*brain.objectives.items(), ("groups", brain.groups)):
        for name, objective in cast(nn.ModuleDict, own).items():
            _require_no_chance(f"{place}.{name}", cast(Objective | GroupObjective, objective))


def _parts(brain: Brain) -> Iterator[tuple[str, object]]:
    """Parts that may look at all units of an area at once, and where they are."""
    yield "scope", brain.scope
    for name in brain.areas:
        yield f"areas.{name}.rule", brain.rule(name)
    for name in brain.modulators:
        yield f"areas.{name}.modulator", brain.modulator(name)


def _require_no(brain: Brain) -> None:
    """Refuse what no brain of several seeds has."""
    gains = [name for name in brain.routes if brain.route(name).gain is not None]
    there = {
        f"environments.{next(iter(brain.environments), '')}": brain.environments,
        f"areas.{next(iter(brain.noise), '')}.noise": brain.noise,
        f"pathways.{next(iter(brain.gates), '')}.gate": brain.gates,
        f"pathways.{next(iter(gains), '')}.gain": gains,
        "perturbations": brain.perturbed,
        "engine": None if type(brain.engine) is Plain else brain.engine,
    }
    for place, part in there.items():
        if part is not None and (not hasattr(part, "__len__") or len(part)):
            raise ValueError(f"{place}: is not known to keep seeds apart; leave it out, or {ALONE}")
    for one in brain.made:
        with named(one.name):
            kind = type(one.synapses.making).__name__
            raise ValueError(
                f"weights that {kind} makes are not known to keep seeds apart; {ALONE}"
            )


def _require_no_chance(place: str, objective: Objective | GroupObjective) -> None:
    """Refuse what draws from the generator that all seeds of a process share."""
    if objective.draws:
        raise ValueError(
            f"{place}: {type(objective).__name__} draws at random, and seeds together would draw "
            f"other numbers than alone; {ALONE}"
        )
