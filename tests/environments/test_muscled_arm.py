"""The muscled arm: closed forms of the hand, conservation of energy, finite differences."""

import numpy as np
import pytest
import torch
from torch import Tensor

from brainmodel.environments.muscled_arm import MUSCLES, ArmState, MuscledArm
from brainmodel.environments.two_link_arm import TwoLinkArm

ARM = MuscledArm()


def drawn(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def moving(batch: int) -> ArmState:
    random = drawn(batch, 4 + MUSCLES)
    return ArmState(random[:, :2] + 0.4, 4 * random[:, 2:4] - 2, random[:, 4:])


def test_the_hand_is_where_the_angles_of_the_closed_form_bring_it() -> None:
    places = torch.stack([0.4 * drawn(50) - 0.2, 0.2 + 0.3 * drawn(60)[10:]], dim=1)
    angles = torch.from_numpy(TwoLinkArm(ARM.upper, ARM.lower).angles(places.numpy()))
    torch.testing.assert_close(ARM.hand(angles), places, rtol=1e-12, atol=1e-12)
    straight = ARM.hand(torch.tensor([[np.pi / 2, 0.0]], dtype=torch.float64))
    torch.testing.assert_close(straight, torch.tensor([[0.0, 0.63]]).double())


def test_the_jacobian_is_the_derivative_of_the_hand() -> None:
    angles = moving(4).angles
    wanted = torch.stack(
        [torch.autograd.functional.jacobian(ARM.hand, one) for one in angles]  # type: ignore[misc]
    )
    torch.testing.assert_close(ARM.jacobian(angles), wanted, rtol=1e-12, atol=1e-12)
    hand, velocity = ARM.motion(moving(4))
    torch.testing.assert_close(hand, ARM.hand(angles), rtol=0, atol=0)
    turned = (wanted @ moving(4).velocities[:, :, None])[:, :, 0]
    torch.testing.assert_close(velocity, turned, rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_without_muscles_and_friction_kinetic_energy_stays() -> None:
    free = ARM._replace(strength=0.0, friction=0.0)
    drift = []
    for seconds in (1e-4, 5e-5):
        state = moving(5)
        before = free.energy(state)
        for _ in range(round(0.2 / seconds)):
            state = free.step(state, torch.zeros(5, MUSCLES).double(), seconds=seconds)
        drift.append(float((free.energy(state) / before - 1).abs().max()))
    assert drift[0] < 5e-3 and 0.4 < drift[1] / drift[0] < 0.6, "of first order in the step"
    turned = state.angles - moving(5).angles
    assert float(turned.abs().min(dim=1).values.max()) > 0.05, "a control: it moved"
    wrong = free._replace(middle=0.16)
    state = moving(5)._replace(velocities=moving(5).velocities * torch.tensor([1.0, 3.0]))
    assert not torch.allclose(wrong.energy(state), free.energy(moving(5))), "a control"


def test_a_force_on_the_hand_does_the_work_that_the_arm_gains() -> None:
    free, seconds = ARM._replace(strength=0.0, friction=0.0), 1e-4
    state, force, work = moving(3), drawn(3, 2) - 0.5, torch.zeros(3).double()
    start = free.energy(state)
    for _ in range(500):
        after = free.step(state, torch.zeros(3, MUSCLES).double(), force, seconds)
        work += (force * (free.hand(after.angles) - free.hand(state.angles))).sum(1)
        state = after
    gained = free.energy(state) - start
    torch.testing.assert_close(gained, work, rtol=0.02, atol=2e-3)


def test_equal_activations_make_no_torque_and_a_flexor_flexes() -> None:
    still = ARM.at_rest(moving(2).angles)
    assert not ARM.torques(still).any()
    told = torch.zeros(2, MUSCLES).double()
    stays = ARM.step(still, told)
    torch.testing.assert_close(stays.angles, still.angles, rtol=0, atol=0)
    told[0, 2] = 2.0
    assert ARM.step(still, told).velocities[0, 1] > 0, "the elbow bends"
    assert ARM.step(still, told).velocities[1, 1] == 0


def test_the_derivative_is_that_of_finite_differences() -> None:
    state, told, force = moving(3), drawn(3, MUSCLES) - 0.5, drawn(3, 2)

    def after(angles: Tensor, velocities: Tensor, activations: Tensor, u: Tensor, f: Tensor):
        now = ArmState(angles, velocities, activations)
        for _ in range(3):
            now = ARM.step(now, u, f)
        return tuple(now)

    leaves = [part.clone().requires_grad_() for part in (*state, told, force)]
    assert torch.autograd.gradcheck(after, leaves, eps=1e-6, atol=1e-7, rtol=1e-5)


def test_activations_follow_what_is_told_as_slowly_as_is_said() -> None:
    state, told = ARM.at_rest(moving(1).angles), torch.full((1, MUSCLES), 3.0).double()
    for _ in range(4):  # tau
        state = ARM.step(state, told)
    aim = torch.sigmoid(told)
    wanted = aim + (0.5 - aim) * np.exp(-1)
    torch.testing.assert_close(state.activations, wanted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("distance", [0.3, 0.4])
def test_an_arm_that_cannot_reach_is_refused(distance: float) -> None:
    with pytest.raises(ValueError, match="distance: the hand would have to be"):
        TwoLinkArm(0.3, 0.33).require_reach("distance", 0.4 - distance, 0.4 + distance)
