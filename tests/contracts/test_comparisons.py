"""What every comparison promises, alone and under every rule and scope: all that areas lists."""

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

import areas
from areas import Divisive, DriveComparison, Predictor, Signed, Split
from areas.keys import of_units
from brainmodel.brain import Brain
from brainmodel.learning import BPTT
from brainmodel.learning.credit.factored_influence import FactoredInfluence
from brainmodel.scopes import Adjacent, Global, Local, Scope
from objectives import Energy, SquaredError
from tests import lessons, toy
from tests.learning.test_factored_influence import RULES as FACTORED
from tests.learning.test_factored_influence import expected_of
from tests.literal import Literal, missed
from tests.scopes.test_adjacent import by_definition, either


def listed() -> dict[str, Callable[[], DriveComparison]]:
    """Every comparison that is listed, and those with options that change what it does."""
    found = {n: c for n, c in vars(areas).items() if inspect.isclass(c)}
    found = {
        n: c
        for n, c in found.items()
        if issubclass(c, DriveComparison) and c is not DriveComparison
    }
    return {**found, "Split with a lead-in": lambda: Split(lead_in=True)}


COMPARISONS = listed()
OTHERS = {name: made for name, made in COMPARISONS.items() if made is not Signed}
EACH = pytest.mark.parametrize("how", COMPARISONS)
SEEDS = range(10)


class Difference(DriveComparison):
    """Signed errors, with all that is known of them left to the contract."""

    def __call__(self, drive: Tensor, prediction: Tensor) -> Tensor:
        """See `DriveComparison.__call__`."""
        return drive - prediction


class Twice(DriveComparison):
    """Every signed error in halves, two of them."""

    errors = 2

    def __call__(self, drive: Tensor, prediction: Tensor) -> Tensor:
        """See `DriveComparison.__call__`."""
        return torch.cat(2 * [(drive - prediction) / 2], 1)


def predictor(comparison: DriveComparison, activation=softplus) -> Predictor:
    return Predictor(activation, comparison=comparison)


def is_factored(rule: str) -> bool:
    return isinstance(toy.RULES[rule](), FactoredInfluence)


CROOKED = {"triplet_stdp", "behavioural_timescale"}
"""Rules by which twice the presynaptic signal teaches another thing than twice as much."""


def lone(rule: str, comparison: DriveComparison, **others) -> Brain:
    """One area that compares so, with units that the rule takes."""
    how = {"afferents": ["error", "drive"], "predictor": predictor(comparison)} | others
    return toy.lone(toy.fit(rule)(), rule=toy.RULES[rule](), **how)


@pytest.mark.parametrize("shape", [[5], [2, 4, 4]], ids=str)
@EACH
def test_errors_and_their_derivatives_are_pointwise_and_those_of_autograd(how, shape) -> None:
    comparison, batch = COMPARISONS[how](), 3
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(2, batch, *shape, generator=generator, dtype=torch.float64)
    drive, prediction = (value.clone().requires_grad_() for value in values)
    never = torch.zeros(batch, dtype=torch.bool)
    expected = missed(comparison, drive, prediction, never)
    found = comparison(drive, prediction)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert found.shape == (batch, comparison.errors * shape[0], *shape[1:])
    out = torch.empty_like(found)
    comparison.into(drive.detach(), prediction.detach(), out)
    assert torch.equal(out, found)
    bar = torch.rand(found.shape, generator=generator, dtype=torch.float64)
    bars = torch.autograd.grad(expected, [drive, prediction], bar, retain_graph=True)
    for mine, other in zip(comparison.back(drive, prediction, bar), bars, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)
    slopes = comparison.slopes(drive, prediction)
    whole = torch.autograd.functional.jacobian(
        lambda p: missed(comparison, drive, p, never).flatten(), prediction
    ).flatten(1)
    assert isinstance(whole, Tensor)
    places = torch.arange(drive.numel()).view(drive.shape)
    of = torch.cat([places] * comparison.errors, 1).flatten()
    own = whole[torch.arange(len(whole)), of]
    torch.testing.assert_close(slopes.flatten(), own, rtol=1e-12, atol=1e-12)
    assert whole.count_nonzero() == own.count_nonzero(), "each value is compared by itself"
    assert own.any()


@pytest.mark.parametrize("maps", [False, True])
@EACH
def test_backpropagation_is_autograd_whatever_an_error_is(how: str, maps: bool) -> None:
    brain = lone("bptt", COMPARISONS[how](), maps=maps)
    inputs, reset = toy.stream(brain)
    expected = lessons.learn_literally(brain, inputs, reset)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


@EACH
def test_what_a_loss_says_of_errors_at_any_step_is_autograd(how: str) -> None:
    """One that says something where an error is 0, too, as at the first step of a lead-in."""
    brain = lone("bptt", COMPARISONS[how]())
    inputs, reset = toy.stream(brain)
    shown, literal = brain(inputs, reset)[0]["V1"], Literal(brain, inputs, reset).activity("V1")
    slant = torch.linspace(0.5, 1.5, literal.error.shape[2], dtype=torch.float64)
    found, expected = (
        torch.autograd.grad((a.error * slant).sum(), lessons.learnt(brain), allow_unused=True)
        for a in (shown, literal)
    )
    lessons.assert_same(lessons.complete(brain, found), lessons.complete(brain, expected))


@EACH
def test_real_time_recurrent_learning_is_autograd_over_windows(how: str) -> None:
    brain = lone("rtrl", COMPARISONS[how]())
    inputs, reset = toy.stream(brain, steps=7)
    found = lessons.learn(brain, inputs, reset, [2, 3])
    expected = lessons.learn_literally(brain, inputs, reset, [2, 3])
    lessons.assert_same(found, expected)


@pytest.mark.parametrize("how", ["Split", "Divisive"])
@pytest.mark.parametrize("kind", FACTORED)
def test_the_mean_of_factored_influences_is_exact(kind: type[FactoredInfluence], how: str) -> None:
    others = {"predictor": lambda: predictor(COMPARISONS[how]())}
    found, exact = expected_of(kind(), kind, toy.CELLS["leaky"], ["error"], **others)
    lessons.assert_same(found, exact, atol=1e-9)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("rule", toy.RULES)
def test_differences_left_to_the_contract_are_the_differences(rule: str) -> None:
    brains = [lone(rule, made()) for made in (Signed, Difference)]
    inputs, reset = toy.stream(brains[0])
    known, left = (lessons.learn(brain, inputs, reset, [2, 3]) for brain in brains)
    lessons.assert_same(left, known)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("rule", [r for r in toy.RULES if not is_factored(r) and r not in CROOKED])
def test_an_error_in_two_halves_teaches_as_one(rule: str) -> None:
    """Not where chance meets the sizes of presynaptic signals, as in factored influences."""
    goals = {"next": SquaredError(), "energy": Energy()}
    whole, halves = (lone(rule, made(), objectives=goals) for made in (Signed, Twice))
    weight = whole.area("V1").synapses["error"].weight.data
    key = whole.parameter_name("V1", of_units("error"))
    held = dict(whole.named_parameters())
    for name, parameter in halves.named_parameters():
        parameter.data = torch.cat([weight, weight], 1) if name == key else held[name].data.clone()
    inputs, reset = toy.stream(whole)
    one, two = (lessons.learn(brain, inputs, reset, [2, 3]) for brain in (whole, halves))
    if key in one:
        one[key] = torch.cat([one[key], one[key]], 1) / 2
    lessons.assert_same(two, one)
    assert len(one) > 1 and all(gradient.isfinite().all() for gradient in one.values())


@pytest.mark.sampled(9)
@pytest.mark.parametrize("how", OTHERS)
@pytest.mark.parametrize("rule", toy.RULES)
def test_every_rule_learns_from_every_kind_of_error(rule: str, how: str) -> None:
    brain = lone(rule, COMPARISONS[how]())
    inputs, reset = toy.stream(brain, steps=7)
    found = lessons.learn(brain, inputs, reset, [3, 1])
    plastic = [key for key in brain.area("V1").weights() if brain.rule("V1").plastic(key)]
    assert plastic
    for key in plastic:
        gradient = found[brain.parameter_name("V1", key)]
        assert gradient.isfinite().all() and gradient.any(), f"{key} learns nothing"


def mixed(seed: int, scope: Scope, rules=lambda draw, maps: BPTT()) -> Brain:
    """A random brain whose areas compare in every way there is."""
    kinds = list(COMPARISONS.values())
    return toy.random_brain(seed, rules, scope, down=True, comparisons=kinds)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("scope", [Local, Global])
@pytest.mark.parametrize("seed", SEEDS)
def test_whole_brains_learn_by_autograd(seed: int, scope: type[Scope]) -> None:
    brain = mixed(seed, scope())
    inputs, reset = toy.stream(brain, seed=seed)
    course = Literal(brain, inputs, reset)
    for name, activity in brain(inputs, reset)[0].items():
        torch.testing.assert_close(activity, course.activity(name), rtol=1e-10, atol=1e-12)
    expected = lessons.learn_literally(brain, inputs, reset, local=scope is Local)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


def test_whole_brains_do_compare_in_every_way() -> None:
    brains = [mixed(seed, Local()) for seed in SEEDS]
    found = {type(b.area(n).comparison) for b in brains for n in b.areas}
    carried = {p.signal for b in brains for p in b.pathways.values()}
    assert found == {Signed, Split, Divisive} and "error" in carried


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_adjacent_is_its_definition_whatever_an_error_is(seed: int) -> None:
    brain = mixed(seed, Adjacent(), either)
    assert isinstance(brain.scope, Adjacent)
    inputs, reset = toy.stream(brain, steps=4 + brain.scope.lag, seed=seed)
    expected = lessons.existing(brain, by_definition(brain, inputs, reset))
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)


def test_a_lead_in_takes_the_errors_of_first_steps_away_and_no_others() -> None:
    usual, waits = (lone("bptt", Split(lead_in=given)) for given in (False, True))
    inputs, reset = toy.stream(usual, batch=4)
    assert reset[1:].any() and not reset.all()
    first = waits(inputs, reset)[0]["V1"].error[reset]
    assert not first.any() and usual(inputs, reset)[0]["V1"].error[reset].any()
    assert waits(inputs, reset)[0]["V1"].error[~reset].any()
    going_on = torch.zeros_like(reset)
    same = [brain(inputs, going_on)[0]["V1"].error for brain in (usual, waits)]
    assert torch.equal(*same) and same[0].any()


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (
            lambda: Divisive(float("inf")),
            "Divisive.floor: need > 0, in units of the drive, got inf",
        ),
        (lambda: Divisive(0.0), "Divisive.floor: need > 0, in units of the drive, got 0"),
        (
            lambda: predictor(Divisive(), None),
            "predictor.activation: Divisive takes predictions of 0 and more, but there are some of "
            "-6; set activation: torch.nn.functional.softplus",
        ),
        (
            lambda: predictor(Divisive(), torch.tanh),
            "predictor.activation: Divisive takes predictions of 0 and more, but there are some",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(attempt, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        attempt()
    predictor(Divisive(), torch.relu)
