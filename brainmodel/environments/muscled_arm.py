"""An arm of two links that six muscles move in a plane: a plant in differentiable tensor calls.

    a  <- a + (1 - exp(-dt / tau)) ( sigmoid(u) - a )               activations, from what is heard
    F  =  strength a ( 1 - tanh( R^T w / fastest ) )      tensions; R^T w: how fast they shorten
    w  <- w + dt M(e)^-1 ( R F + J^T f - C(e, w) - B w )            w = (s', e'), angular velocities
    q  <- q + dt w                                                  q = (s, e), the angles

    M = [ a1 + 2 a2 cos e,  a3 + a2 cos e ;  a3 + a2 cos e,  a3 ],    a1 = I1 + I2 + m2 l1^2
    C = a2 sin e [ - e' (2 s' + e') ;  s'^2 ],                        a2 = m2 l1 c2,    a3 = I2

Angles are those of `two_link_arm`; f is a force on the hand. Masses, inertias and the friction B
are those of Li & Todorov (2004), "Iterative linear quadratic regulator design for nonlinear
biological movement systems" (cited from memory). Muscles are our own simplification: flexors and
extensors of shoulder, elbow and both, with moment arms R that are constant and opposite, so that
equal activations make no torque; tensions fall with the speed of shortening and do not depend on
length. Velocities are changed before angles, so that the derivative of the hand's place by u is
not 0 within a step.
"""

from math import exp
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from brainmodel.environments.constants import constant

MOMENT_ARMS = ((0.02, -0.02, 0.0, 0.0, 0.015, -0.015), (0.0, 0.0, 0.02, -0.02, 0.015, -0.015))
"""R, metres: of the shoulder, of the elbow."""
FRICTION = ((0.05, 0.025), (0.025, 0.05))
"""B, N m s."""
MUSCLES = len(MOMENT_ARMS[0])


class ArmState(NamedTuple):
    """How the arm stands and moves."""

    angles: Float[Tensor, "batch 2"]  # radians
    velocities: Float[Tensor, "batch 2"]  # radians per second
    activations: Float[Tensor, "batch muscles"]  # of muscles, between 0 and 1


class MuscledArm(NamedTuple):
    """The plant; metres, kilograms, seconds, newtons."""

    upper: float = 0.3  # length from shoulder to elbow, l1
    lower: float = 0.33  # from elbow to hand
    inertias: tuple[float, float] = (0.025, 0.045)  # I1, I2, kg m^2
    mass: float = 1.0  # of the lower arm, m2
    middle: float = 0.16  # from the elbow to the middle of that mass, c2
    strength: float = 200.0  # tension of a muscle that is fully active
    fastest: float = 0.5  # metres per second, sets how tension falls with shortening
    slowness: float = 0.04  # tau of activations
    friction: float = 1.0  # times B

    def hand(self, angles: Tensor) -> Tensor:
        """Where the hand is, [..., 2]."""
        x, y = self._links(angles)
        return torch.stack([x.sum(-1), y.sum(-1)], dim=-1)

    def motion(self, state: ArmState) -> tuple[Tensor, Tensor]:
        """Where the hand is, and its velocity J w, [batch, 2] each."""
        (x, y), turning = self._links(state.angles), state.velocities.cumsum(-1)
        hand = torch.stack([x.sum(-1), y.sum(-1)], dim=-1)
        return hand, torch.stack([-(y * turning).sum(-1), (x * turning).sum(-1)], dim=-1)

    def _links(self, angles: Tensor) -> tuple[Tensor, Tensor]:
        """How far each link leads to the right and ahead, [..., link] each."""
        lengths, directions = constant((self.upper, self.lower), angles), angles.cumsum(-1)
        return lengths * directions.cos(), lengths * directions.sin()

    def jacobian(self, angles: Tensor) -> Tensor:
        """Derivative of the hand by the angles, J [..., 2, 2]: [x or y, shoulder or elbow]."""
        shoulder, both = angles[..., 0], angles.sum(-1)
        by_elbow = torch.stack([-self.lower * both.sin(), self.lower * both.cos()], -1)
        alone = torch.stack([-self.upper * shoulder.sin(), self.upper * shoulder.cos()], -1)
        return torch.stack([by_elbow + alone, by_elbow], dim=-1)

    def inertia(self, angles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """M11, M12 = M21 and M22, [...] each."""
        across = self.mass * self.upper * self.middle * angles[..., 1].cos()
        first = sum(self.inertias) + self.mass * self.upper**2 + 2 * across
        both = self.inertias[1] + across
        return first, both, torch.full_like(both, self.inertias[1])

    def energy(self, state: ArmState) -> Tensor:
        """Kinetic energy, [batch] in joules."""
        (first, both, second), w = self.inertia(state.angles), state.velocities
        return (first * w[:, 0] ** 2 + 2 * both * w[:, 0] * w[:, 1] + second * w[:, 1] ** 2) / 2

    def torques(self, state: ArmState) -> Tensor:
        """Of the muscles, [batch, 2] in N m."""
        arms = constant(MOMENT_ARMS, state.velocities)
        slack = 1 - torch.tanh(state.velocities @ arms / self.fastest)
        return (self.strength * state.activations * slack) @ arms.T

    def step(
        self, state: ArmState, told: Tensor, force: Tensor | None = None, seconds: float = 0.01
    ) -> ArmState:
        """The arm a moment later.

        Args:
            state: now.
            told: to the muscles, u [batch, muscles].
            force: on the hand, [batch, 2]; none unless given.
            seconds: dt.
        """
        share = 1 - exp(-seconds / self.slowness)
        activations = state.activations + share * (torch.sigmoid(told) - state.activations)
        w, e = state.velocities, state.angles[:, 1]
        torque = self.torques(state._replace(activations=activations))
        if force is not None:
            torque = torque + (force[:, None] @ self.jacobian(state.angles))[:, 0]
        turned = self.mass * self.upper * self.middle * e.sin()
        pulled = torch.stack([-w[:, 1] * (2 * w[:, 0] + w[:, 1]), w[:, 0] ** 2], dim=1)
        rubbed = self.friction * w @ constant(FRICTION, w)
        torque = torque - turned[:, None] * pulled - rubbed
        first, both, second = self.inertia(state.angles)
        one = second * torque[:, 0] - both * torque[:, 1]
        other = first * torque[:, 1] - both * torque[:, 0]
        accelerations = torch.stack([one, other], 1) / (first * second - both**2)[:, None]
        velocities = w + seconds * accelerations
        return ArmState(state.angles + seconds * velocities, velocities, activations)

    def at_rest(self, angles: Tensor) -> ArmState:
        """An arm that stands still at angles [batch, 2], all muscles half active."""
        half = angles.new_full((len(angles), MUSCLES), 0.5)
        return ArmState(angles, torch.zeros_like(angles), half)
