"""Objectives that foresee: several steps, the own rates, another area's; and the split error."""

import math

import pytest
import torch
from torch import Tensor

from areas import RandomFeedback
from objectives import (
    AbsoluteError,
    Activity,
    AreaPrediction,
    Categorical,
    HiddenLayer,
    MultiHorizon,
    Objective,
    SelfPrediction,
    Slowness,
    SplitError,
)
from objectives.parts.readout import Readout
from tests import toy
from tests.objectives.activities import DENSE, MAPS, from_numbers, from_tensors, make_activity


def stream(rate: Tensor, drive: Tensor | None = None, valid: Tensor | None = None) -> Activity:
    """An activity with these rates [time, batch, unit], valid except where it is said."""
    drive = torch.zeros_like(rate) if drive is None else drive
    valid = torch.ones(rate.shape[:2]).bool() if valid is None else valid
    return Activity(drive, torch.zeros_like(drive), drive, rate, valid)


def make_linear(readout: torch.nn.Module, factor: float) -> None:
    """Lets a dense read-out answer its input times a factor."""
    weight, bias = readout.parameters()
    with torch.no_grad():
        weight.copy_(factor * torch.eye(len(weight)))
        bias.zero_()


GROWING = 2.0 ** torch.arange(5).double().view(5, 1, 1) * torch.ones(1, 2, 3).double()
RESET = torch.tensor([[0, 0], [1, 1], [1, 0], [1, 1], [1, 1]]).bool()


def test_several_horizons_are_averaged_each_where_its_target_arrives() -> None:
    objective = MultiHorizon([1, 3])
    objective.build((3,), (3,))
    objective.double()
    make_linear(objective.readouts[0], 2.0)  # right: rates double
    make_linear(objective.readouts[1], 7.0)  # an eighth of the rate too little
    loss = objective(stream(GROWING, drive=GROWING, valid=RESET))
    expected = torch.zeros(5, 2).double()
    expected[3, 0], expected[4, 0] = 1.0**2 / 2, 2.0**2 / 2  # (8 - 7)^2, (16 - 14)^2
    torch.testing.assert_close(loss, expected)


def test_own_rates_are_foreseen_but_do_not_come_to_meet_the_prediction() -> None:
    objective = SelfPrediction([1])
    objective.build((3,), (3,))
    objective.double()
    make_linear(objective.readouts[0], 1.0)
    rate = GROWING.clone().requires_grad_()
    loss = objective(stream(rate, valid=RESET))
    change = torch.tensor([[0, 0], [1, 1], [2, 0], [4, 4], [8, 8]]).double()
    torch.testing.assert_close(loss, change.square())
    (signal,) = torch.autograd.grad(loss[4, 0], rate)
    expected = torch.zeros_like(rate)
    expected[3, 0] = -2 * 8 / 3  # only the rate that predicts
    torch.testing.assert_close(signal, expected)


def seen_through_a_hidden_layer(feedback: RandomFeedback | None = None) -> SelfPrediction:
    """A self-prediction at two horizons, for three units."""
    objective = SelfPrediction([1, 2], feedback=feedback, hidden=HiddenLayer(4))
    objective.build((6,), (3,))
    return objective.double()


@pytest.mark.parametrize("feedback", [None, RandomFeedback(seed=2)])
def test_through_a_hidden_layer_the_error_comes_back_by_both_layers(
    feedback: RandomFeedback | None,
) -> None:
    """dloss/dh = B1 ( B2 dloss/dy where a > 0 ), step by step and by hand."""
    objective = seen_through_a_hidden_layer(feedback)
    rate = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    loss, expected = objective(stream(rate)), torch.zeros_like(rate)
    found = torch.zeros(5, 2).double()
    for k, readout in zip([1, 2], objective.readouts, strict=True):
        first, second = (readout[i].synapses[1] for i in (0, 2))  # type: ignore[index, union-attr]
        ways = [x.weight.detach() for x in (first, second)]
        if feedback is not None:
            ways = [readout[i].feedback.weight for i in (0, 2)]  # type: ignore[index, union-attr]
        for t in range(k, 5):
            for b in range(2):
                before = first.weight @ rate[t - k, b] + first.bias
                missed = rate[t, b] - (second.weight @ before.clamp(min=0) + second.bias)
                found[t, b] += missed.square().mean().item() / 2
                back = (-missed.detach() / 3) @ ways[1]
                expected[t - k, b] += (back * (before > 0)) @ ways[0]
    torch.testing.assert_close(loss, found)
    (signal,) = torch.autograd.grad(loss.sum(), rate)
    torch.testing.assert_close(signal, expected.detach(), rtol=1e-9, atol=1e-11)


def test_a_hidden_layer_foresees_what_no_linear_read_out_can() -> None:
    """Each rate is the last one's size, with a sign that nobody knows: the next is not linear."""
    draw = torch.Generator().manual_seed(0)
    first = torch.randn(1, 400, 2, generator=draw).double()
    rate = torch.cat([first, first.abs()])
    left = {}
    for name, hidden in {"linear": None, "hidden": HiddenLayer(16)}.items():
        torch.manual_seed(0)
        objective = SelfPrediction([1], hidden=hidden)
        objective.build((2,), (2,))
        objective.double()
        optimizer = torch.optim.Adam(objective.parameters(), lr=0.02)
        for _ in range(300):
            optimizer.zero_grad()
            objective(stream(rate))[1].mean().backward()
            optimizer.step()
        left[name] = objective(stream(rate))[1].mean().item() / rate[1].var(0).mean().item()
    assert left["hidden"] < 0.05 and left["linear"] > 0.9


@pytest.mark.parametrize("shapes", [DENSE, MAPS])
def test_a_config_names_the_hidden_layer_as_a_part(shapes: tuple) -> None:
    part = "{class_path: objectives.HiddenLayer, init_args: {units: 7}}"
    said = "class_path: objectives.SelfPrediction\ninit_args: {horizons: [1], hidden: " + part + "}"
    objective = toy.from_config(said, Objective)
    objective.build(*shapes)
    activity = make_activity(*shapes)
    (signal,) = torch.autograd.grad(objective.double()(activity).sum(), activity.rate)
    assert (
        signal.any()
        and len(objective.readouts[0][0].synapses[0 if shapes is MAPS else 1].bias) == 7
    )


def test_layers_and_horizons_have_random_feedback_of_their_own() -> None:
    objective = SelfPrediction([1, 2], feedback=RandomFeedback(seed=2), hidden=HiddenLayer(3))
    objective.build((6,), (3,))  # all weights of one shape
    found = [b for name, b in objective.named_buffers() if name.endswith("feedback.weight")]
    assert len(found) == 4
    assert not any(torch.equal(found[i], found[k]) for i in range(4) for k in range(i))


def test_a_hidden_layer_without_units_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hidden\.units: need 1 or more, got 0"):
        HiddenLayer(0)


def test_the_area_that_is_foreseen_by_another_does_not_learn_from_it() -> None:
    objective = AreaPrediction(["V1", "LM"], horizon=1)
    objective.build({}, {"V1": (3,), "LM": (3,)})
    objective.double()
    make_linear(objective.readout, 1.0)
    low, high = GROWING.clone().requires_grad_(), (3 * GROWING).requires_grad_()
    loss = objective({"V1": stream(low, valid=RESET), "LM": stream(high, valid=RESET)})
    off = torch.tensor([[0, 0], [5, 5], [10, 0], [20, 20], [40, 40]]).double()  # 6 - 1, 12 - 2 ..
    torch.testing.assert_close(loss, off.square())
    signals = torch.autograd.grad(loss.sum(), (low, high), allow_unused=True)
    assert signals[0].any() and signals[1] is None


@pytest.mark.parametrize("areas", [["V1"], ["V1", "V1"], ["V1", "LM", "AL"]])
def test_an_area_foresees_exactly_one_other(areas: list[str]) -> None:
    with pytest.raises(ValueError, match="areas: need two"):
        AreaPrediction(areas)


@pytest.mark.parametrize("source", [(5,), (3, 4, 4)])
@pytest.mark.parametrize("target", [(6,), (2, 4, 4), (2, 8, 6), (2, 2, 2)])
def test_a_readout_joins_any_two_shapes(source: tuple, target: tuple) -> None:
    rate = torch.rand(7, 4, *source)
    readout = Readout(source, target)
    assert readout(rate).shape == (7, 4, *target)
    assert torch.allclose(readout(rate)[2:3, 1:2], readout(rate[2:3, 1:2]), atol=1e-6)


def test_a_readout_between_maps_of_one_size_is_a_convolution_that_sees_the_border() -> None:
    readout, rate = Readout((3, 4, 4), (2, 4, 4)), torch.rand(7, 4, 3, 4, 4)
    weight, bias = readout.parameters()
    expected = torch.nn.functional.conv2d(rate.flatten(0, 1), weight, bias, padding=1)
    torch.testing.assert_close(readout(rate), expected.view(7, 4, 2, 4, 4))


def test_slowness_is_the_mean_square_of_changes() -> None:
    change = torch.tensor([[0, 0], [1, 1], [2, 0], [4, 4], [8, 8]]).double()
    torch.testing.assert_close(Slowness()(stream(GROWING, valid=RESET)), change.square())
    assert not Slowness()(stream(torch.ones(5, 2, 3))).any()


def test_the_categorical_loss_equals_the_one_worked_out_by_hand() -> None:
    half = Categorical()(from_numbers([1.0, 0.0], [0.0, 0.0]))
    assert half.item() == pytest.approx(math.log(2))
    quarter = Categorical()(from_numbers([1.0, 0.0], [0.0, math.log(3)]))
    assert quarter.item() == pytest.approx(math.log(4))


@pytest.mark.parametrize("shapes", [DENSE, MAPS])
def test_the_categorical_likelihood_is_that_of_torch(shapes: tuple) -> None:
    logit = make_activity(*shapes).prediction.detach()
    chosen = torch.distributions.Categorical(logits=logit.movedim(2, -1)).sample()
    drive = torch.nn.functional.one_hot(chosen, shapes[0][0]).movedim(-1, 2).double()
    log_prob = torch.distributions.Categorical(logits=logit.movedim(2, -1)).log_prob(chosen)
    expected = -log_prob.reshape(*logit.shape[:2], -1).mean(2)
    torch.testing.assert_close(Categorical()(from_tensors(drive, logit)), expected)


def test_both_error_populations_together_make_half_the_absolute_error() -> None:
    activity = make_activity(*MAPS)
    torch.testing.assert_close(SplitError()(activity), 0.5 * AbsoluteError()(activity))
    found = SplitError(under=3.0, over=1.0)(from_numbers([1.0, 5.0], [2.0, 2.0]))
    assert found.item() == pytest.approx(0.5 * (1 * 1 + 3 * 3) / 2)


def test_unequal_error_populations_make_an_optimist() -> None:
    drive = torch.linspace(0, 1, 1001).double().view(-1, 1, 1)
    guesses = torch.linspace(0, 1, 101).double()
    objective = SplitError(under=3.0, over=1.0)
    activities = [from_tensors(drive, guess.expand_as(drive)) for guess in guesses]
    losses = torch.stack([objective(activity).mean() for activity in activities])
    assert guesses[losses.argmin()].item() == pytest.approx(0.75)  # 3 / (3 + 1)


@pytest.mark.parametrize("gains", [(0.0, 1.0), (1.0, -1.0)])
def test_a_gain_that_is_not_positive_is_refused(gains: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="under, over: need gains > 0"):
        SplitError(*gains)
