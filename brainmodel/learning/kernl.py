"""KeRNL, kernel recurrent learning: sensitivities and the decay of their kernels are learnt.

    ds_k(t) / ds_i(t - n) ~ A_ki exp(-gamma_i n)
    B_iyj(t) = exp(-gamma_i) B_iyj(t-1) + F_iy(t) x_j(t)
    gradient_yj = sum_t sum_ki L_k(t) A_ki B_iyj(t)                    y: the currents of i's unit

A (sensitivity) and gamma (decay) come from node perturbation. A second copy of the state, s + d,
runs on the same inputs and is perturbed by noise zeta at every step; what has become of the noise
is regressed on what the kernels make of it:

    d(t)     = step( s(t-1) + d(t-1) ) - s(t) + zeta(t)
    Omega(t) = exp(-gamma) Omega(t-1) + zeta(t)
    minimise | d(t) - A Omega(t) |^2 / 2 sigma^2,     mean over steps and streams
    Gamma(t) = dOmega(t)/dexp(-gamma) = exp(-gamma) Gamma(t-1) + Omega(t-1)

Source: Roth, Kanitscheider & Fiete (2019), "Kernel RNN learning (KeRNL)", ICLR; in the notation of
Marschall, Cho & Savin (2020), JMLR 21(135), section on KeRNL. Nodes are all state fields of all
units, so that the memory of an LSTM has a kernel of its own. Where an area's units receive its
prediction error, the influence of the predictor's parameters on them is left out: the predictor
learns from the prediction alone. Past-facing, stochastic, numerical; time and memory per step and
stream O(N^2 + N M).
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

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
from brainmodel.learning.credit.perturbed_copy import PerturbedCopy, deviation_after
from brainmodel.learning.credit.stream_noise import Noise, NoisyRule
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients, synaptic_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.rule import (
    Criteria,
    Gradients,
    Memory,
    need_dense,
    need_pointwise,
    of_rule,
)


class Kernels(NamedTuple):
    """What KeRNL remembers."""

    traces: Float[Tensor, "batch field currents source"]
    """B after the last step; the currents of all units side by side, [current * unit]."""
    copy: PerturbedCopy


class KeRNL(NoisyRule):
    """Kernel recurrent learning, for dense areas of any cell.

    The rule has parameters of its own, the sensitivity A and the logarithm of gamma. Their
    gradients come from the regression, whatever the loss.

    Args:
        decay: gamma at the start of training, per step, above 0. A starts as the identity.
        sigma: size of the noise, above 0, in units of the state.
        span: steps after which the perturbed copy begins anew from the true state, 1 or more.
        seed: of the noise. Areas of one seed and size share their noise.

    Raises:
        ValueError: if an argument is out of range; in `build`, for maps.
    """

    criteria = Criteria(
        "past", "A_ki B_ij", stochastic=True, closed_form=False, time="N^2 + N M", memory="N M"
    )

    def __init__(self, decay: float = 0.5, sigma: float = 0.01, span: int = 20, seed: int = 0):
        super().__init__(seed)
        for name, value in {"decay": decay, "sigma": sigma}.items():
            if not value > 0:
                raise ValueError(f"rule.{name}: need a number above 0, got {value}")
        if span < 1:
            raise ValueError(f"rule.span: need 1 step or more, got {span}")
        self.decay, self.sigma, self.span = decay, sigma, span

    def build(self, area: Area) -> None:
        """See `Rule.build`; makes A and gamma."""
        need_dense(self, area, "EProp or BPTT")
        need_pointwise(self, area, "EProp or BPTT")
        size = len(area.dynamics.outputs) * area.units[0]
        self.sensitivity = nn.Parameter(torch.eye(size))
        self.log_decay = nn.Parameter(torch.full((size,), math.log(self.decay)))

    def begin(self, area: Area, noise: Noise) -> Kernels:
        """See `Noisy.begin`."""
        batch, targets = noise.stream.shape[0], len(area.bias)
        shape = (batch, len(area.dynamics.outputs), targets, sizes(area).sources)
        none = self.log_decay.new_zeros(batch, len(self.log_decay))
        return Kernels(none.new_zeros(shape), PerturbedCopy(none, none, none, noise))

    @property
    def kernel(self) -> Float[Tensor, "state"]:
        """exp(-gamma), [field * unit]."""
        return torch.exp(-torch.exp(self.log_decay))

    def gradients(
        self, area: Area, record: Record, signal: LearningSignal, memory: Memory
    ) -> Gradients:
        """See `Rule.gradients`; the rule's own are of the regression, whatever the loss."""
        memory = self.begun(area, record, memory)
        rate_bar, before, potential_bar = unit_signals(area, record, signal)
        linear = linearise(area, record)
        nodes_bar = state_from_rates(area, rate_bar) @ self.sensitivity
        decays = self._decays(record)
        for t in reversed(range(len(nodes_bar) - 1)):
            nodes_bar[t] += decays[t + 1] * nodes_bar[t + 1]
        fields = nodes_bar.unflatten(2, (-1, area.units[0]))
        currents_bar = torch.einsum("tbfu,tbfcu->tbcu", fields, linear.currents).flatten(2)
        found = synaptic_gradients(area, record, currents_bar)
        bar = state_from_rates(area, before) @ self.sensitivity + decays[0] * nodes_bar[0]
        found = add_gradients(found, _credit(area, bar, memory.traces))
        found |= predictor_gradients(area, record, potential_bar)
        return found | self._regress(area, record, memory.copy)

    def remember(self, area: Area, record: Record, memory: Memory) -> Memory:
        """See `Rule.remember`."""
        memory = self.begun(area, record, memory)
        decays = self._decays(record)
        left = torch.ones_like(decays)  # what is left of step t's trace after the window
        for t in reversed(range(len(left) - 1)):
            left[t] = decays[t + 1] * left[t + 1]
        traces = _written(linearise(area, record), left, presynaptic(area, record))
        fields = (decays[0] * left[0]).unflatten(1, (-1, area.units[0]))
        repeats = traces.shape[2] // fields.shape[2]
        traces += fields.repeat(1, 1, repeats)[..., None] * memory.traces
        *_, last = self._perturb(area, record, memory.copy)
        return Kernels(traces, last)

    def memory_size(self, area: Area) -> int:
        """See `Rule.memory_size`."""
        size, fields = sizes(area), len(area.dynamics.outputs)
        return fields * len(area.bias) * size.sources + 3 * size.state

    def recall(self, area: Area, state_bar: dict[str, PerUnit], memory: Memory) -> Gradients:
        """See `Rule.recall`."""
        if memory is None:
            return {}
        bar = state_from_fields(area, state_bar, memory.traces) @ self.sensitivity
        return _credit(area, bar, memory.traces)

    @property
    def cuts(self) -> bool:
        """See `Rule.cuts`: under scope `Global` credit goes through the units' own states."""
        return True

    def _decays(self, record: Record) -> Float[Tensor, "time batch state"]:
        """By what a trace is multiplied at each step."""
        steps, batch = record.currents.shape[:2]
        kernel = self.kernel.expand(steps, batch, -1)
        return kernel * (1 if record.keep is None else record.keep[..., None])

    def _regress(self, area: Area, record: Record, copy: PerturbedCopy) -> Gradients:
        """Gradients of the mean over steps and streams of |d - A Omega|^2 / 2."""
        bars = torch.zeros_like(self.sensitivity), torch.zeros_like(self.log_decay)
        for now in self._perturb(area, record, copy):
            missed = now.filtered @ self.sensitivity.t() - now.deviation
            bars[0].add_(missed.t() @ now.filtered)
            bars[1].add_((missed @ self.sensitivity * now.slope).sum(0))
        count = record.currents.shape[0] * record.currents.shape[1]
        slope = -torch.exp(self.log_decay) * self.kernel
        return {
            of_rule("sensitivity"): bars[0] / count,
            of_rule("log_decay"): bars[1] * slope / count,
        }

    def _perturb(self, area: Area, record: Record, copy: PerturbedCopy) -> Iterator[PerturbedCopy]:
        """The perturbed copy after each step, from that before the window."""
        for t in range(record.currents.shape[0]):
            step = record.stretch(t, t + 1)
            d, omega, gamma = (a * self._lives(step, copy.noise) for a in copy[:3])
            zeta = copy.noise.normal(self.seed, d.shape[1], d)
            copy = PerturbedCopy(
                deviation=deviation_after(area, step, self.sigma * d) / self.sigma + zeta,
                filtered=self.kernel * omega + zeta,
                slope=self.kernel * gamma + omega,
                noise=copy.noise.later(),
            )
            yield copy

    def _lives(self, step: Record, noise: Noise) -> Float[Tensor, "batch 1"]:
        """0 where the copy begins anew."""
        lives = (noise.clock % self.span != 0).to(step.currents.dtype)
        return (lives if step.keep is None else lives * step.keep[0])[:, None]


def _written(
    linear: LinearSteps,
    left: Float[Tensor, "time batch state"],
    sources: Float[Tensor, "time batch source"],
) -> Float[Tensor, "batch field currents source"]:
    """sum_t left(t) F(t) (x) x(t)."""
    fields, units = linear.currents.shape[2], linear.currents.shape[4]
    weights = linear.currents * left.unflatten(2, (fields, units))[:, :, :, None]
    return torch.einsum("tbfy,tbj->bfyj", weights.flatten(3), sources)


def _credit(
    area: Area,
    state_bar: Float[Tensor, "batch state"],
    traces: Float[Tensor, "batch field currents source"],
) -> Gradients:
    """Derivatives by the nodes times their traces, as gradients."""
    fields = state_bar.unflatten(1, (-1, area.units[0]))
    fields = fields.repeat(1, 1, traces.shape[2] // area.units[0])
    return matrix_gradients(area, torch.einsum("bfy,bfyj->yj", fields, traces))
