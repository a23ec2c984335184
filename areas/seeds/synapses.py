"""Synapses of several seeds: within each seed all, between seeds none.

Weights lie seed by seed in their first dimension, [seed * target, source], where target and source
are those of one seed: so they take S times the memory of one seed, and as many products. Signals
lie as their layouts say.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from areas.loops.precision import is_short, multiplied
from areas.seeds.layout import SeedLayout
from areas.synapses import Convolution, Dense, Synapses


class DenseOfSeeds(Synapses):
    """All-to-all synapses between the units of each seed.

    Args:
        weight: [seed * target, source].
        source: how presynaptic signals lie.
        target: how currents lie.
    """

    def __init__(self, weight: Tensor, source: SeedLayout, target: SeedLayout):
        super().__init__()
        self.source, self.target = source, target
        self.weight = nn.Parameter(weight)

    def forward(self, source: Tensor, weight: Tensor | None = None) -> Tensor:
        """See `Synapses.forward`; weights are [seed * target, source], here and in `transpose`."""
        came = self.source.apart(source, 1).transpose(0, 1)
        made = multiplied(torch.bmm, came, self._by_seed(weight).mT)
        return self.target.together(made.transpose(0, 1), 1)

    def transpose(self, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """See `Synapses.transpose`."""
        came = self.target.apart(target, 1).transpose(0, 1)
        made = multiplied(torch.bmm, came, self._by_seed(weight))
        return self.source.together(made.transpose(0, 1), 1)

    def adder(self) -> Callable[[Tensor, Tensor], None]:
        """See `Synapses.adder`; one product of all seeds."""
        if is_short(self.weight.dtype):
            return super().adder()
        laid = self._by_seed(None).detach().mT.contiguous()
        return partial(_add, self.source, self.target, laid)

    def add_transpose(self, target: Tensor, out: Tensor) -> None:
        """See `Synapses.add_transpose`; likewise."""
        if is_short(self.weight.dtype):
            return super().add_transpose(target, out)
        _add(self.target, self.source, self._by_seed(None).detach(), target, out)

    def gradient(self, source: Tensor, target: Tensor) -> Tensor:
        """See `Synapses.gradient`."""
        came = self.source.apart(source, 1).transpose(0, 1)
        bars = self.target.apart(target, 1).permute(1, 2, 0)
        return multiplied(torch.bmm, bars, came).flatten(0, 1)

    def _by_seed(self, weight: Tensor | None) -> Tensor:
        """Weights [seed, target, source]."""
        weight = self.weight if weight is None else weight
        return weight.unflatten(0, (self.source.seeds, -1))


def _add(come: SeedLayout, go: SeedLayout, weight: Tensor, signal: Tensor, out: Tensor) -> None:
    """Add the product of a signal and the weights of each seed, [seed, in, out], in place."""
    came = come.apart(signal, 1).transpose(0, 1)
    if len(go.parts) == 1:
        go.apart(out, 1).transpose(0, 1).baddbmm_(came, weight)
    else:
        out.add_(go.together(torch.bmm(came, weight).transpose(0, 1), 1))


class ConvolutionOfSeeds(Synapses):
    """Synapses shared across a map, between the maps of each seed.

    Args:
        weight: [seed * target channel, source channel, height, width] of the receptive field.
        source: how presynaptic channels lie.
        target: how channels of currents lie.
    """

    def __init__(self, weight: Tensor, source: SeedLayout, target: SeedLayout):
        super().__init__()
        self.source, self.target = source, target
        self.weight, self.pad = nn.Parameter(weight), weight.shape[-1] // 2

    def forward(self, source: Tensor, weight: Tensor | None = None) -> Tensor:
        """See `Synapses.forward`; weights as above, here and in `transpose`."""
        return self._across(functional.conv2d, self.source, self.target, source, weight)

    def transpose(self, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """See `Synapses.transpose`."""
        back = functional.conv_transpose2d
        return self._across(back, self.target, self.source, target, weight)

    def _across(
        self,
        operator: Callable[..., Tensor],
        come: SeedLayout,
        go: SeedLayout,
        signal: Tensor,
        weight: Tensor | None,
    ) -> Tensor:
        weight = self.weight if weight is None else weight
        operator = partial(operator, padding=self.pad, groups=come.seeds)
        made = multiplied(operator, come.apart(signal, 1).flatten(1, 2), weight)
        return go.together(made.unflatten(1, (come.seeds, -1)), 1)

    def gradient(self, source: Tensor, target: Tensor) -> Tensor:
        """See `Synapses.gradient`."""
        shape, groups = self.weight.shape, self.source.seeds

        def product(source: Tensor, target: Tensor) -> Tensor:
            return conv2d_weight(source, shape, target, padding=self.pad, groups=groups)

        came, bars = self.source.apart(source, 1), self.target.apart(target, 1)
        return multiplied(product, came.flatten(1, 2), bars.flatten(1, 2))


def synapses_of_seeds(
    each: list[Synapses], source: SeedLayout, target: SeedLayout
) -> DenseOfSeeds | ConvolutionOfSeeds:
    """The synapses of several seeds as one group.

    Args:
        each: those of each seed, of one kind and shape; existing and signed ones alike.
        source: how presynaptic signals lie.
        target: how currents lie.

    Raises:
        ValueError: for synapses of another kind, or whose weights something makes.
    """
    first, kinds = each[0], {Dense: DenseOfSeeds, Convolution: ConvolutionOfSeeds}
    if first.making is not None or type(first) not in kinds:
        raise ValueError(
            f"{type(first.making or first).__name__} is not known to keep seeds apart: give these "
            "synapses weights of their own, or train the seeds one by one"
        )
    weight = torch.cat([own.weight.detach() for own in each])
    made = kinds[type(first)](weight, source, target)
    made.weight.requires_grad_(first.weight.requires_grad)
    for name in ("mask", "sign"):
        if getattr(first, name) is not None:
            setattr(made, name, torch.cat([getattr(own, name) for own in each]))
    return made
