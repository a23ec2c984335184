"""Learnt synapses on the way of a pathway, between two areas: the signal is mixed, then bent.

    out = phi( W signal + b )

They belong to the pathway, not to an area, so only a scope in which learning signals cross pathways
can teach them. On maps W is a convolution. As in PredNet, where what an area sends to the next is
MaxPool( relu( conv( errors ) ) ): Lotter et al. (2017), arXiv:1605.08104, eq. 1.
"""

import torch
from torch import Tensor, nn

from areas.activation import Activation, require_pointwise
from areas.synapses import Bundle, connect
from brainmodel.memory import require_memory
from brainmodel.pathways.adapters import Adapter


class LearntMix(Adapter):
    """Synapses that learn, from a signal to as many channels (or units) as are wanted.

    Args:
        channels: of what comes out.
        kernel: odd width of its receptive fields on maps, in pixels.
        activation: phi, pointwise, such as `torch.relu`; the identity unless given.

    Raises:
        ValueError: if there are no channels, the kernel is not odd and positive, or the activation
            is no pointwise function.
    """

    def __init__(self, channels: int, kernel: int = 3, activation: Activation | None = None):
        super().__init__()
        if channels < 1:
            raise ValueError(f"LearntMix.channels: need 1 or more, got {channels}")
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"LearntMix.kernel: need an odd width in pixels, got {kernel}")
        if activation is not None:
            require_pointwise("LearntMix.activation", activation)
        self.channels, self.kernel, self.activation = channels, kernel, activation
        self.synapses = Bundle()
        self.bias = nn.Parameter(torch.empty(0))

    def build(self, source: tuple[int, ...]) -> None:
        """See `Adapter.build`; weights uniform in +-1/sqrt(sources)."""
        size = source[0] * self.channels * (self.kernel**2 if len(source) == 3 else 1)
        require_memory("LearntMix.channels", self.channels, 2 * size, "take fewer")
        learns = self.bias.requires_grad  # whoever froze it before it was built meant all of it
        self.synapses["signal"] = connect(source, self.shape(source), 1, self.kernel)
        self.bias = nn.Parameter(torch.zeros(self.channels))
        self.requires_grad_(learns)

    def shape(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """See `Adapter.shape`."""
        return (self.channels, *source[1:])

    def forward(self, signal: Tensor) -> Tensor:
        """See `Adapter.forward`."""
        made = self.synapses["signal"](signal)
        made = made + self.bias.view(-1, *[1] * (signal.dim() - 2))
        return made if self.activation is None else self.activation(made)
