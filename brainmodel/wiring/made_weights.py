"""Weights that are made: what a brain computes with, while its parameters are what makes them."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from torch import Tensor, nn
from torch.func import functional_call

from areas import Area, Synapses

Result = TypeVar("Result")


class MadeWeights(NamedTuple):
    """The weights of one group of synapses that something makes."""

    name: str  # of a brain's parameter
    synapses: Synapses
    learn: bool  # whether a learning signal goes on from them to what makes them

    def now(self) -> Tensor:
        """The weights as they are made now; differentiable, if they learn."""
        made = self.synapses.made()
        return made if self.learn else made.detach()


def made_in(area: Area) -> Iterator[tuple[str, Synapses]]:
    """Synapses onto an area's units whose weights are made, by source."""
    for source, synapses in area.synapses.items():
        if synapses.making is not None:
            yield source, synapses


class _Within(nn.Module):
    """A function as a module that holds a brain: `functional_call` puts weights into modules."""

    def __init__(self, brain: nn.Module, function: Callable[[], object]):
        super().__init__()
        self.brain, self.function = brain, function

    def forward(self) -> object:
        return self.function()


def with_weights(
    brain: nn.Module, weights: Mapping[str, Tensor], function: Callable[[], Result]
) -> Result:
    """What a function gives while a brain has other weights.

    Args:
        brain: the brain; it has its own again afterwards.
        weights: by its names of parameters; where there are none, the function is just called.
        function: it may look at the brain.
    """
    if not weights:
        return function()
    held = {f"brain.{name}": weight for name, weight in weights.items()}
    return functional_call(_Within(brain, function), held, ())
