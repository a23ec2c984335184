"""KeRNL: traces with learnt kernels as they are defined, and kernels that are learnt."""

import math

import pytest
import torch
from torch import Tensor

from areas import LSTM, Leaky
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, KeRNL, Rule
from brainmodel.learning.credit.stream_noise import Noise
from brainmodel.scopes import Global, Local, Scope
from tests import lessons, toy
from tests.learning.literal_influences import Matrices, direct, moments, of_area, step


def own(found: lessons.Gradients) -> Matrices:
    return {n.removeprefix("rules.V1."): g for n, g in found.items() if n.startswith("rules.")}


def parts(brain: Brain) -> tuple[Tensor, Tensor]:
    """A, and gamma by node."""
    rule = brain.rule("V1")
    assert isinstance(rule, KeRNL)
    return rule.sensitivity, rule.log_decay


def literally(brain: Brain, inputs: Matrices, reset: Tensor) -> Matrices:
    """sum_t sum_ki L_k(t) A_ki B_i(t), trace by trace, synapse by synapse."""
    (a, log_decay), found = (p.detach() for p in parts(brain)), direct(brain, inputs, reset)
    kernel = torch.exp(-torch.exp(log_decay))
    for course in moments(brain, inputs, reset):
        traces = {n: 0 * m for n, m in course[0].immediate.items() if "predictor" not in n}
        for now in course:
            for name, trace in traces.items():
                decay = (now.keep * kernel).view(-1, *[1] * (trace.dim() - 1))
                traces[name] = decay * trace + now.immediate[name]
                found[name] += torch.tensordot(now.said @ a, traces[name], 1)
    return found


@pytest.mark.sampled(7)
@pytest.mark.parametrize("afferents", [["error"], ["drive", "error"], ["drive"]], ids=str)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_its_traces_are_what_they_are_defined_to_be(cell: str, afferents: list[str]) -> None:
    brain = toy.lone(toy.CELLS[cell](), rule=KeRNL(), afferents=afferents)
    inputs, reset = toy.stream(brain, steps=5)
    reset[3, 0] = True
    named = {f"areas.V1.{name}": g for name, g in literally(brain, inputs, reset).items()}
    expected = of_area(lessons.existing(brain, named))
    for lengths in ([5], [1], [2, 3]):
        lessons.assert_same(of_area(lessons.learn(brain, inputs, reset, lengths)), expected)


def regression(brain: Brain, inputs: Matrices, reset: Tensor, span: int, sigma: float) -> Tensor:
    """Mean over steps and streams of |d - A Omega|^2 / 2 sigma^2, differentiable in A and gamma."""
    (a, log_decay), area = parts(brain), brain.area("V1")
    kernel, losses = torch.exp(-torch.exp(log_decay)), []
    for b, course in enumerate(moments(brain, inputs, reset)):
        d = omega = torch.zeros_like(course[0].after)
        for t, now in enumerate(course):
            lives = now.keep * float(t % span != 0)
            noise = Noise(torch.tensor([b]), torch.tensor([t]))
            zeta = sigma * noise.normal(0, len(d), d)[0]
            moved = step(area, now.drive, now.before + lives * d).detach()
            d, omega = moved - now.after + zeta, kernel * lives * omega + zeta
            losses.append(((d - a @ omega) / sigma).square().sum() / 2)
    return torch.stack(losses).mean()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("afferents", [["error"], ["drive"]], ids=str)
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_its_own_parameters_follow_the_regression(cell: str, afferents: list[str]) -> None:
    rule = KeRNL(sigma=0.3, span=4)
    brain = toy.lone(toy.CELLS[cell](), rule=rule, afferents=afferents)
    inputs, reset = toy.stream(brain, steps=6)
    loss = regression(brain, inputs, reset, span=4, sigma=0.3)
    made = torch.autograd.grad(loss, parts(brain))
    expected: Matrices = {"sensitivity": made[0], "log_decay": made[1]}
    assert all(gradient.abs().max() > 1e-3 for gradient in made)
    lessons.assert_same(own(lessons.learn(brain, inputs, reset)), expected)
    halves = own(lessons.learn(brain, inputs, reset, [3]))  # the mean of two means
    lessons.assert_same({name: gradient / 2 for name, gradient in halves.items()}, expected)


def test_what_the_loss_says_does_not_change_what_the_regression_learns() -> None:
    brain = toy.lone(LSTM(), rule=KeRNL())
    inputs, reset = toy.stream(brain)
    told = lessons.learn(brain, inputs, reset)
    silent = lessons.learn(brain, inputs, reset, loss_of=lambda b, a: 0 * lessons.total(b, a))
    lessons.assert_same(own(told), own(silent), atol=0)
    assert lessons.distance(of_area(told), of_area(silent)) > 1e-3


def test_it_learns_the_true_kernel_where_there_is_one() -> None:
    """Leaky units without recurrent synapses: ds(t)/ds(t-n) = (1 - alpha)^n, and A the identity."""
    alpha = 0.3
    brain = toy.lone(Leaky(alpha=alpha), rule=KeRNL(), afferents=["drive"])
    brain.area("V1").synapses["recurrent"].weight.data.zero_()
    sensitivity, log_decay = parts(brain)
    generator = torch.Generator().manual_seed(0)
    sensitivity.data += 0.3 * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    begun = (sensitivity - torch.eye(3)).abs().max(), (rate(log_decay) - 1 + alpha).abs().max()
    inputs, reset = toy.stream(brain, steps=20, batch=64, resets=False)
    optimizer, state = torch.optim.Adam(parts(brain), lr=0.05), None
    for _ in range(80):
        activities, state = brain(inputs, reset, state)
        optimizer.zero_grad()
        (0 * lessons.total(brain, activities)).backward()
        optimizer.step()
    assert (rate(log_decay) - 1 + alpha).abs().max() < 0.02 < begun[1]
    assert (sensitivity - torch.eye(3)).abs().max() < 0.05 < begun[0]


def rate(log_decay: Tensor) -> Tensor:
    return torch.exp(-torch.exp(log_decay))


@pytest.mark.parametrize("scope", [Local, Global])
def test_with_the_true_kernel_it_is_exact(scope: type[Scope]) -> None:
    """The control of its traces: where kernels say all, they give BPTT's gradient."""

    def lone(rule: Rule) -> Brain:
        brain = toy.lone(Leaky(alpha=0.3), rule=rule, scope=scope(), afferents=["drive"])
        brain.area("V1").synapses["recurrent"].weight.data.zero_()
        return brain

    brain = lone(KeRNL())
    sensitivity, log_decay = parts(brain)
    sensitivity.data.copy_(torch.eye(3))
    log_decay.data.fill_(math.log(-math.log(0.7)))
    inputs, reset = toy.stream(brain)
    exact = of_area(lessons.learn(lone(BPTT()), inputs, reset))
    for lengths in ([6], [2, 1]):
        lessons.assert_same(of_area(lessons.learn(brain, inputs, reset, lengths)), exact)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"decay": 0.0}, r"rule\.decay: need a number above 0, got 0\.0"),
        ({"sigma": -1.0}, r"rule\.sigma: need a number above 0, got -1\.0"),
        ({"span": 0}, r"rule\.span: need 1 step or more, got 0"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KeRNL(**arguments)


def test_maps_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rule KeRNL: needs dense.*\[2, 4, 4\].*use"):
        toy.lone(maps=True, rule=KeRNL())
