"""Lesion: synapses that are cut, or some of them. Windows are whole: no period, but a schedule.

    w_ij -> ( 1 - s m_ij ) w_ij             m: 1 for the synapses that are cut, drawn at random

The brain computes with these weights in forward and in backward passes, and what is cut learns
nothing; its own weights stay as they are, and are back when the context is left.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from brainmodel.errors import named
from brainmodel.perturbation.perturbation import Perturbation, require_share
from brainmodel.perturbation.synapse_groups import group_of
from brainmodel.schedules import Schedule
from brainmodel.wiring.wiring import Wiring


class Lesion(Perturbation):
    """Synapses by group, cut.

    Args:
        what: groups of synapses: "V1.recurrent", "V1.error", "LM_V1", "V1.PV.recurrent",
            "V1.predictor" (see `synapse_groups`).
        schedule: how much is cut over the steps of the optimizer; all of it unless given.
        share: of the synapses of each group, drawn at random, in (0, 1].
        seed: which of them.

    Raises:
        ValueError: if the share is out of range; in `build`, if there are no such synapses.
    """

    def __init__(
        self,
        what: str | Sequence[str],
        schedule: Schedule | None = None,
        share: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(what, None, schedule)
        require_share(share)
        self.share, self.seed = share, seed
        self.cut: dict[str, Tensor] = {}

    def build(self, brain: Wiring) -> None:
        """See `Perturbation.build`."""
        self.cut = {}
        drawn = torch.Generator().manual_seed(self.seed)
        for address in self.what:
            with named(f"what: {address}"):
                for name, meant in group_of(brain, address).items():
                    if any(name == made.name for made in brain.made):
                        raise ValueError("has weights that are made of others: silence its units")
                    some = torch.rand(meant.shape, generator=drawn) < self.share
                    self.cut[name] = meant * some.to(meant)

    def weights(self, brain: Wiring, strength: float) -> dict[str, Tensor]:
        """See `Perturbation.weights`."""
        if strength == 0:
            return {}
        own = {name: brain.get_parameter(name) for name in self.cut}
        return {n: (1 - strength * self.cut[n].to(w)) * w for n, w in own.items()}
