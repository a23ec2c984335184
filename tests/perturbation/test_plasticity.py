"""Perturbations of plasticity: what is frozen does not move by a bit, what is scaled so much."""

import copy
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from areas import Leaky, LowRank, Population, Populations, Projection
from brainmodel.brain import Brain
from brainmodel.learning import EProp
from brainmodel.learning.modulation import Constant
from brainmodel.pathways.pathway import Pathway
from brainmodel.perturbation import During, Plasticity, perturbed
from brainmodel.perturbation.synapse_groups import group_of
from brainmodel.schedules import CriticalPeriod
from brainmodel.scopes import Adjacent, Global, Local
from tests import lessons, toy

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.1),
    "Adam": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.9),
}
RECURRENT = "areas.V1.synapses.recurrent.weight"


def columns(**others: object) -> Brain:
    """V1 of two populations by Dale's law, and LM above it."""
    cells = Populations(
        {
            "E": Population(Leaky(), 0.6, "excitatory"),
            "I": Population(Leaky(0.5), 0.4, "inhibitory"),
        }
    )
    plans = {
        "V1": toy.plan(cells, [5], EProp(), **others),
        "LM": toy.plan(units=[3], rule=EProp()),
    }
    ways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    brain = toy.brain(plans, ways, {"eye": [4]})
    for synapses in brain.area("V1").synapses.values():
        synapses.project()  # the toy draws weights of any sign
    return brain


def train(
    brain: Brain,
    steps: int,
    optimizer: torch.optim.Optimizer,
    labels: dict[str, Tensor] | None = None,
) -> None:
    for k in range(steps):
        inputs, reset = toy.stream(brain, seed=k)
        optimizer.zero_grad()
        activities, _ = brain(inputs, reset, labels=labels)
        lessons.total(brain, activities).backward()
        optimizer.step()
        brain.after_step()


def weights(brain: Brain) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in brain.named_parameters()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name, w in before.items() if not torch.equal(w, after[name])}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_frozen_does_not_move_by_one_bit(optimizer: str) -> None:
    """Whatever the optimizer remembers and lets decay; all else moves, and it does afterwards."""
    brain = columns()
    descent = OPTIMIZERS[optimizer](brain.parameters())
    train(brain, 2, descent)  # the optimizer has a past
    before = weights(brain)
    with perturbed(brain, Plasticity(["V1.recurrent", "down", "LM.predictor"])):
        train(brain, 3, descent)
    after = weights(brain)
    frozen = {
        name
        for address in ("V1.recurrent", "down", "LM.predictor")
        for name in group_of(brain, address)
    }
    assert RECURRENT in frozen and len(frozen) > 4
    assert not moved(before, after) & frozen
    assert moved(before, after) == set(before) - frozen
    train(brain, 1, descent)
    assert RECURRENT in moved(after, weights(brain))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_synapses_onto_one_population_are_frozen_and_others_are_not(optimizer: str) -> None:
    brain = columns()
    descent = OPTIMIZERS[optimizer](brain.parameters())
    train(brain, 2, descent)
    before = weights(brain)
    with perturbed(brain, Plasticity("V1.E")):
        train(brain, 3, descent)
    after = weights(brain)
    for source in ("recurrent", "error", "down"):
        name = f"areas.V1.synapses.{source}.weight"
        rows = [(before[name] == after[name]).all(1)]
        assert torch.stack(rows)[0].view(-1, 5)[:, :3].all()
        assert (before[name] != after[name])[3:5].any()
    assert torch.equal(before["areas.V1.bias"][:3], after["areas.V1.bias"][:3])
    assert (before["areas.V1.bias"][3:] != after["areas.V1.bias"][3:]).all()


@pytest.mark.parametrize("level", [0.25, 2.0])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_level_is_the_share_of_the_optimizers_own_step(optimizer: str, level: float) -> None:
    usual, brain = columns(), columns()
    before = weights(brain)
    train(usual, 1, OPTIMIZERS[optimizer](usual.parameters()))
    with perturbed(brain, Plasticity("LM.recurrent", level)):
        train(brain, 1, OPTIMIZERS[optimizer](brain.parameters()))
    name = "areas.LM.synapses.recurrent.weight"
    found, expected = weights(brain), weights(usual)
    torch.testing.assert_close(
        found[name] - before[name], level * (expected[name] - before[name]), rtol=1e-12, atol=1e-15
    )
    for other in before.keys() - {name}:
        assert torch.equal(found[other], expected[other])


def test_early_and_late_are_told_by_a_schedule() -> None:
    for schedule, frozen in (
        (CriticalPeriod(closes=2), [True, True, False, False]),
        (CriticalPeriod(opens=2, closes=99), [False, False, True, True]),
    ):
        brain = columns()
        descent = OPTIMIZERS["Adam"](brain.parameters())
        with perturbed(brain, Plasticity("V1.recurrent", schedule=schedule)):
            still = []
            for _ in range(4):
                before = weights(brain)
                train(brain, 1, descent)
                still.append(RECURRENT not in moved(before, weights(brain)))
        assert still == frozen


def test_frozen_from_the_first_step_is_frozen_by_its_plan() -> None:
    """The rest learns as in a brain that was built so."""
    brain, planned = columns(), columns(plastic={"recurrent": False})
    planned.load_state_dict(brain.state_dict())
    with perturbed(brain, Plasticity("V1.recurrent")):
        train(brain, 3, torch.optim.Adam(brain.parameters(), 0.01))
    learn = [p for p in planned.parameters() if p.requires_grad]
    train(planned, 3, torch.optim.Adam(learn, 0.01))
    assert not moved(weights(brain), weights(planned))


@pytest.mark.parametrize("modulator", [None, Constant(0.5)])
@pytest.mark.parametrize("scope", [Local, Adjacent])
def test_by_a_label_an_area_learns_nothing_from_what_losses_of_those_steps_say(
    scope: type, modulator: Constant | None
) -> None:
    """As from a loss that does not count them; nothing else changes."""
    brain = toy.ladder(lambda name: EProp(), scope(), modulator=copy.deepcopy(modulator))
    inputs, reset = toy.stream(brain, steps=14)
    tone = {"tone": torch.rand(reset.shape, generator=torch.Generator().manual_seed(2)) < 0.5}

    def learn(lengths: Sequence[int]) -> lessons.Gradients:
        state, found = None, []
        for first, last in lessons.windows(14, lengths):
            window = {n: x[first:last] for n, x in inputs.items()}
            told = {"tone": tone["tone"][first:last]}
            activities, state = brain(window, reset[first:last], state, labels=told)
            loss = lessons.total(brain, activities)
            made = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
            found.append(lessons.complete(brain, made))
        return lessons.add(found)

    usual = learn([14])
    with perturbed(brain, Plasticity("LM", when=During("tone"))):
        found = learn([14])
        lessons.assert_same(learn([1, 3]), found)
    own = {n for n in usual if n.startswith("areas.LM")}
    lessons.assert_same(
        {n: g for n, g in found.items() if n not in own},
        {n: g for n, g in usual.items() if n not in own},
    )
    assert all((found[n] - usual[n]).abs().max() > 1e-9 for n in own)
    if scope is Local:
        counts = (~tone["tone"]).double()
        activities, _ = brain(inputs, reset)
        losses = [o(activities["LM"]) for o in brain.objectives["LM"].values()]  # type: ignore[operator]
        loss = (torch.stack(losses).sum(0) * counts).sum()
        names = [n for n, p in brain.named_parameters() if p.requires_grad]
        made = dict(
            zip(
                names,
                torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True),
                strict=True,
            )
        )
        for name in own:
            torch.testing.assert_close(found[name], made[name], rtol=1e-9, atol=1e-12)
    with perturbed(brain, Plasticity("LM", level=1.0, when=During("tone"))):
        lessons.assert_same(learn([14]), usual)


def test_one_population_learns_nothing_at_some_steps() -> None:
    brain = columns()
    inputs, reset = toy.stream(brain)
    always = {"tone": torch.ones_like(reset)}
    with perturbed(brain, Plasticity("V1.E", when=During("tone"))):
        activities, _ = brain(inputs, reset, labels=always)
        lessons.total(brain, activities).backward()
    gradient = brain.area("V1").synapses["recurrent"].weight.grad
    assert gradient is not None and not gradient[:3].any() and gradient[3:5].any()


def test_made_weights_are_frozen_with_what_makes_them() -> None:
    brain = low_rank()
    before = weights(brain)
    descent = torch.optim.Adam(brain.parameters(), 0.01)
    with perturbed(brain, Plasticity("V1.recurrent")):
        train(brain, 2, descent)
    after = weights(brain)
    makers = {name for name in before if ".making." in name}
    assert makers and not moved(before, after) & makers
    train(brain, 1, descent)
    assert moved(after, weights(brain)) & makers


def low_rank() -> Brain:
    made = {"recurrent": Projection(made=LowRank(2))}
    return toy.lone(Leaky(), rule=EProp(), units=[5], projections=made)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("V1.recurrent", {RECURRENT}),
        ("V1.bias", {"areas.V1.bias"}),
        ("down", {"areas.V1.synapses.down.weight", "areas.V1.predictor.synapses.down.weight"}),
        ("V1.down", {"areas.V1.synapses.down.weight"}),
        ("LM.read_out", set()),
    ],
)
def test_groups_of_synapses_by_address(address: str, names: set[str]) -> None:
    assert set(group_of(columns(), address)) == names


def test_a_whole_area_is_all_that_it_learns() -> None:
    brain = toy.ladder(lambda name: EProp(), Adjacent())
    own = {n for n, _ in brain.named_parameters() if ".LM." in n or n.startswith("objectives.LM")}
    assert set(group_of(brain, "LM")) >= own


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: Plasticity("V2"),
            "a: what: V2: there is no area or pathway 'V2'; there are V1, LM",
        ),
        (
            lambda: Plasticity("V1.axons"),
            "V1.axons: there are no synapses 'axons'; there are error",
        ),
        (lambda: Plasticity("V1.SST.recurrent"), "there is no population 'SST'; there are E, I"),
        (lambda: Plasticity("V1.E.predictor"), "there are no synapses 'predictor'"),
        (
            lambda: Plasticity("V1.recurrent", when=During("x")),
            "V1.recurrent: has no learning signal of its own; name an area or a population",
        ),
        (lambda: Plasticity("V1.axons", when=During("x")), "there are no synapses 'axons'; there"),
        (lambda: Plasticity("up"), "up: V1 has no synapses from its drive, only from its errors"),
        (lambda: Plasticity("down", when=During("x")), "down: has no learning signal of its own"),
    ],
)
def test_synapses_that_there_are_not_are_refused(make: Callable[[], Plasticity], told: str) -> None:
    brain = columns()
    with pytest.raises(ValueError) as refusal, perturbed(brain, {"a": make()}):
        pass
    assert told in str(refusal.value)


def test_end_to_end_an_area_has_no_learning_signal_of_its_own() -> None:
    brain = toy.ladder(lambda name: EProp(), Global())
    with (
        pytest.raises(ValueError, match="under scope Global an area's learning signals come from"),
        perturbed(brain, Plasticity("V1", when=During("x"))),
    ):
        pass
