"""Every part is exact in brains of several seeds, or refused in one sentence: none is left out."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import areas
from areas import (
    Block,
    DriveComparison,
    LearntFeedback,
    Population,
    Populations,
    Predictor,
    Projection,
    RandomFeedback,
    SignConcordantFeedback,
)
from areas.projections import Sparse
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, modulation
from brainmodel.learning.modulation import Constant, Modulator
from brainmodel.pathways import PresynapticInhibition
from brainmodel.pathways.adapters import Adapter, Flatten, MaxPool, Mix, Pool, Upsample
from brainmodel.pathways.pathway import Pathway
from brainmodel.schedules import CriticalPeriod, WarmUp, Weight
from brainmodel.scopes import Adjacent, Global, Local
from brainmodel.seeds import together
from brainmodel.seeds.refusals import keeps_apart
from brainmodel.wiring.plan import UnitNoise
from tests import toy
from tests.seeds.training import drawn, require_same, sgd

ALONE = "train the seeds one by one"


def refused(make: Callable[[], Brain], match: str = ALONE) -> None:
    """Two seeds are refused, in one sentence that says what to do."""
    with pytest.raises(ValueError, match=match) as found:
        together([drawn(make, seed) for seed in range(2)])
    assert "\n" not in str(found.value) and ALONE in str(found.value)


# ---------------------------------------------------------------------------------------- rules


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", toy.RULES)
def test_every_rule_is_exact_or_refused(name: str) -> None:
    """Scopes take turns: rules of one kind are exact under all of them."""
    scope = [Local, Adjacent, Global][list(toy.RULES).index(name) % 3]

    def make() -> Brain:
        cell = areas.LIF if name.endswith("stdp") else toy.fit(name)  # 3 units have no half
        return toy.ladder(lambda area: toy.RULES[name](), scope(), [cell] * 3)

    if keeps_apart(toy.RULES[name]()):
        require_same(make)
    else:
        refused(make, f"rule: {type(toy.RULES[name]()).__name__} is not known")


def test_rules_of_all_kinds_are_exact() -> None:
    known = {name for name, rule in toy.RULES.items() if keeps_apart(rule())}
    assert known >= {"bptt", "f_bptt", "e_prop", "rflo", "rflo_random", "none", "stdp"}
    assert not known & {"uoro", "rtrl", "hebbian", "dni", "kernl", "mdgl", "snap"}


@pytest.mark.parametrize("carry", [True, False], ids=["carried", "within"])
@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_traces_of_seeds_are_their_own(scope, carry: bool) -> None:
    require_same(lambda: toy.ladder(lambda name: EProp(carry=carry), scope()))


def test_on_maps_too() -> None:
    require_same(lambda: toy.ladder(lambda name: EProp(), Adjacent(), maps=True))


def test_a_rule_made_of_one_that_keeps_seeds_apart_has_to_say_so_itself() -> None:
    class Mixed(BPTT):
        pass

    class Said(BPTT):
        keeps_apart = True

    refused(lambda: toy.lone(rule=Mixed()), "Mixed is not known")
    assert together([drawn(lambda: toy.lone(rule=Said()), seed) for seed in range(2)])


# ---------------------------------------------------------------------------------------- cells


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", toy.CELLS)
def test_every_cell_is_exact_or_refused(name: str) -> None:
    maps = list(toy.CELLS).index(name) % 2 == 1
    units = [8, 4, 4] if maps else [8]
    eye = [2, 4, 4] if maps else [4]

    def make() -> Brain:
        plans = {"V1": toy.plan(toy.CELLS[name](), units)}
        return toy.brain(plans, {"up": Pathway("eye", "V1")}, {"eye": eye})

    if toy.CELLS[name]().normalised:
        refused(make, "normalises over all units")
    else:
        require_same(make)


def populated(share: float = 0.75) -> Populations:
    cells = {"E": areas.Leaky(0.5), "PV": areas.Leaky(0.9)}
    signs: list[Any] = ["excitatory", "inhibitory"]
    shares = (share, 1 - share)
    return Populations(
        {n: Population(c, k, s) for (n, c), k, s in zip(cells.items(), shares, signs, strict=True)}
    )


@pytest.mark.parametrize("scope", [Adjacent, Global])
def test_populations_signs_masks_and_pathways_of_a_population(scope) -> None:
    def make() -> Brain:
        blocks = [Block("E", "E", connectivity=Sparse(0.5, seed=1)), Block("PV", "E")]
        plans = {
            "V1": toy.plan(populated(), [8], projections={"recurrent": Projection(blocks)}),
            "LM": toy.plan(areas.LSTM(), [3]),
        }
        pathways = {
            "up": Pathway("eye", "V1"),
            "up_LM": Pathway("V1", "LM", signal="rate", population="E"),
            "down": Pathway("LM", "V1", "feedback", "rate"),
            "by_PV": Pathway("V1", "LM", "lateral", "rate", population="PV"),
        }
        return toy.brain(plans, pathways, {"eye": [3]}, scope())

    require_same(make)


def test_units_that_do_not_divide_evenly_are_refused() -> None:
    def make() -> Brain:
        plans = {"V1": toy.plan(populated(0.7), [8])}
        return toy.brain(plans, {"up": Pathway("eye", "V1")}, {"eye": [3]})

    refused(make, "divides 16 units otherwise")


# ------------------------------------------------------------------- predictors and comparisons


@pytest.mark.parametrize("maps", [False, True], ids=["dense", "maps"])
@pytest.mark.parametrize("comparison", [areas.Signed, areas.Split, areas.Divisive])
def test_every_comparison_is_exact(comparison, maps: bool) -> None:
    scope = Adjacent if maps else Global

    def make() -> Brain:
        def predictor() -> Predictor:
            return Predictor(torch.nn.functional.softplus, comparison=comparison())

        names, sizes = ("V1", "LM"), ([2, 4, 4], [3, 2, 2]) if maps else ([3], [4])
        plans = {
            n: toy.plan(areas.GRU(), s, predictor=predictor(), afferents=["drive", "error"])
            for n, s in zip(names, sizes, strict=True)
        }
        pathways = {
            "up": Pathway("eye", "V1"),
            "up_LM": Pathway("V1", "LM"),
            "rate_LM": Pathway("V1", "LM", signal="rate"),
            "down": Pathway("LM", "V1", "feedback", "error", adapters=[]),
        }
        return toy.brain(plans, pathways, {"eye": [2, 4, 4] if maps else [3]}, scope())

    require_same(make)


def test_comparisons_are_all_there() -> None:
    kinds = {kind.__name__ for kind in DriveComparison.__subclasses__()}
    assert {"Signed", "Split", "Divisive"} <= kinds


@pytest.mark.parametrize("feedback", [RandomFeedback, LearntFeedback, SignConcordantFeedback])
def test_every_feedback_is_exact(feedback) -> None:
    def make() -> Brain:
        plans = {
            n: toy.plan(units=[3], predictor=Predictor(feedback=feedback())) for n in ("V1", "LM")
        }
        pathways = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM")}
        return toy.brain(plans, pathways, {"eye": [3]}, Adjacent(feedback(), hops=2))

    require_same(make)


def test_feedback_and_predictors_that_nobody_knows_are_refused() -> None:
    class Odd(areas.SymmetricFeedback):
        pass

    class Other(Predictor):
        pass

    refused(lambda: toy.lone(predictor=Predictor(feedback=Odd())), "Odd is not known")
    refused(lambda: toy.lone(predictor=Other()), "Other is not known")


# ---------------------------------------------------------------------------- pathways, adapters

ADAPTED: dict[str, tuple[list[int], list[Callable[[], Adapter]]]] = {
    "Pool": ([3, 2, 2], [lambda: Pool(2)]),
    "MaxPool": ([3, 2, 2], [lambda: MaxPool(2)]),
    "Upsample": ([3, 8, 8], [lambda: Upsample(2)]),
    "Flatten": ([3], [lambda: Pool(2), Flatten]),
}


@pytest.mark.parametrize("name", ADAPTED)
def test_adapters_that_take_channels_one_by_one_are_exact(name: str) -> None:
    scope = Adjacent
    units, made = ADAPTED[name]

    def make() -> Brain:
        plans = {"V1": toy.plan(units=[2, 4, 4]), "LM": toy.plan(units=units)}
        pathways = {
            "up": Pathway("eye", "V1"),
            "up_LM": Pathway("V1", "LM", adapters=[one() for one in made]),
            "too": Pathway("V1", "LM", signal="rate", adapters=[one() for one in made]),
        }
        return toy.brain(plans, pathways, {"eye": [2, 4, 4]}, scope())

    require_same(make)


def test_adapters_that_mix_channels_are_refused() -> None:
    def make(adapter: Callable[[], Adapter], scope) -> Brain:
        plans = {"V1": toy.plan(units=[3])}
        return toy.brain(plans, {"up": Pathway("eye", "V1", adapters=[adapter()])}, {"eye": [4]})

    refused(lambda: make(lambda: Mix(4, 2), Local()), "up.adapters: Mix is not known")


def test_gates_noise_and_made_weights_are_refused() -> None:
    def gated() -> Brain:
        plans = {"V1": toy.plan(units=[3]), "LM": toy.plan(units=[4])}
        gate = PresynapticInhibition("V1", learns=False)
        ways = {"up": Pathway("eye", "V1"), "on": Pathway("V1", "LM", gate=gate)}
        return toy.brain(plans, ways, {"eye": [3]})

    low = {"recurrent": Projection(made=areas.LowRank(1))}
    refused(gated, "on.gate: is not known")
    refused(lambda: toy.lone(noise=UnitNoise(0.1)), "V1.noise: is not known")
    refused(lambda: toy.lone(projections=low), "LowRank makes")


# ------------------------------------------------------------------------ schedules, modulators


def test_schedules_of_learning_are_exact() -> None:
    def make() -> Brain:
        plans = {
            "V1": toy.plan(
                plastic={"bias": False, "recurrent": WarmUp(3)},
                plasticity=CriticalPeriod(closes=1, ramp=2),
                weights={"whole": Weight(0.5, WarmUp(2))},
            ),
            "LM": toy.plan(modulator=Constant(0.5), weights={"whole": 2.0}),
        }
        pathways = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM")}
        return toy.brain(plans, pathways, {"eye": [3]})

    require_same(make, sgd)


def test_every_modulator_but_a_constant_is_refused() -> None:
    known = [
        m for m in vars(modulation).values() if isinstance(m, type) and issubclass(m, Modulator)
    ]
    assert {kind.__name__ for kind in known if vars(kind).get("keeps_apart")} == {"Constant"}
    refused(lambda: toy.lone(modulator=modulation.Surprise()), "modulator: Surprise is not known")
