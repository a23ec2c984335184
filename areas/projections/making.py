"""What makes the weights of a group of synapses, where they are no parameters themselves.

    weights = making( its own parameters, or weights of other synapses )

A learning rule stops at the weights that synapses have; autograd goes on from there to what they
are made of, and an optimizer changes that alone. Synapses that do not exist have weight 0 whatever
is made. Where synapses can only excite or only inhibit, the size of what is made counts, and their
sign is their own.

    LowRank         W = L R                 of a rank below that of the matrix
    PrePost         w_ij = sigma(p_ij) q_ij probability of release, and size of what it does
    Hypernetwork    w_ij = f( a_i, b_j )    of embeddings (`areas.projections.hypernetwork`)
    Tied            W = V' or V             of the weights V of other synapses of the area
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from areas.keys import of_predictor, of_units, short
from areas.projections.projection import Projection, named
from areas.shapes import SynapticWeight
from areas.synapses import Making, Synapses


class OwnMaking(Making, ABC):
    """Made of parameters of its own."""

    def build(self, weight: SynapticWeight, other: Synapses | None) -> None:
        """See `Making.build`."""
        del other
        self.begin(weight)

    @abstractmethod
    def begin(self, weight: SynapticWeight) -> None:
        """Make own parameters, of which these weights are made, or such as are near them.

        Raises:
            ValueError: if there are none.
        """


class LowRank(OwnMaking):
    """The product of two matrices, from sources to a few numbers and from these to currents.

    It begins with the matrix of this rank that is nearest to the weights as they were drawn. On
    maps a source is a channel at a place of the receptive field. Of rank 1, w_ij = p_i q_j.

    Args:
        rank: 1 or more, at most the lesser of the numbers of currents and sources.

    Raises:
        ValueError: if the rank is below 1; in an area, if it is above what it can be.
    """

    def __init__(self, rank: int):
        super().__init__()
        if rank < 1:
            raise ValueError(f"made: need LowRank.rank of 1 or more, got {rank}")
        self.rank = rank

    def begin(self, weight: SynapticWeight) -> None:
        """See `OwnMaking.begin`."""
        matrix = weight.flatten(1)
        most = min(matrix.shape)
        if self.rank > most:
            raise ValueError(
                f"made: LowRank.rank is {self.rank}, but of {matrix.shape[0]} currents and "
                f"{matrix.shape[1]} sources it is {most} at most"
            )
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
        roots = sizes[: self.rank].sqrt()
        self.left = nn.Parameter(left[:, : self.rank] * roots)
        self.right = nn.Parameter(
            (roots[:, None] * right[: self.rank]).unflatten(1, weight[0].shape)
        )

    def forward(self, other: Tensor | None) -> SynapticWeight:
        """See `Making.forward`."""
        del other
        return torch.tensordot(self.left, self.right, 1)


class PrePost(OwnMaking):
    """The product of what either side of a synapse brings, both learnt: release and response.

    Costa, Froemke, Sjostrom & van Rossum (2015), "Unified pre- and postsynaptic long-term
    plasticity enables reliable and flexible learning of neocortical receptive fields",
    doi:10.7554/eLife.09457, for weights that are release probability times quantal amplitude. That
    the probability is logistic in what is learnt is ours. It changes most where it is a half.

    Args:
        release: probability at first, above 0 and below 1.

    Raises:
        ValueError: if it is no such probability.
    """

    def __init__(self, release: float = 0.5):
        super().__init__()
        if not 0 < release < 1:
            raise ValueError(f"made: need PrePost.release above 0 and below 1, got {release}")
        self.first = release

    def begin(self, weight: SynapticWeight) -> None:
        """See `OwnMaking.begin`."""
        logit = math.log(self.first / (1 - self.first))
        self.release = nn.Parameter(torch.full_like(weight, logit))
        self.quantal = nn.Parameter(weight / self.first)

    def forward(self, other: Tensor | None) -> SynapticWeight:
        """See `Making.forward`."""
        del other
        return torch.sigmoid(self.release) * self.quantal


class Tied(Making):
    """The weights of other synapses of the area, transposed unless told; both learn for both.

    So errors come back by the weights by which rates predict, as in predictive coding:
    `error: {made: {class_path: areas.Tied, init_args: {of: predictor.rate}}}`.

    Args:
        of: "drive", "error", "recurrent" or a pathway, for synapses onto units; the same after
            "predictor." for those onto the prediction, "predictor.rate" among them.
        transposed: whether sources and targets change places.

    Raises:
        ValueError: in an area, if there are no such synapses, they are made themselves, or their
            weights do not fit.
    """

    def __init__(self, of: str, transposed: bool = True):
        super().__init__()
        self.of, self.transposed = of, transposed
        onto, _, source = of.rpartition(".")
        self.other = of_predictor(source) if onto == "predictor" else of_units(of)

    def build(self, weight: SynapticWeight, other: Synapses | None) -> None:
        """See `Making.build`."""
        assert other is not None
        if other.making is not None:
            raise ValueError(f"made: Tied.of: {self.of} is made, too; tie to other synapses")
        found = self(other.weight.detach())
        if found.shape != weight.shape:
            raise ValueError(
                f"made: Tied.of: the weights of {self.of} would be {list(found.shape)} here, and "
                f"these are {list(weight.shape)}; end on one current, with the same kernel"
            )

    def forward(self, other: Tensor | None) -> SynapticWeight:
        """See `Making.forward`."""
        assert other is not None
        if not self.transposed:
            return other * 1.0
        return other.transpose(0, 1).flip(tuple(range(2, other.dim())))


def be_made(synapses: Mapping[str, Synapses], projections: Mapping[str, Projection]) -> None:
    """Let the synapses of an area be made, where its projections say so.

    Args:
        synapses: all that the area has, by the key of their weights.
        projections: what is said of those onto its units, by source.

    Raises:
        ValueError: naming the option at fault.
    """
    for source, projection in projections.items():
        if projection.made is None:
            continue
        mine, making = synapses[of_units(source)], projection.made
        with named(f"projections.{source}."):
            if projection.begin is not None and making.other is not None:
                raise ValueError("begin: leave it out, as these weights begin as others do")
            others = {short(key): one for key, one in synapses.items() if one is not mine}
            if making.other is None:
                mine.be_made(making, None)
            elif short(making.other) in others:
                mine.be_made(making, others[short(making.other)])
            else:
                raise ValueError(
                    f"made: {type(making).__name__}.of: there are no other synapses "
                    f"{short(making.other)}; there are {', '.join(others)}"
                )
