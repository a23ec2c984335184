"""Areas that help each other learn: signals that are foretold, plasticity that is gated."""

import pytest
import torch
from torch import Tensor

from objectives import (
    Activity,
    DecoupledInterface,
    Gated,
    MultiHorizon,
    SelfPrediction,
    SquaredError,
)
from objectives.gated import gate_gradient
from tests.objectives.activities import MAPS, dense, make_activity

SHAPES = ({"LM": MAPS[0], "PM": (1,)}, {"LM": MAPS[1], "PM": (5,)})


def pair() -> dict[str, Activity]:
    lower, upper = make_activity(*MAPS), make_activity((1,), (5,))
    return {"LM": lower, "PM": upper._replace(valid=lower.valid)}


def interface(wait: int = 2) -> DecoupledInterface:
    objective = DecoupledInterface(["LM", "PM"], MultiHorizon([1, 2]), wait)
    objective.build(*SHAPES)
    return objective.double()


def plain(objective: DecoupledInterface, activity: Activity) -> Tensor:
    """The gradient by the rates that the inner objective would give by itself."""
    loss = (activity.valid * objective.of(activity)).sum()
    return torch.autograd.grad(loss, activity.rate)[0]


def test_the_lower_area_learns_from_what_is_foretold_and_nothing_else() -> None:
    objective, activities = interface(), pair()
    lower, upper = activities["LM"], activities["PM"]
    loss = (lower.valid * objective(activities)).sum()
    signal, silent = torch.autograd.grad(loss, (lower.rate, upper.rate), allow_unused=True)
    foretold = objective.own(lower.rate) + objective.feedback(upper.rate)
    valid = lower.valid[..., None, None, None]
    torch.testing.assert_close(signal, valid * foretold / 48)
    assert silent is None and signal[-1].any()  # also where the future is not there yet
    assert not plain(objective, lower)[-1].any()


def test_what_is_foretold_is_regressed_on_what_came_of_it_where_that_is_known() -> None:
    objective, activities = interface(), pair()
    lower = activities["LM"]
    signal = plain(objective, lower) * 48
    foretold = objective.foretell(activities)
    expected = objective.of(lower)
    known = torch.zeros(7, 4).bool()
    for t in range(5):
        for b in range(4):
            known[t, b] = bool(lower.valid[t + 1 : t + 3, b].all())
    assert known[1:5].any() and not known[:5].all()
    expected = expected + known * 0.5 * (foretold - signal).square().mean((2, 3, 4))
    torch.testing.assert_close(objective(activities), expected)


def test_the_read_outs_learn_as_if_there_were_no_interface() -> None:
    objective, activities = interface(), pair()
    valid, weights = activities["LM"].valid, list(objective.of.parameters())
    through = torch.autograd.grad((valid * objective(activities)).sum(), weights)
    alone = torch.autograd.grad((valid * objective.of(activities["LM"])).sum(), weights)
    for one, other in zip(through, alone, strict=True):
        assert other.any() and torch.equal(one, other)


def test_an_interface_learns_to_foretell_a_signal_that_follows_from_the_rates() -> None:
    """With fixed read-outs the signal of one step ahead depends on rates and on what comes; here
    what comes is what the upper area says, so that it can be foretold but for nothing."""
    objective = DecoupledInterface(["LM", "PM"], MultiHorizon([1]), wait=1)
    objective.build({"LM": (3,), "PM": (1,)}, {"LM": (4,), "PM": (3,)})
    objective.of.requires_grad_(False)
    learnt = [*objective.own.parameters(), *objective.feedback.parameters()]
    optimizer = torch.optim.Adam(learnt, lr=0.03)

    def course() -> dict[str, Activity]:
        drive, rate = torch.randn(6, 32, 3), torch.randn(6, 32, 4)
        lower = Activity(drive, drive, 0 * drive, rate, torch.ones(6, 32).bool())
        return {"LM": lower, "PM": lower._replace(rate=drive.roll(-1, 0))}

    assert objective.terms(course())["foretold"] < 0.5
    for _ in range(250):
        loss = objective(course()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = course()
    assert objective.terms(after)["foretold"] > 0.999
    after["PM"] = after["PM"]._replace(rate=torch.zeros(6, 32, 3))
    assert objective.terms(after)["foretold"] < 0.9  # the control: it needs the feedback


def gated(strength: float = 1.0) -> Gated:
    objective = Gated(["LM", "PM"], SelfPrediction([1]), strength)
    objective.build(*SHAPES)
    return objective.double()


def test_each_unit_learns_as_much_as_the_association_area_lets_it() -> None:
    objective, activities = gated(), pair()
    lower, upper = activities["LM"], activities["PM"]
    value, loss = objective.of(lower), objective(activities)
    assert torch.equal(value, loss)
    (free,) = torch.autograd.grad(value.sum(), lower.rate)
    signal, silent = torch.autograd.grad(loss.sum(), (lower.rate, upper.rate), allow_unused=True)
    linear = dense(objective.feedback)
    pre = (upper.rate @ linear.weight.T).unflatten(2, (3, 4, 4))
    gate = 2 / (1 + torch.exp(-pre))
    torch.testing.assert_close(signal, gate * free)
    assert silent is None and 0 < gate.min() < 0.8 and 1.2 < gate.max() < 2
    assert not any(p.requires_grad for p in objective.feedback.parameters())


def test_what_an_area_foretells_is_gated_as_what_it_does() -> None:
    objective = Gated(["LM", "PM"], SquaredError())
    objective.build(*SHAPES)
    objective, activities = objective.double(), pair()
    lower, upper = activities["LM"], activities["PM"]
    (free,) = torch.autograd.grad(objective.of(lower).sum(), lower.prediction)
    (signal,) = torch.autograd.grad(objective(activities).sum(), lower.prediction)
    pre = (upper.rate @ dense(objective.attention).weight.T).unflatten(2, (2, 4, 4))
    gate = 2 / (1 + torch.exp(-pre))
    torch.testing.assert_close(signal, gate * free)
    assert 0 < gate.min() < 0.8 and 1.2 < gate.max() < 2
    assert not any(p.requires_grad for p in objective.attention.parameters())


def test_a_silent_association_area_lets_everything_through() -> None:
    objective, activities = gated(), pair()
    activities["PM"] = activities["PM"]._replace(rate=torch.zeros(7, 4, 5).double())
    rate = activities["LM"].rate
    found = torch.autograd.grad(objective(activities).sum(), rate)[0]
    assert torch.equal(found, torch.autograd.grad(objective.of(activities["LM"]).sum(), rate)[0])


def test_a_gate_changes_gradients_and_no_values() -> None:
    x, gate = torch.randn(5).double().requires_grad_(), torch.rand(5).double()
    y = gate_gradient(x, gate)
    assert torch.equal(x, y)
    torch.testing.assert_close(torch.autograd.grad(y.square().sum(), x)[0], gate * 2 * x)


def test_the_strength_is_the_spread_of_what_reaches_the_gate() -> None:
    objective = Gated(["LM", "PM"], SquaredError(), strength=3.0)
    objective.build({"LM": (1,), "PM": (1,)}, {"LM": (2000,), "PM": (50,)})
    weights = dense(objective.feedback)
    assert not weights.bias.any()
    assert (weights.weight @ torch.ones(50)).std().item() == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DecoupledInterface(["LM"], SquaredError()), "areas: need one that learns"),
        (lambda: DecoupledInterface(["LM", "PM"], SquaredError(), wait=-1), "wait: need 0 or more"),
        (lambda: Gated(["LM", "LM"], SquaredError()), "areas: need one that learns and another"),
        (lambda: Gated(["LM", "PM"], SquaredError(), -1.0), "strength: need 0 or more"),
    ],
)
def test_help_that_makes_no_sense_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
