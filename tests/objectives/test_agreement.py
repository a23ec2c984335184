"""Objectives by which two areas agree, term by term against their published formulas."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from objectives import BYOL, Activity, BarlowTwins, SimSiam, VICReg
from objectives.barlow_twins import barlow_twins, cross_correlation
from objectives.byol import move_towards
from objectives.parts.embedding import Embedding, coarse
from objectives.parts.moments import covariance
from objectives.sim_siam import negative_cosine
from objectives.vicreg import redundancy, variance_hinge
from tests.objectives.activities import make_activity

KINDS = [VICReg, BarlowTwins, SimSiam, BYOL]
UNITS = {"AL": (3, 4, 4), "PM": (5,)}
SHAPED = {"AL": (1,), "PM": (1,)}


def two_areas() -> dict[str, Activity]:
    first, second = make_activity((1,), UNITS["AL"]), make_activity((1,), UNITS["PM"])
    return {"AL": first, "PM": second._replace(valid=first.valid)}


def built(kind: type, **arguments):
    objective = kind(["AL", "PM"], features=6, **arguments)
    objective.build(SHAPED, UNITS)
    return objective.double()


def chosen(objective, activities: dict[str, Activity]) -> tuple[Tensor, Tensor, Tensor]:
    """Embedded vectors [sample, feature] of both areas at valid steps, and where these are."""
    valid = activities["AL"].valid
    first = objective.embedding[0](activities["AL"].rate.mean((3, 4)))
    second = objective.embedding[1](activities["PM"].rate)
    return first[valid], second[valid], valid


@pytest.mark.parametrize("kind", KINDS)
def test_areas_of_different_shapes_agree_and_both_learn(kind: type) -> None:
    activities = two_areas()
    loss = (activities["AL"].valid * built(kind)(activities)).mean()
    rates = [activity.rate for activity in activities.values()]
    for signal in torch.autograd.grad(loss, rates):
        assert signal.any() and signal.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_areas_may_agree_on_what_is_where(kind: type) -> None:
    """A grid of 2 averages a 4 x 4 map within its quarters; to a grid of 1 all places are one."""
    activities = two_areas()
    rate = activities["AL"].rate
    quarters = [rate[..., y : y + 2, x : x + 2].mean((3, 4)) for y in (0, 2) for x in (0, 2)]
    torch.testing.assert_close(coarse(rate, 2), torch.stack(quarters, 3).flatten(2))
    assert torch.equal(coarse(activities["PM"].rate, 2), activities["PM"].rate)
    shifted = activities | {"AL": activities["AL"]._replace(rate=rate.roll(2, 4))}
    blind, seeing = built(kind), built(kind, grid=2)
    torch.testing.assert_close(blind(shifted), blind(activities))
    assert not torch.allclose(seeing(shifted), seeing(activities))
    with pytest.raises(ValueError, match="grid: need 1 or more"):
        built(kind, grid=0)


def test_an_embedding_whose_units_are_all_low_does_not_hide_the_area() -> None:
    embedding, rate = Embedding(3, 6), torch.rand(30, 3).requires_grad_()
    for parameter, value in zip(embedding.parameters(), (-0.5, -1.0, 1.0), strict=True):
        nn.init.constant_(parameter, value)
    (signal,) = torch.autograd.grad(embedding(rate).sum(), rate)
    assert (embedding[0](rate) < 0).all() and signal.all()


def test_vicreg_equals_its_formula_term_by_term() -> None:
    activities = two_areas()
    objective = built(VICReg, invariance=3.0, variance=5.0, covariance=0.7)
    first, second, valid = chosen(objective, activities)
    expected = 3.0 * (first - second).square().sum(1) / 6
    for z in (first, second):
        expected = expected + 5.0 * F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).sum() / 6
        spread = z.T.cov()
        terms = [spread[i, j] ** 2 for i in range(6) for j in range(6) if i != j]
        expected = expected + 0.7 * torch.stack(terms).sum() / 6
    torch.testing.assert_close(objective(activities)[valid], expected)


def test_vicreg_is_least_for_identical_views_that_vary_and_do_not_covary() -> None:
    square = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]).double()
    everyone = torch.ones(4).bool()
    spread = covariance(square, everyone, square.mean(0))
    assert variance_hinge(spread) == 0 and redundancy(spread) == 0
    still = torch.zeros(2, 2).double()
    assert variance_hinge(still).item() == pytest.approx(0.99)  # 1 - sqrt(1e-4)
    assert redundancy(torch.ones(2, 2)).item() == 1


def test_barlow_twins_equals_its_formula() -> None:
    activities = two_areas()
    objective = built(BarlowTwins, redundancy=0.3)
    first, second, valid = chosen(objective, activities)
    first, second = (
        (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt() for z in (first, second)
    )
    correlation = sum(torch.outer(a, b) for a, b in zip(first, second, strict=True)) / len(first)
    weights = torch.eye(6).double() + 0.3 * (1 - torch.eye(6).double())
    expected = (weights * (torch.eye(6).double() - correlation).square()).sum() / 6
    found = objective(activities)
    torch.testing.assert_close(found[valid], expected.expand(int(valid.sum())))


def test_barlow_twins_is_least_for_identical_views_of_free_features() -> None:
    square = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]).double()
    everyone = torch.ones(4).bool()
    assert barlow_twins(cross_correlation(square, square, everyone), 1.0) < 1e-9
    assert barlow_twins(cross_correlation(square, -square, everyone), 1.0) > 3.9
    assert barlow_twins(cross_correlation(square, square[:, [1, 0]], everyone), 1.0) > 1.9


def test_sim_siam_is_minus_the_cosine_and_stops_at_the_target() -> None:
    one, other = torch.tensor([3.0, 4.0]).double(), torch.tensor([4.0, 3.0]).double()
    for vector in (one, other):
        vector.requires_grad_()
    loss = negative_cosine(one, other)
    assert loss.item() == pytest.approx(-24 / 25)
    signals = torch.autograd.grad(loss, (one, other), allow_unused=True)
    assert signals[0].any() and signals[1] is None
    assert negative_cosine(2 * one, one).item() == pytest.approx(-1)  # the minimum


def test_sim_siam_is_symmetric_over_its_two_predictors() -> None:
    activities = two_areas()
    objective = built(SimSiam)
    first, second, valid = chosen(objective, activities)
    there = F.cosine_similarity(objective.predictor[0](first), second, dim=1)
    back = F.cosine_similarity(objective.predictor[1](second), first, dim=1)
    torch.testing.assert_close(objective(activities)[valid], -(there + back) / 2)


def test_byol_is_the_squared_distance_of_normalised_vectors() -> None:
    activities = two_areas()
    objective = built(BYOL)
    with torch.no_grad():
        for parameter in objective.slow.parameters():
            parameter.add_(torch.randn_like(parameter))  # so that slow and fast differ
    first, second, valid = chosen(objective, activities)
    slow = (
        objective.slow[0](activities["AL"].rate.mean((3, 4)))[valid],
        objective.slow[1](activities["PM"].rate)[valid],
    )
    pairs = [(objective.predictor[0](first), slow[1]), (objective.predictor[1](second), slow[0])]
    distances = [(F.normalize(p) - F.normalize(z)).square().sum(1) for p, z in pairs]
    expected = torch.stack(distances).sum(0) / 2
    torch.testing.assert_close(objective(activities)[valid], expected)


def test_the_slow_copy_begins_equal_learns_nothing_and_follows_after_a_step() -> None:
    objective = built(BYOL, momentum=0.75)
    pairs = zip(objective.slow.parameters(), objective.embedding.parameters(), strict=True)
    for slow, fast in pairs:
        assert torch.equal(slow, fast) and not slow.requires_grad
    before = [parameter.clone() for parameter in objective.slow.parameters()]
    with torch.no_grad():
        for parameter in objective.embedding.parameters():
            parameter.add_(1.0)
    objective.after_step()
    for slow, old in zip(objective.slow.parameters(), before, strict=True):
        torch.testing.assert_close(slow, old + 0.25)
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    move_towards(one, other, momentum=0)
    assert torch.equal(one.weight, other.weight)


@pytest.mark.parametrize("kind", KINDS)
def test_an_area_agrees_with_itself_later_by_one_embedding_and_not_across_a_reset(kind) -> None:
    objective = kind(["PM", "PM"], delay=2, features=6)
    objective.build(SHAPED, UNITS)
    objective.double()
    assert objective.embedding[0] is objective.embedding[1]
    activity = make_activity((1,), (5,))
    loss = objective({"PM": activity})
    expected = torch.zeros(7, 4).bool()
    for t in range(2, 7):
        for b in range(4):
            expected[t, b] = bool(activity.valid[t - 1, b] and activity.valid[t, b])
    assert not expected[2:].all()
    assert torch.equal(loss != 0, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"areas": ["AL"]}, "areas: need two"),
        ({"areas": ["AL", "PM"], "delay": -1}, "delay: need >= 0"),
        ({"areas": ["AL", "AL"]}, "delay: need >= 1"),
        ({"areas": ["AL", "PM"], "features": 1}, "features: need"),
    ],
)
def test_a_pair_that_cannot_agree_is_refused(kind: type, wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**wrong)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [(VICReg, {"variance": -1.0}), (BarlowTwins, {"redundancy": -1.0}), (BYOL, {"momentum": 2.0})],
)
def test_a_weight_that_means_nothing_is_refused(kind: type, wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*: need"):
        kind(["AL", "PM"], **wrong)
