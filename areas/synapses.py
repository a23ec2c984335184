"""Synapses: the linear operators from a source's signal to the currents of an area's units.

There are two kinds with one interface: dense ones for units, convolutional ones for maps. Each can
be applied, applied in transposed form (a derivative goes back along it) and differentiated (the
presynaptic signal and the postsynaptic derivative give the derivative by the weights).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, ItemsView, Sequence, ValuesView
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from areas.loops.chunks import at_once
from areas.loops.precision import is_short, kind_of_products, multiplied
from areas.shapes import Postsynaptic, Presynaptic, SynapticWeight

CHUNK = 2**18  # elements of currents that are made at once, to stay in the cache


class Making(nn.Module, ABC):
    """What makes the weights of a group of synapses (see `areas.projections.making`).

    Attributes:
        other: key of the weights of other synapses that it needs; None unless declared.
    """

    other: str | None = None

    @abstractmethod
    def build(self, weight: SynapticWeight, other: "Synapses | None") -> None:
        """Prepare for a group of synapses, once.

        Args:
            weight: as they were drawn.
            other: the synapses of the key `other`, where it is one.

        Raises:
            ValueError: if it does not fit.
        """

    @abstractmethod
    def forward(self, other: Tensor | None) -> SynapticWeight:
        """The weights, of own parameters or of the weights that `other` is the key of.

        Args:
            other: these weights, of any shape; None where there are none.
        """


class Synapses(nn.Module, ABC):
    """Synapses from one source.

    Attributes:
        weight: the synaptic weights, postsynaptic dimension first. Where something makes them, they
            are as they were last made, and no parameters that learn.
        making: what makes the weights, if anything does.
        mask: 1 where a synapse exists, of the weights' shape; None where all do.
        sign: 1 where a synapse can only excite, -1 where only inhibit, 0 where either, of the
            weights' shape; None where all can do either.
    """

    weight: nn.Parameter
    making: Making | None
    mask: Tensor | None
    sign: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.making = None
        self.made_of: tuple[Synapses, ...] = ()  # other synapses; hidden here, they are elsewhere
        self.register_buffer("mask", None)
        self.register_buffer("sign", None)

    def prune(self, mask: Tensor, scale: bool = True) -> None:
        """Remove the synapses where a mask of the weights' shape is 0.

        Args:
            mask: 1 or 0.
            scale: whether the others are scaled up, so that each current keeps its variance.
        """
        self.mask = mask
        self.weight.data *= mask
        if scale:
            shares = mask.flatten(1).mean(1)
            shares = torch.where(shares > 0, shares, 1.0)
            self.weight.data *= shares.view(-1, *[1] * (mask.dim() - 1)) ** -0.5

    def restrict(self, sign: Tensor) -> None:
        """Let synapses only excite or only inhibit, by their signs in the weights' shape."""
        self.sign = sign.to(self.weight)
        self.project()

    def project(self) -> None:
        """Put weights of the wrong sign to 0, as after a step of an optimizer."""
        if self.sign is not None:
            with torch.no_grad():
                self.weight.masked_fill_(self.weight * self.sign < 0, 0.0)

    def be_made(self, making: Making, other: "Synapses | None") -> None:
        """Have weights that something makes, of its own parameters or of other synapses."""
        making.build(self.weight.detach(), other)
        self.making, self.made_of = making, () if other is None else (other,)
        self.weight.requires_grad_(False)
        self.remake()

    def made(self) -> SynapticWeight:
        """The weights as they are made now, differentiable; only where something makes them."""
        assert self.making is not None
        others = [o.weight if o.mask is None else o.weight * o.mask for o in self.made_of]
        weight = self.making(*others or [None])
        if self.sign is not None:
            weight = torch.where(self.sign == 0, weight, weight.abs() * self.sign)
        return weight if self.mask is None else weight * self.mask

    def remake(self) -> None:
        """Put the weights as they are made now in the place of those made before."""
        if self.making is not None:
            with torch.no_grad():
                self.weight.copy_(self.made())

    @abstractmethod
    def forward(self, source: Presynaptic, weight: SynapticWeight | None = None) -> Postsynaptic:
        """Currents [batch, out, ...] that a source's signal [batch, in, ...] makes.

        Other weights take the place of its own where they are given, here and in `transpose`.
        """

    @abstractmethod
    def transpose(self, target: Postsynaptic, weight: SynapticWeight | None = None) -> Presynaptic:
        """The transposed operator: [batch, out, ...] to [batch, in, ...]."""

    def adder(self) -> Callable[[Tensor, Tensor], None]:
        """A function (source, out) that adds the currents a source makes to `out`, in place.

        It may be called for many steps, as long as the weights do not change; autograd does not
        record it.
        """

        def add(source: Tensor, out: Tensor) -> None:
            out.add_(self(source))

        return add

    def add_transpose(self, target: Postsynaptic, out: Presynaptic) -> None:
        """Add what `transpose` gives to `out`, in place; autograd does not record it."""
        out.add_(self.transpose(target))

    @abstractmethod
    def gradient(self, source: Presynaptic, target: Postsynaptic) -> SynapticWeight:
        """Derivative by the weights, summed over the batch.

        Args:
            source: presynaptic signal [batch, in, ...].
            target: derivative of the loss by the currents [batch, out, ...].
        """


class Dense(Synapses):
    """All-to-all synapses between units; weights uniform in +-1/sqrt(sources) at first.

    Args:
        source: number of source units.
        target: number of currents (units times currents of each).
    """

    def __init__(self, source: int, target: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(target, source).uniform_(-1, 1) / source**0.5)

    def forward(self, source: Presynaptic, weight: SynapticWeight | None = None) -> Postsynaptic:
        """See `Synapses.forward`."""
        return multiplied(functional.linear, source, self.weight if weight is None else weight)

    def transpose(self, target: Postsynaptic, weight: SynapticWeight | None = None) -> Presynaptic:
        """See `Synapses.transpose`."""
        return multiplied(torch.matmul, target, self.weight if weight is None else weight)

    def adder(self) -> Callable[[Tensor, Tensor], None]:
        """See `Synapses.adder`; one matrix product, the weights laid out for it once."""
        laid = self.weight.detach().t().contiguous()
        short = laid.to(kind_of_products()) if is_short(laid.dtype) else None

        def add(source: Tensor, out: Tensor) -> None:
            if short is None:
                out.addmm_(source, laid)
            else:
                out.add_(source.to(short.dtype) @ short)

        return add

    def add_transpose(self, target: Postsynaptic, out: Presynaptic) -> None:
        """See `Synapses.add_transpose`; one matrix product."""
        if is_short(self.weight.dtype):
            return super().add_transpose(target, out)
        out.addmm_(target, self.weight)

    def gradient(self, source: Presynaptic, target: Postsynaptic) -> SynapticWeight:
        """See `Synapses.gradient`."""
        return multiplied(torch.matmul, target.t(), source)


class Convolution(Synapses):
    """Synapses shared across a map, each reaching `kernel` x `kernel` pixels; "same" borders.

    Args:
        source: number of source channels.
        target: number of target channels (maps times currents of each).
        kernel: odd width of the receptive field in pixels.
    """

    def __init__(self, source: int, target: int, kernel: int):
        super().__init__()
        self.pad = kernel // 2
        bound = (source * kernel**2) ** -0.5
        self.weight = nn.Parameter(
            torch.empty(target, source, kernel, kernel).uniform_(-bound, bound)
        )

    def forward(self, source: Presynaptic, weight: SynapticWeight | None = None) -> Postsynaptic:
        """See `Synapses.forward`."""
        weight = self.weight if weight is None else weight
        return multiplied(partial(functional.conv2d, padding=self.pad), source, weight)

    def adder(self) -> Callable[[Tensor, Tensor], None]:
        """See `Synapses.adder`; so many samples at once as stay in the cache."""
        if self.weight.shape[2:] == (1, 1) and not is_short(self.weight.dtype):
            return self._product

        def add(source: Tensor, out: Tensor) -> None:
            few = at_once(len(out), out[0].numel(), CHUNK, out.device) if len(out) else 1
            for some, into in zip(source.split(few), out.split(few), strict=True):
                into.add_(self(some))

        return add

    def _product(self, source: Tensor, out: Tensor) -> None:
        """Add the currents of receptive fields of one pixel."""
        weight = self.weight.detach().flatten(1).expand(len(out), -1, -1)
        out.view(*out.shape[:2], -1).baddbmm_(weight, source.flatten(2))

    def transpose(self, target: Postsynaptic, weight: SynapticWeight | None = None) -> Presynaptic:
        """See `Synapses.transpose`."""
        weight = self.weight if weight is None else weight
        return multiplied(partial(functional.conv_transpose2d, padding=self.pad), target, weight)

    def gradient(self, source: Presynaptic, target: Postsynaptic) -> SynapticWeight:
        """See `Synapses.gradient`."""

        if self.weight.shape[2:] == (1, 1) and not is_short(self.weight.dtype):
            return self._product_gradient(source, target)

        def product(source: Tensor, target: Tensor) -> Tensor:
            return conv2d_weight(source, self.weight.shape, target, padding=self.pad)

        return multiplied(product, source, target)

    def _product_gradient(self, source: Tensor, target: Tensor) -> Tensor:
        """Derivative by weights of one pixel: a matrix product of every sample, then their sum."""
        found = torch.zeros_like(self.weight).flatten(1)
        few = at_once(max(1, len(source)), found.numel(), CHUNK, source.device)
        for some, bars in zip(source.split(few), target.split(few), strict=True):
            found += torch.bmm(bars.flatten(2), some.flatten(2).transpose(1, 2)).sum(0)
        return found.view_as(self.weight)


class Bundle(nn.ModuleDict):
    """All synapses onto one target, by source."""

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> Synapses: ...
        def items(self) -> ItemsView[str, Synapses]: ...  # type: ignore[override]
        def values(self) -> ValuesView[Synapses]: ...  # type: ignore[override]


def connect(source: Sequence[int], target: Sequence[int], currents: int, kernel: int) -> Synapses:
    """Synapses fit for two shapes: dense for [unit], convolutional for [channel, height, width].

    Args:
        source: shape of the source's signal.
        target: shape of the target's units.
        currents: number of currents of each target unit.
        kernel: width of the receptive field in pixels; only maps have one.

    Raises:
        ValueError: if the shapes are not both dense or both maps of one height and width.
    """
    if len(source) == len(target) == 1:
        return Dense(source[0], currents * target[0])
    if len(source) == len(target) == 3 and tuple(source[1:]) == tuple(target[1:]):
        return Convolution(source[0], currents * target[0], kernel)
    raise ValueError(
        f"synapses need a source shaped like their target, but {list(source)} does not fit "
        f"{list(target)}: give the pathway an adapter"
    )
