"""UORO, KF-RTRL and R-KF-RTRL: as they are defined, and in the mean the exact gradient."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from areas import LIF, LSTM, Leaky, Membrane, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, KFRTRL, RKFRTRL, UORO, EProp
from brainmodel.learning.credit.factored_influence import FactoredInfluence, Factors, balance
from brainmodel.learning.credit.parameter_matrix import sizes
from brainmodel.learning.credit.stream_noise import Noise, NoisyRule
from brainmodel.scopes import Global
from tests import lessons, toy
from tests.learning.literal_influences import Matrices, Moment, direct, moments, of_area

RULES: dict[type[FactoredInfluence], str] = {UORO: "state", KFRTRL: "", RKFRTRL: "targets"}
"""What each rule draws a sign for at each step; "" for one sign."""


class Listed(Noise):
    """Noise from a table instead of by chance."""

    table: Tensor  # [batch, time, count]

    @classmethod
    def of(cls, table: Tensor, clock: int = 0) -> "Listed":
        made = cls(torch.arange(len(table)), torch.tensor(clock).expand(len(table)))
        made.table = table
        return made

    def later(self, steps: int = 1) -> "Listed":
        return self.of(self.table, int(self.clock[0]) + steps)

    def signs(self, seed: int, count: int, like: Tensor) -> Tensor:
        return self.table[:, int(self.clock[0]), :count].to(like.dtype)


def balanced(count: int, steps: int) -> Tensor:
    """Signs [batch, time, count] whose means, up to second order, are exactly those of chance.

    At each step the rows of a Hadamard matrix and their negatives; all combinations of steps.
    """
    rows = torch.ones(1, 1)
    while rows.shape[1] < count:
        rows = torch.cat([torch.cat([rows, rows], 1), torch.cat([rows, -rows], 1)])
    rows = torch.cat([rows, -rows])
    chosen = torch.tensor(list(itertools.product(range(len(rows)), repeat=steps)))
    return rows[chosen][..., :count]


def averaged(brain: Brain, inputs: Matrices, reset: Tensor, table: Tensor) -> lessons.Gradients:
    """The mean gradient over streams that differ in their noise alone, in two windows."""
    rule, many = brain.rule("V1"), len(table)
    assert isinstance(rule, NoisyRule)
    memory = rule.begin(brain.area("V1"), Listed.of(table))
    state = brain.initial_state(many)._replace(memories={"V1": memory})
    eye = inputs["eye"].expand(-1, many, -1)
    found = lessons.learn(brain, {"eye": eye}, reset.expand(-1, many), [1, 2], state)
    return {name: gradient / many for name, gradient in found.items()}


def expected_of(
    rule: FactoredInfluence,
    kind: type[FactoredInfluence],
    cell,
    afferents: list[str],
    **makers: Callable[[], Any],
):
    """(the mean over all noise, the exact gradient), by name; `makers` of other parts of areas."""
    parts = [{name: make() for name, make in makers.items()} for _ in range(2)]
    brain = toy.lone(cell(), rule=rule, afferents=afferents, **parts[0])
    size = sizes(brain.area("V1"))
    count = getattr(size, RULES[kind]) if RULES[kind] else 1
    steps = 3 if count <= 8 else 2
    inputs, reset = toy.stream(brain, steps=steps, batch=1, resets=False)
    other = toy.lone(cell(), rule=BPTT(), afferents=afferents, **parts[1])
    exact = lessons.learn(other, inputs, reset)
    return averaged(brain, inputs, reset, balanced(count, steps)), exact


@pytest.mark.sampled(8)
@pytest.mark.parametrize("afferents", [["error"], ["drive"]], ids=str)
@pytest.mark.parametrize("cell", toy.POINTWISE)
@pytest.mark.parametrize("kind", RULES)
def test_the_mean_over_all_noise_is_the_exact_gradient(kind, cell: str, afferents) -> None:
    found, exact = expected_of(kind(), kind, toy.CELLS[cell], afferents)
    lessons.assert_same(found, exact, atol=1e-9)


@pytest.mark.parametrize("kind", [KFRTRL, RKFRTRL])
def test_the_predictor_of_spiking_units_reads_their_rate_and_not_their_spikes(kind) -> None:
    brains = [
        toy.lone(LIF(Membrane(threshold=0.1)), rule=rule(), afferents=["error"])
        for rule in (kind, BPTT)
    ]
    inputs, reset = toy.stream(brains[0], steps=3, batch=1, resets=False)
    inputs = {"eye": 6 * inputs["eye"]}
    for brain in brains:
        brain.area("V1").bias.data += 0.3
    exact = lessons.learn(brains[1], inputs, reset)
    assert len(brains[1](inputs, reset)[0]["V1"].rate.unique()) > 2
    count = sizes(brains[0].area("V1")).targets if RULES[kind] else 1
    found = averaged(brains[0], inputs, reset, balanced(count, 3))
    lessons.assert_same(found, exact, atol=1e-9)


class Lopsided(UORO):
    """A rule whose second factor is not divided by what the first is multiplied by."""

    def move(self, area, linear, t, source, factors):
        first, second = super().move(area, linear, t, source, factors)
        return first, 1.1 * second


def test_a_factor_of_the_wrong_size_would_be_seen() -> None:
    found, exact = expected_of(Lopsided(), UORO, Leaky, ["error"])
    assert lessons.distance(found, exact) > 1e-3


@pytest.mark.parametrize("kind", RULES)
def test_signs_that_do_not_cancel_would_be_seen(kind: type[FactoredInfluence]) -> None:
    brain = toy.lone(Leaky(), rule=kind(), afferents=["error"])
    inputs, reset = toy.stream(brain, steps=3, batch=1, resets=False)
    exact = lessons.learn(toy.lone(Leaky(), afferents=["error"]), inputs, reset)
    found = averaged(brain, inputs, reset, torch.ones(1, 3, 16))
    assert lessons.distance(found, exact) > 1e-2


def scores(found: list[lessons.Gradients], expected: lessons.Gradients) -> Tensor:
    """By how many standard errors the mean of each element misses what is expected."""
    parts = []
    for name, gradient in expected.items():
        each = torch.stack([g[name] for g in found])
        error = each.std(0) / len(found) ** 0.5
        parts.append(((each.mean(0) - gradient) / error)[error > 1e-9])
    return torch.cat(parts)


@pytest.mark.parametrize("kind", RULES)
def test_the_mean_over_many_seeds_is_exact_within_its_standard_error(kind) -> None:
    """By the noise of the rule itself, over a stream with resets."""
    inputs, reset = toy.stream(toy.lone(SubLSTM()), steps=6, batch=1)
    reset[3] = True
    many = 500
    eye, resets = inputs["eye"].expand(-1, many, -1), reset.expand(-1, many)
    found = []
    for seed in range(16):
        made = lessons.learn(toy.lone(SubLSTM(), rule=kind(seed)), {"eye": eye}, resets, [4])
        found.append({name: gradient / many for name, gradient in made.items()})
    exact = lessons.learn(toy.lone(SubLSTM(), rule=BPTT()), inputs, reset)
    z = scores(found, exact)
    assert z.square().mean() < 4 and z.abs().max() < 6  # elements are few and not independent
    cut = lessons.learn(toy.lone(SubLSTM(), rule=EProp()), inputs, reset)
    assert scores(found, cut).square().mean() > 10  # the control: what leaves the loops out


def literally(kind, brain: Brain, inputs: Matrices, reset: Tensor) -> Matrices:
    """sum_t L(t) M(t), by explicit loops over streams and steps, from the rule's own noise."""
    area, found = brain.area("V1"), direct(brain, inputs, reset)
    for b, course in enumerate(moments(brain, inputs, reset)):
        factors = None
        for t, now in enumerate(course):
            noise = Noise(torch.tensor([b]), torch.tensor([t]))
            factors, influence = LITERAL[kind](area, now, factors, noise)
            for name, estimate in influence.items():
                found[name] += torch.tensordot(now.said, estimate, 1)
    return found


def norm(values: Tensor | Matrices) -> Tensor:
    parts = values.values() if isinstance(values, dict) else [values]
    return torch.cat([part.flatten() for part in parts]).norm()


def root(heavy: Tensor | Matrices, light: Tensor | Matrices) -> Tensor:
    return ((norm(heavy) + 1e-7) / (norm(light) + 1e-7)).sqrt()


def literal_uoro(area, now: Moment, factors, noise: Noise):
    """Tallec & Ollivier (2018), algorithm 1: one vector over the state, one over all parameters."""
    nu = noise.signs(0, len(now.after), now.after)[0]
    a, b = factors or (torch.zeros_like(nu), {n: 0 * m[0] for n, m in now.immediate.items()})
    old, b = now.jacobian @ a, {n: now.keep * value for n, value in b.items()}
    new = {n: torch.tensordot(nu, m, 1) for n, m in now.immediate.items()}
    p0, p1 = root(b, old), root(new, nu)
    a, b = p0 * old + p1 * nu, {n: b[n] / p0 + new[n] / p1 for n in b}
    return (a, b), {n: torch.tensordot(a, value, 0) for n, value in b.items()}


def by_targets(now: Moment) -> Tensor:
    """F, [state, target]: the influence of the biases."""
    parts = [now.immediate["bias"], now.immediate["predictor.bias"]]
    return torch.cat([part for part in parts if part.any()], dim=1)


def rows(area, name: str) -> slice:
    """Which targets a parameter makes."""
    if name.startswith("predictor."):
        return slice(len(area.bias), None)
    return slice(0, len(area.bias)) if name == "bias" else area.reached(name.split(".")[1])


def heard(name: str) -> str:
    source = "bias" if name.endswith("bias") else name.split(".")[-2]
    return "recurrent" if source == "rate" else source


def joined(now: Moment) -> list[str]:
    return [n for n, m in now.immediate.items() if m.any() or not n.startswith("predictor.")]


def literal_kf(area, now: Moment, factors, noise: Noise):
    """Mujika et al. (2018), algorithm 1: one vector over sources, one matrix."""
    nu = noise.signs(0, 1, now.after)[0, 0]
    new = by_targets(now)
    a, b = factors or ({n: 0 * x for n, x in now.sources.items()}, torch.zeros_like(new))
    a, old = {n: now.keep * x for n, x in a.items()}, now.jacobian @ b
    p0, p1 = root(old, a), root(new, now.sources)
    a = {n: p0 * a[n] + nu * p1 * x for n, x in now.sources.items()}
    b = old / p0 + nu * new / p1
    return (a, b), {
        n: torch.tensordot(b[:, rows(area, n)], a[heard(n)], 0).view_as(now.immediate[n])
        for n in joined(now)
    }


def literal_r_kf(area, now: Moment, factors, noise: Noise):
    """Marschall et al. (2020): one vector over targets, one matrix of state and sources."""
    f = by_targets(now)
    nu = noise.signs(0, f.shape[1], now.after)[0]
    zeros = {n: torch.zeros(len(f), len(x)).double() for n, x in now.sources.items()}
    a, b = factors or (torch.zeros_like(nu), zeros)
    a, old = now.keep * a, {n: now.jacobian @ x for n, x in b.items()}
    new = {n: torch.outer(f @ nu, x) for n, x in now.sources.items()}
    p0, p1 = root(old, a), root(new, nu)
    a, b = p0 * a + p1 * nu, {n: old[n] / p0 + new[n] / p1 for n in old}
    return (a, b), {
        n: torch.einsum("i,kj->kij", a[rows(area, n)], b[heard(n)]).view_as(now.immediate[n])
        for n in joined(now)
    }


LITERAL = {UORO: literal_uoro, KFRTRL: literal_kf, RKFRTRL: literal_r_kf}


@pytest.mark.parametrize("afferents", [["error"], ["drive", "error"], ["drive"]], ids=str)
@pytest.mark.parametrize("kind", RULES)
def test_each_rule_is_what_it_is_defined_to_be(kind, afferents: list[str]) -> None:
    """LSTM, where every source reaches every current; in windows of several lengths."""
    brain = toy.lone(LSTM(), rule=kind(), afferents=afferents)
    inputs, reset = toy.stream(brain, steps=5)
    reset[3, 0] = True
    expected = literally(kind, brain, inputs, reset)
    for lengths in ([5], [1], [2, 3]):
        lessons.assert_same(of_area(lessons.learn(brain, inputs, reset, lengths)), expected)


@pytest.mark.parametrize("scope", [None, Global()])
@pytest.mark.parametrize("kind", RULES)
def test_the_length_of_windows_does_not_change_the_gradient(kind, scope) -> None:
    """Under scope global it may: what the window holds is exact, only what came before is not."""
    brain, elsewhere = (toy.ladder(lambda name, k=k: kind(k), scope) for k in (0, 5))
    inputs, reset = toy.stream(brain, steps=7)
    whole, other = (lessons.learn(brain, inputs, reset, lengths) for lengths in ([7], [3, 1]))
    if scope is None:
        lessons.assert_same(other, whole)
    else:
        assert lessons.distance(other, whole) > 1e-3
    others = lessons.learn(elsewhere, inputs, reset, [3, 1])
    assert lessons.distance(others, other) > 1e-3  # the control: other noise, other gradient


def test_under_scope_global_what_is_remembered_is_in_the_mean_exact() -> None:
    """One area: with the past carried, global over two windows is BPTT over one."""
    brain = toy.lone(Leaky(), rule=UORO(), scope=Global())
    inputs, reset = toy.stream(brain, steps=3, batch=1, resets=False)
    exact = lessons.learn(toy.lone(Leaky(), rule=BPTT()), inputs, reset)
    lessons.assert_same(averaged(brain, inputs, reset, balanced(3, 3)), exact, atol=1e-9)


@pytest.mark.parametrize("kind", RULES)
def test_maps_are_refused(kind: type[FactoredInfluence]) -> None:
    with pytest.raises(ValueError, match=rf"rule {kind.__name__}: needs dense.*\[2, 4, 4\].*use"):
        toy.lone(maps=True, rule=kind())


@pytest.mark.parametrize("kind", RULES)
def test_silent_streams_leave_factors_finite(kind: type[FactoredInfluence]) -> None:
    """Nothing heard, nothing passed on, and in single precision."""
    brain = toy.lone(Leaky(alpha=1.0), rule=kind(), afferents=["drive"]).float()
    for parameter in brain.parameters():
        parameter.data.zero_()
    inputs, reset = {"eye": torch.zeros(50, 2, 4)}, torch.zeros(50, 2, dtype=torch.bool)
    activities, state = brain(inputs, reset)
    lessons.total(brain, activities).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in brain.parameters())
    memory = state.memories["V1"]
    assert isinstance(memory, Factors)
    assert memory.first.isfinite().all() and memory.second.isfinite().all()
    assert memory.first.any() and memory.second.any()


def test_norms_are_balanced_by_stream() -> None:
    heavy, light = torch.randn(2, 3, 4).double(), torch.randn(2, 5).double()
    by = balance(heavy, light)
    for b in range(2):
        assert (light[b] * by[b]).norm() == pytest.approx(
            float((heavy[b] / by[b]).norm()), rel=1e-6
        )
