"""RTRL is backpropagation through the whole past of a stream, in windows of any length."""

import math
from collections.abc import Callable
from random import Random

import pytest
import torch

from areas import LSTM, Leaky, Predictor
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, RTRL, EProp, Rule
from brainmodel.scopes import Global, Local, Scope
from objectives import SquaredError
from tests import influence, lessons, toy

LENGTHS = ([9], [1], [2, 3], [4, 1])
AFFERENTS = (["error"], ["drive"], ["drive", "error"])


def mixed(draw: Random, maps: bool) -> Rule:
    return draw.choice([BPTT, EProp] if maps else [RTRL, RTRL, BPTT])()


def reach(brain: Brain):
    """How many steps before a window each area's rule can credit."""

    def steps(name: str) -> float:
        if isinstance(brain.rule(name), BPTT):
            return 0
        return math.inf if len(brain.area(name).units) == 1 else 1

    return steps


@pytest.mark.sampled(8)
@pytest.mark.parametrize("afferents", AFFERENTS, ids=str)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_rtrl_is_one_long_window_of_backpropagation(cell: str, afferents: list[str]) -> None:
    def brain(rule: Rule) -> Brain:
        predictor = Predictor(torch.tanh)
        return toy.lone(toy.CELLS[cell](), rule=rule, afferents=afferents, predictor=predictor)

    inputs, reset = toy.stream(brain(BPTT()), steps=9)
    expected = lessons.learn(brain(BPTT()), inputs, reset)
    for lengths in LENGTHS:
        lessons.assert_same(lessons.learn(brain(RTRL()), inputs, reset, lengths), expected)
    truncated = lessons.learn(brain(BPTT()), inputs, reset, [2, 3])
    assert lessons.distance(truncated, expected) > 1e-3


@pytest.mark.sampled(2)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_rtrl_is_the_influence_moved_on_step_by_step(cell: str) -> None:
    brain = toy.lone(toy.CELLS[cell](), rule=RTRL(), afferents=["drive", "error"])
    inputs, reset = toy.stream(brain, steps=4)
    expected = influence.literally(brain, inputs, reset)
    for lengths in ([4], [1], [3]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", range(6))
def test_windows_of_any_length_give_what_the_past_says(seed: int, scope: type[Scope]) -> None:
    brain = toy.random_brain(seed, mixed, scope())
    inputs, reset = toy.stream(brain, steps=6, seed=seed)
    for lengths in ([1], [2, 3]):
        expected = lessons.learn_literally(
            brain,
            inputs,
            reset,
            lengths,
            local=scope is Local,
            cut=lambda name: isinstance(brain.rule(name), EProp),
            memory=reach(brain),
        )
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


def test_the_predictor_is_credited_for_the_errors_its_area_felt_in_windows_before() -> None:
    brain = toy.lone(LSTM(), rule=RTRL(), afferents=["error"])
    inputs, reset = toy.stream(brain, steps=6, resets=False)
    _, state = brain({"eye": inputs["eye"][:3]}, reset[:3])
    forgot = state._replace(memories={"V1": None})
    late, found = {"eye": inputs["eye"][3:]}, []
    for before in (state, forgot):
        loss = lessons.total(brain, brain(late, reset[3:], before)[0])
        made = torch.autograd.grad(loss, lessons.learnt(brain))
        found.append(lessons.complete(brain, made)["areas.V1.predictor.synapses.rate.weight"])
    assert (found[0] - found[1]).abs().max() > 1e-4


def test_it_is_the_derivative_of_the_value_of_the_loss() -> None:
    """By finite differences: a mean in the value and a sum in the gradient would be seen."""
    brain = toy.lone(Leaky(0.4), rule=RTRL(), objectives={"error": SquaredError()})
    inputs, reset = toy.stream(brain, steps=6)
    found = lessons.learn(brain, inputs, reset, [2])
    weight = brain.area("V1").synapses["recurrent"].weight
    for place in ((0, 1), (2, 2)):
        values = []
        for step in (1e-5, -2e-5):
            weight.data[place] += step
            with torch.no_grad():
                values.append(lessons.total(brain, brain(inputs, reset)[0]))
        weight.data[place] += 1e-5
        slope = (values[0] - values[1]) / 2e-5
        gradient = found["areas.V1.synapses.recurrent.weight"][place]
        torch.testing.assert_close(gradient, slope, rtol=1e-6, atol=1e-8)
        assert gradient.abs() > 1e-4


@torch.no_grad()
def marschall(brain: Brain, inputs: torch.Tensor, error: Callable) -> lessons.Gradients:
    """RTRL of h = W a + W_in x + b, a = (1 - alpha) a + alpha phi(h), in the paper's own terms."""
    area = brain.area("V1")
    alpha = area.cell.alpha  # type: ignore[attr-defined]
    w, w_in, b = area.synapses["recurrent"].weight, area.synapses["drive"].weight, area.bias
    n, one = len(w), torch.ones(1, dtype=torch.float64)
    a, m = torch.zeros(n).double(), torch.zeros(n, n, n + w_in.shape[1] + 1).double()
    total = torch.zeros_like(m[0])  # [synapse of, from]; m: [unit, synapse of, from]
    for t in range(len(inputs)):
        a_hat, h = torch.cat([a, inputs[t, 0], one]), w @ a + w_in @ inputs[t, 0] + b
        slope = 1 - torch.tanh(h) ** 2
        jacobian = alpha * slope[:, None] * w + (1 - alpha) * torch.eye(n).double()
        a = (1 - alpha) * a + alpha * torch.tanh(h)
        m = torch.einsum("ij,jkl->ikl", jacobian, m)
        for k in range(n):
            m[k, k] += alpha * slope[k] * a_hat
        total += torch.einsum("i,ikl->kl", error(a, t), m)
    recurrent, drive, bias = total.split([n, w_in.shape[1], 1], dim=1)
    found = {"synapses.recurrent.weight": recurrent, "synapses.drive.weight": drive}
    return {f"areas.V1.{name}": g for name, g in (found | {"bias": bias[:, 0]}).items()}


def test_leaky_units_are_the_reference_network_of_marschall_and_this_is_its_rtrl() -> None:
    """With a read-out z = W_out a(t) under a softmax, whose error at t is of a(t)."""
    brain = toy.lone(Leaky(0.3), rule=RTRL(), predictor=None, afferents=["drive"], objectives={})
    inputs = torch.rand(7, 1, 4, dtype=torch.float64)
    out, target = torch.randn(2, 3, dtype=torch.float64), torch.rand(7, 2, dtype=torch.float64)
    target /= target.sum(1, keepdim=True)
    found, state = [], None
    for first, last in lessons.windows(7, [3]):
        reset = torch.zeros(last - first, 1, dtype=torch.bool)
        activities, state = brain({"eye": inputs[first:last]}, reset, state)
        z = activities["V1"].rate[:, 0] @ out.t()
        loss = -(target[first:last] * z.log_softmax(1)).sum()
        made = torch.autograd.grad(loss, lessons.learnt(brain))
        found.append(lessons.complete(brain, made))
    expected = marschall(brain, inputs, lambda a, t: out.t() @ ((out @ a).softmax(0) - target[t]))
    lessons.assert_same(lessons.add(found), expected)


def test_rtrl_refuses_maps() -> None:
    with pytest.raises(ValueError, match=r"areas\.V1: rule RTRL: needs dense units.*\[2, 4, 4\]"):
        toy.lone(maps=True, rule=RTRL())
