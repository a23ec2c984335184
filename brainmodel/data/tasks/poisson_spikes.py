"""Spikes of Poisson neurons whose rates are those of an input's channels.

P(a neuron fires in a step) = 1 - exp( - peak x(t) dt ),    x(t) the rate of its channel, in [0, 1]
"""

import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.tasks.counter_draws import CounterDraws

PIECE = 100_000  # numbers drawn at once: so many stay in a core's own memory


class PoissonSpikes:
    """A few independent neurons for each channel of an input; what they send is 0 or 1.

    Args:
        neurons: of each channel.
        peak: spikes per second where the channel's rate is 1.
        step: ms.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, neurons: int = 10, peak: float = 40.0, step: float = 1.0) -> None:
        require_whole("spikes.neurons", neurons, 1, 10_000)
        require_number("spikes.peak", peak, 0, 1e4, "spikes per second")
        require_number("spikes.step", step, 0.01, 1000, "milliseconds")
        self.neurons, self.peak, self.step = neurons, peak, step

    def __call__(
        self, rate: Tensor, draws: CounterDraws, stream: NDArray, moment: NDArray
    ) -> Tensor:
        """Spikes [time, batch, channel * neurons], the neurons of a channel side by side.

        Args:
            rate: of the channels, [time, batch, channel] in [0, 1].
            draws: the random numbers.
            stream: numbers of the streams, [batch].
            moment: numbers of the steps, [time, batch].
        """
        likely = -torch.expm1(-self.peak * self.step / 1000 * rate)
        spikes = rate.new_empty(*rate.shape, self.neurons)
        steps = max(1, PIECE // spikes[0].numel())
        for start in range(0, len(rate), steps):
            piece = slice(start, start + steps)
            drawn = draws.uniform(stream, moment[piece], rate.shape[2] * self.neurons)
            each = torch.from_numpy(drawn).movedim(0, 2).unflatten(2, spikes.shape[2:])
            spikes[piece] = (each < likely[piece, :, :, None]).to(rate.dtype)
        return spikes.flatten(2)
