"""Conductances that learn: by finite differences, at the exponential distribution, and seeded."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import ConductanceBased
from brainmodel.learning import StemmlerKoch
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.learning.stemmler_koch import intrinsic_gradient
from brainmodel.pathways.pathway import Pathway
from tests import lessons, toy
from tests.lessons import recorded

LOGS = (0.2, -0.6, -2.5)
CELL = ConductanceBased()


def vector(values: tuple[float, ...]) -> list[Tensor]:
    return [torch.tensor([value], dtype=torch.float64) for value in values]


def settled(current: Tensor, bias: float, logs: tuple[float, ...]) -> Tensor:
    """v where I + b = F(v), by bisection."""
    low, high = torch.full_like(current, -60.0), torch.full_like(current, 60.0)
    for _ in range(200):
        middle = (low + high) / 2
        wide = [log.expand_as(middle) for log in vector(logs)]
        below = CELL.outward(wide, middle) < current + bias
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return low


def loss(current: Tensor, mean: float, bias: float, logs: tuple[float, ...]) -> Tensor:
    """h / m - log dh/dI of a unit at rest, dh/dI by the logistic and the channels by hand."""
    v = settled(current, bias, logs)
    gain = torch.full_like(v, exp(logs[0]))
    for log, channel in zip(logs[1:], (CELL.potassium, CELL.calcium), strict=True):
        m = torch.sigmoid((v - channel.half) / channel.slope)
        rising = m * (1 - m) / channel.slope * (v - channel.reversal)
        gain = gain + exp(log) * (m + rising)
    return torch.log1p(v.exp()) / mean - torch.log(torch.sigmoid(v) / gain)


def test_it_descends_the_surprise_of_rates_by_finite_differences() -> None:
    current, step = torch.linspace(-2.0, 3.0, 11, dtype=torch.float64), 1e-5
    found = intrinsic_gradient(CELL, vector(LOGS), settled(current, 0.3, LOGS), 0.7)
    for k in range(4):
        ends = []
        for shift in (step, -step):
            bias = 0.3 + (shift if k == 0 else 0.0)
            logs = tuple(log + (shift if j == k else 0.0) for j, log in enumerate(LOGS, start=1))
            ends.append(loss(current, 0.7, bias, logs))
        expected = (ends[0] - ends[1]) / (2 * step)
        torch.testing.assert_close(found[k], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("mean", [0.2, 0.5, 1.5])
def test_a_unit_whose_rates_are_exponential_stays_as_it_is(mean: float) -> None:
    """Currents that make them so: all changes cancel, by quadrature over potentials."""
    v = torch.linspace(-45.0, 80.0, 40001, dtype=torch.float64)
    rate, step = torch.nn.functional.softplus(v), float(v[1] - v[0])
    weight = torch.sigmoid(v) / mean * torch.exp(-rate / mean) * step  # of each potential
    assert weight.sum().item() == pytest.approx(1.0, rel=1e-9)
    at_rest = (intrinsic_gradient(CELL, vector(LOGS), v, mean) * weight).sum(1)
    assert at_rest.abs().max() < 1e-8
    elsewhere = (intrinsic_gradient(CELL, vector(LOGS), v, 1.3 * mean) * weight).sum(1)
    assert elsewhere.abs().min() > 1e-3


def distance(rates: Tensor, mean: float) -> float:
    """Kolmogorov and Smirnov's, of rates from the exponential distribution of a mean."""
    ordered = rates.flatten().sort().values
    places = (torch.arange(len(ordered)) + 0.5) / len(ordered)
    return float((1 - torch.exp(-ordered / mean) - places).abs().max())


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.5, 1.0])
def test_units_come_to_exponential_rates_of_the_mean_they_are_told(mean: float) -> None:
    """One unit that hears Gaussian currents, which it settles to at once."""
    plan = toy.plan(ConductanceBased(capacitance=0.05), [1], StemmlerKoch(mean), predictor=None)
    plan.afferents = ["drive"]
    brain = toy.brain({"V1": plan}, {"up": Pathway("eye", "V1")}, {"eye": [1]})
    area = brain.area("V1")
    area.synapses["drive"].weight.data.fill_(1.5)
    area.synapses["recurrent"].weight.data.zero_()
    area.bias.data = area.cell.biases(1).flatten().double()
    generator = torch.Generator().manual_seed(0)
    eye = torch.randn(1, 2000, 1, generator=generator, dtype=torch.float64)
    inputs = {"eye": eye.expand(20, -1, -1).contiguous()}  # held until the unit has settled
    reset = torch.zeros(20, 2000, dtype=torch.bool)
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=0.1)
    first = brain(inputs, reset)[0]["V1"].rate[-1].detach()
    for _ in range(150):
        optimizer.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        optimizer.step()
    last = brain(inputs, reset)[0]["V1"].rate[-1].detach()
    assert distance(first, mean) > 0.1 > 0.05 > distance(last, mean)
    assert last.mean().item() == pytest.approx(mean, rel=0.06)
    assert (area.synapses["drive"].weight == 1.5).all()


@pytest.mark.parametrize("maps", [False, True])
def test_gradients_are_means_over_all_that_a_channel_does(maps: bool) -> None:
    brain = toy.lone(ConductanceBased(), maps, StemmlerKoch(0.4), afferents=["drive"])
    area, record = brain.area("V1"), recorded(brain)
    nothing = LearningSignal(torch.zeros_like(record.fields["rate"][1:]), 0 * record.prediction)
    found = brain.rule("V1").gradients(area, record, nothing, None)["bias"].view(4, -1)
    potential = record.fields["potential"][1:].movedim(2, 0).flatten(1)
    for unit, values in enumerate(potential):
        logs = [log[None] for log in area.bias.view(4, -1)[1:, unit]]
        expected = intrinsic_gradient(area.cell, logs, values, 0.4).mean(1)  # type: ignore[arg-type]
        torch.testing.assert_close(found[:, unit], expected, rtol=1e-11, atol=1e-13)
    assert {n for n, p in brain.named_parameters() if p.requires_grad} == {
        "areas.V1.bias",
        *(f"areas.V1.predictor.{n}" for n in ("bias", "synapses.rate.weight")),
    }


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rule\.mean: need a rate above 0, got 0\.0"):
        StemmlerKoch(0.0)
    with pytest.raises(ValueError, match="needs a cell with conductances, .* got SubLSTM; use the"):
        toy.lone(rule=StemmlerKoch())
    with pytest.raises(ValueError, match="rates that rise with the potential everywhere, but"):
        toy.lone(ConductanceBased(activation=torch.relu), rule=StemmlerKoch())
