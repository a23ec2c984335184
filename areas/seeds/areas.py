"""An area of several seeds: as many times the units, and no synapse between seeds.

Nothing else differs from any area, so rules, scopes and roll-outs do with it what they always do.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from areas.area import Area
from areas.feedback import (
    Feedback,
    GivenFeedback,
    LearntFeedback,
    RandomFeedback,
    SignConcordantFeedback,
    SymmetricFeedback,
)
from areas.keys import BIAS, of_predictor, of_units
from areas.predictor import Predictor
from areas.seeds.layout import SeedLayout, layout_of_units
from areas.seeds.synapses import synapses_of_seeds
from areas.synapses import Bundle


class AreaOfSeeds(Area):
    """The areas of several seeds as one.

    Args:
        each: the area of each seed, alike but for its weights; they stay as they are.
        drive: how the elements of the drive lie; of maps, channels.
        messages: likewise of each message, by pathway.

    Attributes:
        layout: how units lie; of maps, channels.
        drive_layout, error_layout: likewise the elements of the drive, and errors.

    Raises:
        ValueError: for a part that is not known to keep seeds apart.
    """

    def __init__(self, each: Sequence[Area], drive: SeedLayout, messages: Mapping[str, SeedLayout]):
        _require_known(each[0])
        nn.Module.__init__(self)  # all is there already, in the area of the first seed
        vars(self).update(vars(deepcopy(each[0])))
        first = each[0]
        self.layout = layout_of_units(first.cell, first.units[0], len(each))
        self.drive_layout = drive
        self.error_layout = drive.times(first.comparison.errors)
        self.units = (self.layout.whole, *first.units[1:])
        self.drive = (drive.whole, *first.drive[1:])
        self.errors = (self.error_layout.whole, *first.errors[1:])
        self.messages, self.hints = _wider(first.messages, messages), _wider(first.hints, messages)
        sources = {"drive": drive, "error": self.error_layout, "recurrent": self.layout}
        self._join([area.synapses for area in each], sources | dict(messages))
        self.use(self.dynamics)
        if first.predictor is not None:
            self.predictor = _predictor(each, {"rate": self.layout, **messages}, drive)
        for key, _ in self.biases():
            joined = self.together(key, [area.weights()[key].detach() for area in each])
            owner = self.get_submodule(key.rpartition(".")[0])
            learns = first.weights()[key].requires_grad
            owner.register_parameter(BIAS, nn.Parameter(joined, requires_grad=learns))

    def _join(self, each: Sequence[Bundle], sources: Mapping[str, SeedLayout]) -> None:
        """Make the synapses onto the units of those of each seed."""
        self.synapses = Bundle()
        for name in each[0]:
            reach = self.reach(name)
            target = self.layout.times(reach.stop - reach.start)
            joined = synapses_of_seeds([own[name] for own in each], sources[name], target)
            self.synapses[name] = joined

    def biases(self) -> Iterator[tuple[str, SeedLayout]]:
        """The keys of biases, and how they lie; all other parameters lie seed by seed."""
        yield of_units(BIAS), self.layout.times(len(self.cell.currents) - len(self.cell.constants))
        if self.predictor is not None:
            yield of_predictor(BIAS), self.drive_layout

    def apart(self, key: str, value: Tensor) -> Tensor:
        """A parameter or buffer of this key, or a tensor of its shape, [seed, ...] as alone."""
        layout = dict(self.biases()).get(key)
        return (
            value.unflatten(0, (self.layout.seeds, -1))
            if layout is None
            else layout.apart(value, 0)
        )

    def together(self, key: str, each: Sequence[Tensor]) -> Tensor:
        """Back from `apart`, of what each seed has."""
        layout = dict(self.biases()).get(key)
        return (
            torch.cat(list(each)) if layout is None else layout.together(torch.stack(list(each)), 0)
        )


def require_one_seed(area: Area, what: str) -> None:
    """Refuse an area of several seeds, whose weights lie otherwise.

    Args:
        area: the area.
        what: is done to it, for the message.

    Raises:
        ValueError: naming what to do.
    """
    if isinstance(area, AreaOfSeeds):
        raise ValueError(
            f"{what} know weights of one seed, and this brain is of {area.layout.seeds}: take them "
            "apart (`brainmodel.seeds.apart`) and do it to each"
        )


KNOWN = (
    Area,
    Predictor,
    SymmetricFeedback,
    RandomFeedback,
    GivenFeedback,
    LearntFeedback,
    SignConcordantFeedback,
)
"""Classes that take each unit, or each weight, by itself."""


def _require_known(part: object) -> None:
    if type(part) not in KNOWN:
        raise ValueError(
            f"{type(part).__name__} is not known to keep seeds apart; use another, or train the "
            "seeds one by one"
        )


def _wider(
    shapes: Mapping[str, tuple[int, ...]], layouts: Mapping[str, SeedLayout]
) -> dict[str, tuple[int, ...]]:
    return {name: (layouts[name].whole, *shape[1:]) for name, shape in shapes.items()}


def _predictor(
    each: Sequence[Area], sources: Mapping[str, SeedLayout], drive: SeedLayout
) -> Predictor:
    """The predictors of several seeds as one; their biases are not yet."""
    own = [area.predictor for area in each if area.predictor is not None]
    _require_known(own[0])
    made = deepcopy(own[0])
    for name in own[0].synapses:
        joined = [predictor.synapses[name] for predictor in own]
        made.synapses[name] = synapses_of_seeds(joined, sources[name], drive)
    made.feedback = feedback_of_seeds([predictor.feedback for predictor in own])
    return made


def feedback_of_seeds(each: Sequence[Feedback]) -> Feedback:
    """The feedback of several seeds as one: all it has lies as the weights do, seed by seed."""
    _require_known(each[0])
    made = deepcopy(each[0])
    for name, parameter in each[0].named_parameters():
        joined = torch.cat([own.get_parameter(name).detach() for own in each])
        made.register_parameter(name, nn.Parameter(joined, parameter.requires_grad))
    for name, _ in each[0].named_buffers():
        made.register_buffer(name, torch.cat([own.get_buffer(name) for own in each]))
    return made
