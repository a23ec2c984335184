"""The membrane of spiking units: it integrates, fires, is reset, and is refractory for a while.

    v(t) = a_v v(t-1) + I(t) - thr z(t-1)
    z(t) = H( x(t) ),  x = (v - A) / thr with A the momentary threshold;  0 while refractory
    h(t) = kappa h(t-1) + (1 - kappa) z(t)

H has no useful derivative. It is replaced by the pseudo-derivative

    dz/dv = (damp / thr) max(0, 1 - |x|)                 0 while refractory

h, the filtered spikes, is the rate that a read-out or another area receives. Because h belongs to
the unit's own state, credit through that state is filtered by kappa as well, which gives the
filtered eligibility traces of leaky read-outs.

Source: Bellec et al. (2020), "A solution to the learning dilemma for recurrent networks of spiking
neurons", Nature Communications 11:3625, Methods, "Neuron models".
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from areas.shapes import PerUnit


def fire(excess: Tensor, damp: float) -> Tensor:
    """1 where the excess over the threshold is positive, else 0; derivative damp max(0, 1 - |x|).

    Args:
        excess: x, in thresholds, of any shape.
        damp: height of the pseudo-derivative (dimensionless).
    """
    slope = damp * torch.relu(1.0 - excess.abs())
    spike = (excess > 0).to(excess.dtype)
    return spike + slope.detach() * (excess - excess.detach())  # adds a derivative, and 0


@dataclass(frozen=True)
class Membrane:
    """Constants of a spiking unit, alike in all units of an area.

    Args:
        decay: a_v, what remains of the potential one step later, exp(-dt / tau), in [0, 1].
        threshold: thr, above 0, in the unit of the potential.
        refractory: steps of silence after a spike.
        damp: height of the pseudo-derivative, above 0 (dimensionless).
        smoothing: kappa, what remains of the rate one step later, in [0, 1).
        reset_credit: share of the reset's derivative that learning follows, in [0, 1]: 0 in the
            form of Bellec et al. (2020), 1 in that of Liu et al. (2021).

    Raises:
        ValueError: for a constant out of its range.
    """

    decay: float = 0.8
    threshold: float = 0.5
    refractory: int = 1
    damp: float = 0.3
    smoothing: float = 0.8
    reset_credit: float = 0.0

    def __post_init__(self) -> None:
        checks = {
            "decay": (0 <= self.decay <= 1, "0 to 1, as exp(-dt / tau) is"),
            "threshold": (self.threshold > 0, "above 0"),
            "refractory": (self.refractory >= 0, "0 or more steps"),
            "damp": (self.damp > 0, "above 0"),
            "smoothing": (0 <= self.smoothing < 1, "0 to 1, 1 left out: else the rate stays 0"),
            "reset_credit": (0 <= self.reset_credit <= 1, "0 (not followed) to 1 (followed)"),
        }
        for name, (fits, need) in checks.items():
            if not fits:
                raise ValueError(f"membrane.{name}: need {need}, got {getattr(self, name)}")

    def integrate(self, current: PerUnit, potential: PerUnit, spike: PerUnit) -> PerUnit:
        """v(t) from I(t), v(t-1) and z(t-1)."""
        seen = spike.detach() + self.reset_credit * (spike - spike.detach())
        return self.decay * potential + current - self.threshold * seen

    def emit(
        self, excess: PerUnit, rate: PerUnit, refractory: PerUnit
    ) -> tuple[PerUnit, PerUnit, PerUnit]:
        """(h(t), z(t), steps of silence to come) from x(t) and those before."""
        spike = fire(excess, self.damp) * (refractory <= 0).to(excess.dtype)
        silence = torch.relu(refractory - 1.0) + self.refractory * spike.detach()
        return self.smoothing * rate + (1.0 - self.smoothing) * spike, spike, silence
