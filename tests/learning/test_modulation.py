"""Neuromodulators: their levels by hand, and where they multiply."""

import pytest
import torch
from torch import Tensor

from areas import Area, Leaky, Population, Populations, Predictor, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.learning.credit.synaptic_gradients import predictor_gradients
from brainmodel.learning.learning_signal import LearningSignal, unit_signals
from brainmodel.learning.modulation import (
    AfterDevelopment,
    ByPopulation,
    CellType,
    CellTypes,
    Constant,
    Modulator,
    Moments,
    Reward,
    Surprise,
)
from brainmodel.pathways.pathway import Pathway
from brainmodel.roll_out.sweep import Sweep
from brainmodel.schedules import CriticalPeriod
from brainmodel.schedules.clock import Clock
from brainmodel.scopes import Global, Local
from tests import lessons, literal, toy


def moments(steps: int = 9, batch: int = 3, age: int = 0) -> Moments:
    error, reward = torch.randn(steps, batch, 4).double(), torch.randn(steps, batch, 1).double()
    valid = torch.ones(steps, batch, dtype=torch.bool)
    valid[0], valid[4, 1] = False, False
    return Moments(error, {"reward": reward}, valid, Clock(lambda: age))


def usual(values: Tensor, valid: Tensor, rate: float, t: int, stream: int) -> float | None:
    """Mean of the valid values before t, each step further back counting 1 - rate less."""
    past = [values[s, stream] for s in range(t) if valid[s, stream]]
    weights = [(1 - rate) ** k for k in reversed(range(len(past)))]
    if not past:
        return None
    return float(sum(w * v for w, v in zip(weights, past, strict=True)) / sum(weights))


def test_surprise_is_the_error_over_what_is_usual() -> None:
    seen = moments()
    level, _ = Surprise(rate=0.3, most=1.5).level(seen, None)
    squares = seen.error.square().mean(2)
    for t in range(9):
        for b in range(3):
            mean = usual(squares, seen.valid, 0.3, t, b)
            ratio = 1.0 if mean is None else float(squares[t, b]) / mean
            assert float(level[t, b]) == pytest.approx(min(ratio, 1.5))
    assert (level == 1.5).any() and (level < 1).any()


def test_an_area_that_is_never_wrong_is_not_surprised() -> None:
    seen = moments()
    level, _ = Surprise().level(seen._replace(error=torch.zeros_like(seen.error)), None)
    assert (level == 1).all()


def test_reward_counts_beyond_what_is_usual() -> None:
    seen = moments()
    level, _ = Reward(gain=2.0, tonic=0.5, rate=0.3).level(seen, None)
    reward = seen.inputs["reward"][:, :, 0]
    for t in range(9):
        for b in range(3):
            mean = usual(reward, seen.valid, 0.3, t, b)
            better = 0.0 if mean is None else float(reward[t, b]) - mean
            assert float(level[t, b]) == pytest.approx(0.5 + 2 * better)


def test_types_hear_their_own_modulators() -> None:
    types = {"a": CellType(0.25, Constant(2.0)), "b": CellType(0.75, Surprise(0.2))}
    modulator, seen = CellTypes(types), moments()
    modulator.build(area_of(8), {})
    level, memory = modulator.level(seen, None)
    assert level.shape == (9, 3, 8) and (level[..., :2] == 2).all()
    expected, _ = Surprise(0.2).level(seen, None)
    torch.testing.assert_close(level[..., 2:], expected[..., None].expand(-1, -1, 6))
    assert set(memory) == {"a", "b"}


def test_populations_hear_their_own_modulators_in_whatever_order_they_are_named() -> None:
    kinds = {"E": Population(SubLSTM(), 0.75), "I": Population(Leaky(), 0.25)}
    plans = {"V1": toy.plan(Populations(kinds), units=[8])}
    brain = toy.brain(plans, {"up": Pathway("eye", "V1")}, {"eye": [4]})
    modulator, seen = ByPopulation({"I": Constant(2.0), "E": Surprise(0.2)}), moments()
    modulator.build(brain.area("V1"), {})
    level, memory = modulator.level(seen, None)
    expected, _ = Surprise(0.2).level(seen, None)
    torch.testing.assert_close(level[..., :6], expected[..., None].expand(-1, -1, 6))
    assert (level[..., 6:] == 2).all() and set(memory) == {"E", "I"}
    with pytest.raises(ValueError, match="of: need one for each population, got E; there are E, I"):
        ByPopulation({"E": Constant()}).build(brain.area("V1"), {})
    with pytest.raises(ValueError, match="got E; there are none; cell: areas.Populations has some"):
        ByPopulation({"E": Constant()}).build(area_of(8), {})
    with pytest.raises(ValueError, match=r"of\.E: cannot have a modulator of types"):
        ByPopulation({"E": ByPopulation({"E": Constant()})})


def test_the_grown_area_hears_the_modulator_and_the_young_one_does_not() -> None:
    adult = Surprise(0.2)
    made = AfterDevelopment(adult, CriticalPeriod(10, ramp=10))
    seen = moments()
    expected, _ = adult.level(seen, None)
    for age, young in ((0, 1.0), (10, 1.0), (15, 0.5), (20, 0.0), (99, 0.0)):
        level, _ = made.level(seen._replace(clock=Clock(lambda age=age: age)), None)
        torch.testing.assert_close(level, young + (1 - young) * expected)


def area_of(units: int) -> Area:
    brain = toy.brain({"V1": toy.plan(units=[units])}, {"up": Pathway("eye", "V1")}, {"eye": [4]})
    return brain.area("V1")


@torch.no_grad()
@pytest.mark.parametrize("by_unit", [False, True])
def test_a_level_multiplies_what_is_said_at_its_step(by_unit: bool) -> None:
    """L_i(t) = M_i(t) r_i(t) + M_i(t+1) sum_j P_ji phi'_j(t+1) p_j(t+1), by loops."""
    brain = toy.lone(predictor=Predictor(torch.tanh))
    inputs, reset = toy.stream(brain, resets=False)
    sweep = Sweep(brain, inputs, reset, brain.initial_state(2))
    sweep.run()
    area, record = brain.area("V1"), sweep.records()["V1"]
    steps, batch, units = record.fields["rate"][1:].shape
    said = torch.randn(steps, batch, units).double(), torch.randn(steps, batch, 4).double()
    level = torch.rand(steps, batch, units).double() if by_unit else torch.rand(steps, batch)
    level = level.double()
    rate_bar, before, potential_bar = unit_signals(area, record, LearningSignal(*said, level))
    assert area.predictor is not None
    weight = area.predictor.synapses["rate"].weight
    slope = 1 - record.prediction.square()
    for b in range(batch):
        for i in range(units):
            m = [float(level[t, b, i] if by_unit else level[t, b]) for t in range(steps)]
            shares = [
                sum(float(weight[j, i] * slope[t, b, j] * said[1][t, b, j]) for j in range(4))
                for t in range(steps)
            ]
            assert float(before[b, i]) == pytest.approx(m[0] * shares[0])
            for t in range(steps):
                later = m[t + 1] * shares[t + 1] if t + 1 < steps else 0.0
                expected = m[t] * float(said[0][t, b, i]) + later
                assert float(rate_bar[t, b, i]) == pytest.approx(expected)
    mean = level.mean(2) if by_unit else level
    torch.testing.assert_close(potential_bar, mean[..., None] * slope * said[1])
    learnt = predictor_gradients(area, record, potential_bar)["predictor.bias"]
    torch.testing.assert_close(learnt, (mean[..., None] * slope * said[1]).sum((0, 1)))


class Given(Modulator):
    """Levels that are given."""

    def __init__(self, levels: Tensor):
        super().__init__()
        self.levels = levels

    def level(self, moments: Moments, memory: int | None) -> tuple[Tensor, int]:
        first = memory or 0
        last = first + len(moments.valid)
        return self.levels[first:last], last


@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("rule", [BPTT, EProp])
def test_it_is_the_gradient_of_a_loss_whose_steps_have_these_weights(rule, scope) -> None:
    brain = toy.ladder(lambda name: rule(), scope())
    inputs, reset = toy.stream(brain)
    levels = {name: torch.rand(6, 2).double() for name in ("V1", "PM")}
    for name, level in levels.items():
        brain.modulators[name] = Given(level)
    course = literal.Literal(
        brain, inputs, reset, local=scope is Local, cut=lambda name: rule is EProp
    )
    total = torch.zeros(())
    for name in brain.areas:
        activity = course.activity(name)
        if scope is Local:
            activity = activity._replace(drive=activity.drive.detach())
        (objective,) = brain.objectives[name].values()  # type: ignore[operator]
        total = total + (objective(activity) * levels.get(name, 1.0)).sum()
    made = torch.autograd.grad(total, lessons.learnt(brain), allow_unused=True)
    expected = lessons.complete(brain, made)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, expected)
    assert lessons.distance(found, unmodulated(rule, scope, inputs, reset)) > 1e-2


def unmodulated(rule, scope, inputs, reset) -> lessons.Gradients:
    return lessons.learn(toy.ladder(lambda name: rule(), scope()), inputs, reset)


def surprised() -> Brain:
    brain = toy.ladder(lambda name: EProp())
    for name in brain.areas:
        brain.modulators[name] = Surprise(0.1)
    return brain


def test_modulated_gradients_do_not_depend_on_the_windows_and_a_batch_is_its_samples() -> None:
    brain = surprised()
    inputs, reset = toy.stream(brain, steps=10, batch=3)
    whole = lessons.learn(brain, inputs, reset)
    for lengths in ([1], [2, 3]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)
    alone = [
        lessons.learn(brain, {"eye": inputs["eye"][:, k : k + 1]}, reset[:, k : k + 1])
        for k in range(3)
    ]
    lessons.assert_same(lessons.add(alone), whole)
    assert lessons.distance(whole, unmodulated(EProp, Local, inputs, reset)) > 1e-2


def test_without_gradients_modulators_remember_nothing() -> None:
    brain = surprised()
    inputs, reset = toy.stream(brain)
    with torch.no_grad():
        _, silent = brain(inputs, reset)
    assert all(memory is None for memory in silent.modulators.values())
    assert all(memory is not None for memory in brain(inputs, reset)[1].modulators.values())


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (lambda: Constant(-1.0), "amount: need 0 or more, got -1.0"),
        (lambda: Surprise(rate=0.0), "rate: need 0 < rate <= 1"),
        (lambda: Surprise(most=0.0), "most: need a bound above 0, got 0.0"),
        (lambda: toy.lone(modulator=Reward()), "modulator: input: the data has no 'reward'; there"),
        (
            lambda: toy.lone(modulator=Surprise(), predictor=None, afferents=["drive"]),
            "modulator: Surprise: needs an area with a predictor",
        ),
        (
            lambda: CellTypes({"a": CellType(0.5, Constant())}),
            "types: need shares > 0 that add up to 1, got a 0.5",
        ),
        (
            lambda: toy.lone(
                modulator=CellTypes(
                    {"a": CellType(0.9, Constant()), "b": CellType(0.1, Constant())}
                )
            ),
            "types.b: its share of 3 units is none",
        ),
        (
            lambda: toy.lone(modulator=types(), scope=Global()),
            "areas.V1.modulator: CellTypes tells units apart, which scope Global cannot follow",
        ),
        (
            lambda: AfterDevelopment(types(), CriticalPeriod(3)),
            "modulator: tells types of units apart",
        ),
        (lambda: CellTypes({"a": CellType(1.0, types())}), "types.a: cannot have"),
    ],
)
def test_modulators_that_do_not_fit_are_refused(attempt, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        attempt()
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def types() -> CellTypes:
    return CellTypes({"a": CellType(0.4, Constant()), "b": CellType(0.6, Constant())})
