"""Many seeds at once: brains alike but for their weights as one brain, trained in one go.

A brain of S seeds is an ordinary brain whose areas have S times the units (of maps, channels), and
whose synapses join no two seeds. Units of other seeds are just other units: cells take each unit by
itself, rules follow synapses, so every seed computes and learns what it does alone, while a device
gets few large products in the place of many small ones. The loss is the sum of the losses of all
seeds. What would look at all units of an area at once is refused (`brainmodel.seeds.refusals`).

    whole = together([make(seed) for seed in range(8)])
    optimizer = torch.optim.Adam(whole.parameters())    # of rules that take each weight by itself
    activities, state = whole(inputs_together(inputs), resets_together(resets), state)
    sum(loss for own in whole.losses(activities).values() for loss in own.values()).backward()
    ...
    apart(whole, brains)                                # ordinary brains, as if trained alone
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn

from areas import Feedback
from areas.seeds import AreaOfSeeds, feedback_of_seeds
from brainmodel.brain import Brain
from brainmodel.errors import named
from brainmodel.scopes import Adjacent
from brainmodel.seeds.alike import require_alike
from brainmodel.seeds.objectives import GroupObjectiveOfSeeds, ObjectiveOfSeeds
from brainmodel.seeds.refusals import require_apart
from brainmodel.seeds.routes import Layouts, wider
from brainmodel.wiring.losses import Losses
from objectives import Activity, GroupObjective, Objective

OWN = ("objectives", "groups")
"""Of which each seed has its own."""


def together(brains: Sequence[Brain]) -> Brain:
    """Brains of several seeds as one brain, whose inputs and areas are those of all seeds.

    Args:
        brains: alike but for their weights, of one age; they stay as they are.

    Raises:
        ValueError: if they are not alike, or hold a part that is not known to keep seeds apart.
    """
    require_alike(brains)
    require_apart(brains[0])
    whole, layouts = deepcopy(brains[0]), Layouts(brains[0], len(brains))
    whole._listeners = OrderedDict()
    whole.inputs = wider(whole.inputs, len(brains))
    whole.routes = nn.ModuleDict({name: layouts.routes[name] for name in whole.routes})
    areas = {}
    for name in whole.areas:
        with named(f"areas.{name}"):
            each = [brain.area(name) for brain in brains]
            areas[name] = AreaOfSeeds(each, layouts.drive(name), layouts.messages)
    whole.areas = nn.ModuleDict(areas)
    for name in whole.objectives:
        own = [cast(nn.ModuleDict, brain.objectives[name]) for brain in brains]
        made = {}
        for key in own[0]:
            each = [cast(Objective, deepcopy(one[key])) for one in own]
            made[key] = ObjectiveOfSeeds(each, areas[name])
        whole.objectives[name] = nn.ModuleDict(made)
    for name in whole.groups:
        shared = [cast(GroupObjective, deepcopy(brain.groups[name])) for brain in brains]
        whole.groups[name] = GroupObjectiveOfSeeds(shared, areas)
    _join_feedback(whole, brains)
    return whole


def _join_feedback(whole: Brain, brains: Sequence[Brain]) -> None:
    """Make the feedback of scope `Adjacent` that of all seeds."""
    if not isinstance(whole.scope, Adjacent):
        return
    scopes = [cast(Adjacent, brain.scope) for brain in brains]
    for name, own in whole.scope.feedback.groups.items():
        for key in cast(nn.ModuleDict, own):
            each = [cast(nn.ModuleDict, scope.feedback.groups[name])[key] for scope in scopes]
            joined = feedback_of_seeds([cast(Feedback, one) for one in each])
            cast(nn.ModuleDict, own)[key] = joined


def apart(whole: Brain, brains: Sequence[Brain]) -> Sequence[Brain]:
    """Give the weights of each seed, and all else that it learnt, to a brain of its own.

    Args:
        whole: that `together` made.
        brains: as many as it has seeds, alike those it was made of, or these themselves; what they
            are is overwritten.

    Returns:
        these brains.

    Raises:
        ValueError: if there are more or fewer brains than seeds.
    """
    seeds = seeds_of(whole)
    if len(brains) != seeds:
        raise ValueError(f"brains: need {seeds}, one for each seed, got {len(brains)}")
    for seed, brain in enumerate(brains):
        brain.load_state_dict(state_of(whole, seed))
    return brains


def state_of(whole: Brain, seed: int) -> dict[str, Tensor]:
    """The parameters and buffers of one seed, by their names in a brain of its own."""
    return of_seed(whole, whole.state_dict(), seed)


def of_seed(whole: Brain, named: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """What one seed has of parameters, or of what has their shapes, such as gradients.

    Args:
        whole: that `together` made.
        named: by its names.
        seed: its place.

    Returns:
        by the names of a brain of one seed.
    """
    seeds, areas, found = seeds_of(whole), areas_of(whole), {}
    for name, value in named.items():
        section, _, rest = name.partition(".")
        if section == "areas":
            area, _, key = rest.partition(".")
            found[name] = areas[area].apart(key, value)[seed]
        elif section in OWN:
            before, _, behind = rest.partition(".of.")
            place, _, key = behind.partition(".")
            if int(place) == seed:
                found[f"{section}.{before}.{key}"] = value
        elif section == "scope":
            found[name] = value.unflatten(0, (seeds, -1))[seed]
        else:
            found[name] = value
    return found


def refresh(whole: Brain, brains: Sequence[Brain]) -> None:
    """Give a brain of several seeds the weights that brains of one seed have, the way back.

    Args:
        whole: that `together` made.
        brains: of its seeds, in their order.
    """
    areas, each = areas_of(whole), [brain.state_dict() for brain in brains]
    with torch.no_grad():
        for name, value in whole.state_dict().items():
            section, _, rest = name.partition(".")
            if section == "areas":
                area, _, key = rest.partition(".")
                value.copy_(areas[area].together(key, [own[name] for own in each]))
            elif section in OWN:
                before, _, behind = rest.partition(".of.")
                place, _, key = behind.partition(".")
                value.copy_(each[int(place)][f"{section}.{before}.{key}"])
            elif section == "scope":
                value.copy_(torch.cat([own[name] for own in each]))
            else:
                value.copy_(each[0][name])


def areas_of(whole: Brain) -> dict[str, AreaOfSeeds]:
    """The areas of a brain that `together` made, by name."""
    return {name: cast(AreaOfSeeds, whole.area(name)) for name in whole.areas}


def seeds_of(whole: Brain) -> int:
    """How many seeds a brain has that `together` made.

    Raises:
        ValueError: for a brain of one seed.
    """
    area = next(iter(whole.areas.values()))
    if not isinstance(area, AreaOfSeeds):
        raise ValueError("brain: is of one seed; give one that `together` has made")
    return area.layout.seeds


def losses_by_seed(whole: Brain, activities: Mapping[str, Activity]) -> list[Losses]:
    """The losses of each seed, not yet weighed, as `Brain.judge` gives them of it alone.

    Args:
        whole: that `together` made.
        activities: of a window; labels are [time, batch, seed, ...].
    """
    found: list[Losses] = [{} for _ in range(seeds_of(whole))]

    def note(place: str, key: str, valid: Tensor, losses: Sequence[Tensor]) -> None:
        for own, loss in zip(found, losses, strict=True):
            own.setdefault(place, {})[key] = (valid * loss).mean()

    for name, activity in activities.items():
        for key, objective in cast(nn.ModuleDict, whole.objectives[name]).items():
            losses = cast(ObjectiveOfSeeds, objective).losses(activity)
            note(name, key, activity.valid, losses)
    valid = next(iter(activities.values())).valid
    for key, group in whole.groups.items():
        note("groups", key, valid, cast(GroupObjectiveOfSeeds, group).losses(dict(activities)))
    return found
