"""Feedback of all the synapses over which learning signals return from one area to others.

Each group of synapses has a feedback of its own, made after one pattern: its own weights and random
numbers, and, where it learns, its own gradient.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import partial
from typing import cast

from torch import Tensor, nn

from areas import Feedback, Synapses
from areas.feedback.feedback import draw
from areas.keys import of_predictor, of_units, slug
from brainmodel.errors import named
from brainmodel.learning.rule import Gradients
from brainmodel.wiring.parameter_names import feedback_name
from brainmodel.wiring.wiring import Wiring


class PathwayFeedback(nn.Module):
    """A feedback for each group of synapses over which a learning signal may return.

    Args:
        pattern: what each is a copy of; not yet built.

    Attributes:
        groups: by area, by `slug` of the key of the synapses within the area.
    """

    def __init__(self, pattern: Feedback):
        super().__init__()
        self._another = partial(deepcopy, pattern)  # the pattern itself is no part of the brain
        self.groups = nn.ModuleDict()

    def build(self, brain: Wiring) -> None:
        """Make them, once; random weights of each group have the seed, and its name.

        Raises:
            ValueError: if weights that were given do not fit a group; the message names it.
        """
        returned = list(returning(brain))
        self.groups = nn.ModuleDict({area: nn.ModuleDict() for area in sorted(brain.areas)})
        shapes = {tuple(synapses.weight.shape): None for _, _, synapses in returned}
        made = {one.name for one in brain.made if one.learn}
        for area, key, synapses in returned:
            feedback = self._another()
            start = draw(synapses.weight, feedback.seed, f"{area}.{key}")
            with named(f"{area}.{key}"):
                _build(feedback, synapses.weight, start, list(shapes))
            if (
                brain.parameter_name(area, key) in made
            ):  # they learn, and their weights as such do not
                feedback.requires_grad_()
            cast(nn.ModuleDict, self.groups[area])[slug(key)] = feedback

    def of(self, area: str, key: str) -> Feedback:
        """The feedback of the synapses that an area calls by that key."""
        return cast(Feedback, cast(nn.ModuleDict, self.groups[area])[slug(key)])

    def back(self, brain: Wiring, area: str, key: str, target: Tensor) -> Tensor:
        """Derivative by the sources of synapses, [batch, in, ...], from that by their currents.

        Args:
            brain: the brain.
            area: where the synapses end.
            key: of their weights within the area (see `areas.keys`).
            target: derivative by the currents, [batch, out, ...].
        """
        synapses = brain.area(area).all_synapses()[key]
        return synapses.transpose(target, self.of(area, key).weights(synapses.weight))

    def learn(self, brain: Wiring, found: Gradients) -> None:
        """Add gradients of own weights, and the decay of both, to those `found`, by name.

        Where a rule gave the forward weights no gradient, own weights get none either.
        """
        for area, key, synapses in returning(brain):
            forward, feedback = brain.parameter_name(area, key), self.of(area, key)
            if forward not in found:
                continue
            lost = feedback.decays()
            for name, gradient in feedback.gradients(found[forward]).items():
                found[feedback_name(area, key, name)] = gradient + lost[name]
            if feedback.decay > 0:
                found[forward] = found[forward] + feedback.decay * synapses.weight.detach()

    def parameters_of(self, area: str) -> list[nn.Parameter]:
        """Own parameters that learn with the synapses of an area."""
        return list(self.groups[area].parameters())


def _build(
    feedback: Feedback, forward: Tensor, start: Tensor, shapes: Sequence[tuple[int, ...]]
) -> None:
    """Build one feedback; where given weights do not fit, say what others there are to fit."""
    try:
        feedback.build(forward, start)
    except ValueError as error:
        if len(shapes) == 1:
            raise
        listed = ", ".join(str(list(shape)) for shape in shapes)
        raise ValueError(
            f"{error}; learning signals return over synapses of shapes {listed}, which no one "
            "weight fits: use another feedback, such as areas.RandomFeedback"
        ) from None


def returning(brain: Wiring) -> Iterator[tuple[str, str, Synapses]]:
    """All synapses over which a learning signal may return: (area, key within the area, synapses).

    Those from what areas sent, or pathways that learn, and, where there are any, those from the
    area's own error, which what they sent is part of.
    """
    for name in sorted(brain.areas):
        area, sources = brain.area(name), answered(brain, name)
        for source, synapses in area.synapses.items():
            if source in sources or (source == "error" and sources):
                yield name, of_units(source), synapses
        if area.predictor is not None:
            for source, synapses in area.predictor.synapses.items():
                if source in sources:
                    yield name, of_predictor(source), synapses


def answered(brain: Wiring, area: str) -> list[str]:
    """Over which sources of an area ("drive", or a pathway) a learning signal returns.

    Those that come from areas, or are gated by some, at least in part, or by pathways that learn.
    """
    learning, arrivals = set(brain.learning), brain.arrivals(area).items()
    return [
        source
        for source, names in arrivals
        if any(
            n in learning or not brain.areas.keys().isdisjoint(brain.pathways[n].heard)
            for n in names
        )
    ]
