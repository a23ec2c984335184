"""Weights that a small network makes, of learnt embeddings of the two sides of a synapse.

    x_ij = tanh( A a_i + B b_j + c )         a_i of a current of a unit, b_j of a source
    w_ij = V x_ij + d

The network is one for all synapses of the group; an embedding says of a cell, by a few numbers, to
whom it will be joined, as a genome says by few molecules what cell types meet. On maps w_ij is all
of a kernel. Ha, Dai & Le (2017), "HyperNetworks", arXiv:1609.09106, section 3.1, static ones,
which make kernels of embeddings of layers by a linear network of two layers; embeddings of cells,
and tanh, are ours.
"""

import torch
from torch import Tensor, nn

from areas.projections.making import OwnMaking
from areas.shapes import SynapticWeight


class Hypernetwork(OwnMaking):
    """A network that makes weights of embeddings; all of it is learnt.

    It begins with random weights, of the mean and the spread of those that were drawn. It makes
    currents x sources x hidden numbers on the way: large groups need memory.

    Args:
        embedding: numbers of each cell, 1 or more.
        hidden: units between, 1 or more.

    Raises:
        ValueError: if either is below 1; in an area, for a group of one synapse, of which there is
            no spread.
    """

    def __init__(self, embedding: int = 4, hidden: int = 16):
        super().__init__()
        for name, number in (("embedding", embedding), ("hidden", hidden)):
            if number < 1:
                raise ValueError(f"made: need Hypernetwork.{name} of 1 or more, got {number}")
        self.embedding, self.hidden = embedding, hidden

    def begin(self, weight: SynapticWeight) -> None:
        """See `OwnMaking.begin`."""
        if weight.numel() < 2:
            raise ValueError("made: Hypernetwork is for two synapses or more; leave it out")
        (target, source, *window), small = weight.shape, self.embedding
        self.post = nn.Parameter(torch.randn(target, small).to(weight))
        self.pre = nn.Parameter(torch.randn(source, small).to(weight))
        self.from_post = nn.Parameter(torch.randn(self.hidden, small).to(weight) / small**0.5)
        self.from_pre = nn.Parameter(torch.randn(self.hidden, small).to(weight) / small**0.5)
        self.bias = nn.Parameter(weight.new_zeros(self.hidden))
        self.out = nn.Parameter(torch.randn(*window, self.hidden).to(weight))
        self.rest = nn.Parameter(weight.new_zeros(window or [1]))
        with torch.no_grad():
            self.out *= weight.std() / self(None).std()
            self.rest += weight.mean() - self(None).mean()

    def forward(self, other: Tensor | None) -> SynapticWeight:
        """See `Making.forward`."""
        del other
        post = self.post @ self.from_post.t() + self.bias
        between = torch.tanh(post[:, None] + self.pre @ self.from_pre.t())
        return torch.einsum("ijh,...h->ij...", between, self.out) + self.rest
