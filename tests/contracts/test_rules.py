"""What every learning rule promises: run over configs/learning and every rule that is exported."""

import io

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from areas.keys import of_predictor, of_units
from areas.message import Onto
from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.learning.credit.synthetic_gradients import SyntheticGradients as SyntheticGradients
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.pathways import PresynapticInhibition
from brainmodel.pathways.pathway import Pathway
from brainmodel.roll_out.sweep import Sweep
from brainmodel.scopes import Global, Local
from tests import lessons, toy

pytestmark = pytest.mark.parametrize("name", toy.RULES)


def brain_of(name: str) -> Brain:
    """Dense areas of units that the rule takes."""
    return toy.ladder(lambda area: toy.RULES[name](), cells=[toy.fit(name)] * 3)


def recorded(brain: Brain) -> tuple[Record, LearningSignal]:
    """What LM did, and something that a loss may say of it."""
    inputs, reset = toy.stream(brain)
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(reset.shape[1]))
        sweep.run()
    record = sweep.records()["LM"]
    generator = torch.Generator().manual_seed(3)
    rate, prediction = (
        torch.randn(like.shape, generator=generator, dtype=torch.float64)
        for like in (record.fields["rate"][1:], record.prediction)
    )
    return record, LearningSignal(rate, prediction)


@pytest.mark.sampled(7)
def test_a_batch_is_the_mean_of_its_samples(name: str) -> None:
    """Of a loss that is a mean, as in training; each sample with the noise of its stream."""
    brain = brain_of(name)
    inputs, reset = toy.stream(brain, batch=3)
    together = lessons.learn(brain, inputs, reset, [2, 3], loss_of=lessons.mean)
    alone = []
    for k in range(3):
        eye, only = inputs["eye"][:, k : k + 1], reset[:, k : k + 1]
        begun = lessons.begin(brain, [k])
        alone.append(lessons.learn(brain, {"eye": eye}, only, [2, 3], begun, lessons.mean))
    lessons.assert_same(together, {key: g / 3 for key, g in lessons.add(alone).items()})
    assert lessons.distance(together, alone[0]) > 1e-3


@pytest.mark.sampled(3)
def test_every_plastic_parameter_learns_and_no_other(name: str) -> None:
    brain = brain_of(name)
    record, signal = recorded(brain)
    area, rule = brain.area("LM"), brain.rule("LM")
    with torch.no_grad():
        found = rule.gradients(area, record, signal, None)
    plastic = {key: p for key, p in area.named_parameters() if rule.plastic(key)}
    own = {f"rule.{key}": p for key, p in rule.named_parameters() if p.requires_grad}
    assert found.keys() == (plastic | own).keys()
    for key, gradient in found.items():
        assert gradient.shape == (plastic | own)[key].shape and gradient.isfinite().all()
        assert gradient.any(), f"{key} learns nothing"


@pytest.mark.sampled(3)
def test_gradients_are_linear_in_what_the_loss_says(name: str) -> None:
    """But for what a rule adds that no loss says, which is the same for any loss."""
    brain = brain_of(name)
    record, signal = recorded(brain)
    area, rule = brain.area("LM"), brain.rule("LM")

    def told(scale: float) -> lessons.Gradients:
        scaled = LearningSignal(scale * signal.rate, scale * signal.prediction)
        with torch.no_grad():
            return rule.gradients(area, record, scaled, None)

    nothing, once, thrice = told(0.0), told(1.0), told(3.0)
    expected = {key: 3 * once[key] - 2 * nothing[key] for key in once}
    lessons.assert_same(thrice, expected)


@pytest.mark.sampled(3)
def test_a_level_multiplies_all_that_a_rule_learns(name: str) -> None:
    """What it adds to the learning signal by itself included. Its own parameters hear no loss, and
    what it guesses of later steps (DNI) has the levels of those steps already.
    """
    brain = brain_of(name)
    record, signal = recorded(brain)
    area, rule = brain.area("LM"), brain.rule("LM")
    once, halved, mute = (
        rule.gradients(area, record, signal._replace(level=level), None)
        for level in (None, *(torch.full(signal.rate.shape[:2], m).double() for m in (0.5, 0.0)))
    )
    silent = signal._replace(rate=0 * signal.rate, prediction=0 * signal.prediction)
    guess = (
        rule.gradients(area, record, silent, None) if isinstance(rule, SyntheticGradients) else {}
    )
    for key in (key for key in once if not key.startswith("rule.")):
        full, half, none = (found[key] - guess.get(key, 0.0) for found in (once, halved, mute))
        torch.testing.assert_close(half, 0.5 * full, rtol=1e-9, atol=1e-11)
        assert full.any() and not none.any()


@pytest.mark.sampled(3)
def test_a_rule_leaves_what_happened_as_it_was(name: str) -> None:
    brain = brain_of(name)
    record, signal = recorded(brain)
    area, rule = brain.area("LM"), brain.rule("LM")
    memory = rule.remember(area, record, None)
    held = [
        leaf for leaf in tree_leaves((record, signal, memory)) if isinstance(leaf, torch.Tensor)
    ]
    kept = [leaf.clone() for leaf in held]
    with torch.no_grad():
        first = rule.gradients(area, record, signal, memory)
        rule.remember(area, record, memory)
        second = rule.gradients(area, record, signal, memory)
    assert all(torch.equal(a, b) for a, b in zip(held, kept, strict=True))
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.sampled(3)
def test_nothing_crosses_a_pathway_under_scope_local(name: str) -> None:
    brain = brain_of(name)
    assert isinstance(brain.scope, Local)
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    (objective,) = brain.objectives["LM"].values()  # type: ignore[operator]
    loss = objective(activities["LM"]).sum()
    silent = lessons.complete(brain, torch.autograd.grad(0 * loss, lessons.learnt(brain)))
    activities, _ = brain(inputs, reset)
    loss = objective(activities["LM"]).sum()
    told = lessons.complete(brain, torch.autograd.grad(loss, lessons.learnt(brain)))
    changed = {key for key in told if not torch.equal(told[key], silent[key])}
    assert changed and all(key.startswith(("areas.LM.", "rules.LM.")) for key in changed)


@pytest.mark.sampled(9)
@pytest.mark.parametrize("scope", [Local, Global])
def test_a_state_that_was_saved_goes_on_to_the_same_gradients(name: str, scope) -> None:
    brain = brain_of(name)
    brain.scope = scope()
    inputs, reset = toy.stream(brain)
    _, state = brain({"eye": inputs["eye"][:3]}, reset[:3])
    file = io.BytesIO()
    torch.save(tree_leaves(state), file)
    file.seek(0)
    leaves = iter(torch.load(file, weights_only=True))
    loaded = tree_map_only(object, lambda leaf: next(leaves), state)
    late = {"eye": inputs["eye"][3:]}
    found = []
    for before in (state, loaded):
        loss = lessons.total(brain, brain(late, reset[3:], before)[0])
        found.append(torch.autograd.grad(loss, lessons.learnt(brain)))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("afferents", [["error"], ["drive"]])
def test_messages_may_be_hints_alone_or_reach_units_alone(name: str, afferents: list[str]) -> None:
    ends: dict[str, list[Onto]] = {"hint": ["predictor"], "push": ["units"]}
    pathways = {"up": Pathway("eye", "V1")}
    pathways |= {n: Pathway(n, "V1", "lateral", "rate", onto=onto) for n, onto in ends.items()}
    plans = {"V1": toy.plan(toy.fit(name)(), rule=toy.RULES[name](), afferents=afferents)}
    brain = toy.brain(plans, pathways, {"eye": [3], "hint": [2], "push": [4]})
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    for key in (of_predictor("hint"), of_units("push")):
        full = brain.parameter_name("V1", key)
        assert found[full].any() if brain.rule("V1").plastic(key) else full not in found
    absent = (of_units("hint"), of_predictor("push"))
    assert found.keys().isdisjoint(brain.parameter_name("V1", key) for key in absent)
    if brain.rule("V1").exact:
        lessons.assert_same(found, lessons.learn_literally(brain, inputs, reset))
    lessons.learn(brain, inputs, reset, [2, 3])


@pytest.mark.sampled(6)
def test_what_gates_let_through_is_learnt_from_as_any_drive(name: str) -> None:
    """An area whose drive is gated by another learns as one that sees such a drive."""
    cell, rule = toy.fit(name), toy.RULES[name]
    plans = {n: toy.plan(cell(), [3], rule()) for n in ("LM", "PM")}
    gate = PresynapticInhibition("PM", learns=False)
    ways = {"up": Pathway("eye", "LM", gate=gate), "up_PM": Pathway("eye", "PM")}
    brain = toy.brain(plans, ways, {"eye": [3]})
    inputs, reset = toy.stream(brain)
    with torch.no_grad():
        drive = brain(inputs, reset)[0]["LM"].drive
    alone = toy.brain(
        {"LM": toy.plan(cell(), [3], rule())}, {"up": Pathway("eye", "LM")}, {"eye": [3]}
    )
    expected = lessons.learn(alone, {"eye": drive}, reset, [2, 3])
    found = lessons.learn(brain, inputs, reset, [2, 3])
    lessons.assert_same({key: found[key] for key in expected}, expected)
    assert lessons.distance(lessons.learn(alone, inputs, reset, [2, 3]), expected) > 1e-6
