"""Presynaptic inhibition: a pathway gated by the rates of an area before its synapses.

    p(t) = b - W A r(t-1),     W >= 0
    m(t) = sigma( p(t) ) x(t)

x(t) is what has come along the pathway at step t, m(t) what its synapses receive, r(t-1) the rates
that the gating area left at the step before (0 where the stream begins), and A what brings these to
the shape of x: every fibre has a gate of its own. Units that fire close the gate, as interneurons
lower the release probability of the terminals that they reach; where rates may be below 0, those
open it. The potential p may be differentiated by what is known when the step is over, without x:

    dm/dp = ( 1 - sigma(p) ) m

Axons that inhibit terminals, gain control by them, and their part in the flow of sensory signals:
Rudomin & Schmidt (1999), doi:10.1007/s002210050933; Olsen & Wilson (2008),
doi:10.1038/nature06864 (both cited from memory). That the probability of release is logistic in
the rates is ours.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from areas.synapses import Bundle, connect


class Closing(NamedTuple):
    """Derivatives of a loss by what a gate made its message of."""

    arrived: Tensor  # by x, [batch, *message]
    potential: Tensor  # by p, [batch, *message]
    rate: Tensor  # by r, [batch, *units]


class PresynapticInhibition(nn.Module):
    """Gates on the terminals of a pathway, one on each fibre (of maps: on each value).

    Args:
        by: the area whose rates close them.
        population: of that area, whose rates do; those of all its units unless given.
        open: how far they are open where that area is silent, before learning; above 0, below 1.
        learns: whether W and b learn, under scopes whose learning signals cross pathways; false
            for gates that stay as they were drawn, which every scope takes.

    Raises:
        ValueError: if `open` is no such share.
    """

    def __init__(
        self, by: str, population: str | None = None, open: float = 0.9, learns: bool = True
    ):
        super().__init__()
        if not 0 < open < 1:
            raise ValueError(f"PresynapticInhibition.open: need above 0 and below 1, got {open}")
        self.by, self.population, self.open, self.learns = by, population, open, learns
        self.synapses = Bundle()
        self.bias = nn.Parameter(torch.empty(0))
        self.route: nn.Module = nn.Identity()

    def build(self, route: nn.Module, brought: tuple[int, ...], message: tuple[int, ...]) -> None:
        """Make W, uniform in 0 to 1/sqrt(sources), and b, once.

        Args:
            route: what brings rates [batch, *units] to the shape of the message: A.
            brought: shape of what it brings.
            message: shape of the message.

        Raises:
            ValueError: if these do not fit.
        """
        self.route = route
        self.synapses["rate"] = made = connect(brought, message, 1, 1)
        made.weight.data.abs_().neg_()
        made.restrict(torch.full_like(made.weight, -1.0))
        logit = torch.logit(torch.tensor(self.open, dtype=torch.float64))
        self.bias = nn.Parameter(torch.full(message[:1], float(logit)))
        self.requires_grad_(self.learns)

    def potential(self, rate: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """p, of the rates that the gating area left."""
        closed = self.synapses["rate"](self.route(rate))
        return closed + self.bias.view(-1, *[1] * (closed.dim() - 2))

    def forward(
        self, arrived: Float[Tensor, "batch ..."], rate: Float[Tensor, "batch ..."]
    ) -> Float[Tensor, "batch ..."]:
        """What synapses receive of what has arrived, while the gating area left these rates."""
        return torch.sigmoid(self.potential(rate)) * arrived

    def back(self, message: Tensor, rate: Tensor, bar: Tensor) -> Closing:
        """Derivatives by what has arrived, by p, and by the rates of the gating area.

        Args:
            message: what synapses received, [batch, *message].
            rate: that the gating area left, [batch, *units].
            bar: derivative by the message.
        """
        with torch.enable_grad():
            leaf = rate.detach().requires_grad_()
            potential = self.potential(leaf)
            opened = torch.sigmoid(potential.detach())
            potential_bar = bar * message * (1 - opened)
            (rate_bar,) = torch.autograd.grad(potential, leaf, potential_bar)
        return Closing(bar * opened, potential_bar, rate_bar)

    def gradients(self, rate: Tensor, potential_bar: Tensor) -> dict[str, Tensor]:
        """Gradients of what learns, by the names of its parameters.

        Args:
            rate: that the gating area left, [batch, *units].
            potential_bar: derivative by p, [batch, *message].
        """
        learnt = {name: p for name, p in self.named_parameters() if p.requires_grad}
        if not learnt or not len(rate):
            return {}
        with torch.enable_grad():
            potential = self.potential(rate.detach())
            found = torch.autograd.grad(potential, list(learnt.values()), potential_bar)
        return dict(zip(learnt, found, strict=True))
