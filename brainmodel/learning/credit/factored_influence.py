"""Rules that carry the influence of the parameters on the state as a product of two factors.

The exact influence M(t) = ds(t)/dW, by state, target and source [k, i, j], obeys

    M_kij(t) = sum_l J_kl(t) M_lij(t-1) + F_ki(t) x_j(t)         real-time recurrent learning
    gradient_ij = sum_t sum_k L_k(t) M_kij(t)

Each of these rules writes M as a product of two factors, A and B, of fewer indices. The sum of two
products is no such product; random signs make it one whose mean is the sum:

    (p0 A + nu p1 A') (B / p0 + nu B' / p1)  =  A B + A' B' + nu (...),      mean of nu = 0

for any p0, p1 > 0. The variance is least where they make the norms of the two factors equal. J, F
and x are those of `parameter_matrix.py`, L is the learning signal.
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from areas import Area
from areas.record import Record
from areas.shapes import PerUnit
from brainmodel.learning.credit.jacobian import LinearSteps, linearise
from brainmodel.learning.credit.parameter_matrix import (
    add_gradients,
    matrix_gradients,
    presynaptic,
    sizes,
    state_from_fields,
    state_from_rates,
)
from brainmodel.learning.credit.stream_noise import Noise, NoisyRule
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import Gradients, Memory, need_dense, need_pointwise, need_symmetric

FLOOR = 1e-7  # added to norms, so that their ratio is finite where a factor is zero


class Factors(NamedTuple):
    """What such a rule remembers: its factors after the last step, and where its noise stands."""

    first: Float[Tensor, "batch ..."]  # A
    second: Float[Tensor, "batch ..."]  # B
    noise: Noise


class FactoredInfluence(NoisyRule):
    """A rule whose influence is a product of two factors, one of them random."""

    def build(self, area: Area) -> None:
        """See `Rule.build`; refuses maps."""
        need_dense(self, area, "EProp or BPTT")
        need_symmetric(self, area, "EProp or BPTT")
        need_pointwise(self, area, "EProp or BPTT")

    @abstractmethod
    def begin(self, area: Area, noise: Noise) -> Factors:
        """Factors of streams that begin: zeros."""

    @abstractmethod
    def move(
        self,
        area: Area,
        linear: LinearSteps,
        t: int,
        source: Float[Tensor, "batch source"],
        factors: Factors,
    ) -> tuple[Float[Tensor, "batch ..."], Float[Tensor, "batch ..."]]:
        """A(t) and B(t) from those before, for step t of a linearised window.

        Args:
            area: the area.
            linear: the window, linearised.
            t: the step.
            source: x(t).
            factors: those before the step, zeros where the stream was reset.
        """

    @abstractmethod
    def credit(
        self, state_bar: Float[Tensor, "batch state"], factors: Factors
    ) -> Float[Tensor, "target source"]:
        """sum over streams and k of L_k M_kij, from L."""

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`."""
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        table = area.bias.new_zeros(sizes(area)[1:])
        bars = [before, *rate_bar]
        for bar, factors in zip(bars, self._factors(area, record, memory), strict=True):
            table += self.credit(state_from_rates(area, bar), factors)
        found = predictor_gradients(area, record, potential_bar)
        return add_gradients(found, matrix_gradients(area, table))

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`."""
        *_, last = self._factors(area, record, memory)
        return last

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if memory is None:
            return {}
        bar = state_from_fields(area, state_bar, memory.first)
        return matrix_gradients(area, self.credit(bar, memory))

    def _factors(self, area: Area, record: Record, factors: Memory) -> Iterator[Factors]:
        """The factors before the window and after each of its steps."""
        factors = self.begun(area, record, factors)
        yield factors
        linear = linearise(area, record)
        for t, source in enumerate(presynaptic(area, record)):
            if record.keep is not None:
                first, second, noise = factors
                keep = record.keep[t]
                factors = Factors(scale_streams(first, keep), scale_streams(second, keep), noise)
            first, second = self.move(area, linear, t, source, factors)
            factors = Factors(first, second, factors.noise.later())
            yield factors


def balance(
    heavy: Float[Tensor, "batch ..."], light: Float[Tensor, "batch ..."]
) -> Float[Tensor, "batch"]:
    """sqrt(|heavy| / |light|) by stream, which makes the norms of two factors equal."""
    return ((_norm(heavy) + FLOOR) / (_norm(light) + FLOOR)).sqrt()


def scale_streams(
    factor: Float[Tensor, "batch *rest"], by: Float[Tensor, "batch"]
) -> Float[Tensor, "batch *rest"]:
    """A factor times a number for each stream."""
    return factor * by.view(-1, *[1] * (factor.dim() - 1))


def _norm(factor: Tensor) -> Tensor:
    return torch.linalg.vector_norm(factor.flatten(1), dim=1)
