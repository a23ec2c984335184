"""Two views of one scene: which streams make a pair, and what becomes of their losses."""

import pytest
import torch

from objectives import BYOL, GroupObjective, PairedViews, SimSiam, VICReg
from tests.objectives.activities import make_activity


def built(of: GroupObjective) -> PairedViews:
    objective = PairedViews(of)
    objective.build((6,), (5,))
    return objective.double()


def test_streams_2k_and_2k_plus_1_are_the_two_views() -> None:
    """The loss is that of two areas which did what the even and the odd streams show."""
    objective, activity = built(VICReg(["left", "right"], features=4)), make_activity(batch=6)
    both = activity.valid[:, [0, 2, 4]] & activity.valid[:, [1, 3, 5]]
    areas = {
        name: activity._replace(rate=activity.rate[:, streams], valid=both)
        for name, streams in (("left", [0, 2, 4]), ("right", [1, 3, 5]))
    }
    expected, found = objective.of(areas), objective(activity)
    for k in range(3):
        assert torch.equal(found[:, 2 * k], expected[:, k])
        assert torch.equal(found[:, 2 * k + 1], expected[:, k])
    swapped = activity._replace(rate=activity.rate[:, [0, 2, 1, 3, 4, 5]])
    assert not torch.allclose(objective(swapped), found)  # the control


def test_pairs_do_not_meet_where_their_objective_lets_samples_be() -> None:
    objective, activity = built(SimSiam(["left", "right"], features=4)), make_activity(batch=4)
    (signal,) = torch.autograd.grad(objective(activity)[:, 0].sum(), activity.rate)
    assert signal[:, 1].any() and not signal[:, 2:].any()


def test_views_that_are_alike_cost_least() -> None:
    """With one embedding for both views, the invariance of VICReg vanishes for equal streams."""
    twins = VICReg(["left", "right"], features=4, variance=0.0, covariance=0.0)
    objective = built(twins)
    twins.embedding[1] = twins.embedding[0]
    activity = make_activity(batch=4)
    same = activity._replace(rate=activity.rate[:, [0, 0, 2, 2]])
    assert objective(same).abs().max() < 1e-12 < objective(activity).min()


def test_a_stream_without_a_partner_has_no_loss() -> None:
    objective, activity = built(SimSiam(["left", "right"], features=4)), make_activity(batch=5)
    loss = objective(activity)
    assert loss.shape == (7, 5) and loss[:, :4].any() and not loss[:, 4].any()


def test_what_its_objective_needs_and_does_is_said() -> None:
    twins = BYOL(["left", "right"], features=4, momentum=0.0)
    objective = built(twins)
    assert objective.stops_gradient and objective.fewest_streams == 2
    assert built(VICReg(["left", "right"])).fewest_streams == 4
    with torch.no_grad():
        next(twins.embedding.parameters()).add_(1.0)
    objective.after_step()
    pairs = zip(twins.slow.parameters(), twins.embedding.parameters(), strict=True)
    assert all(torch.equal(slow, fast) for slow, fast in pairs)
    with pytest.raises(ValueError, match="of.areas: need different names"):
        PairedViews(VICReg(["left", "left"], delay=1))
