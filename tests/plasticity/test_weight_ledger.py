"""The ledger of weights: its components are what they are called, and add up to what changed."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from areas import Leaky, LearntFeedback, LowRank, Population, Populations, Predictor, Projection
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.learning.modulation import Constant
from brainmodel.pathways.pathway import Pathway
from brainmodel.perturbation import Plasticity, perturbed
from brainmodel.plasticity import Account, WeightLedger
from brainmodel.plasticity.account import (
    CLIPPING,
    DECAY,
    MOMENTUM,
    MOMENTUM_OF,
    NO_OBJECTIVE,
    PROJECTION,
    SCALING,
    TOTAL,
)
from brainmodel.plasticity.ledger_table import ledger_rows, ledger_text
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.synaptic_scaling import scale_area
from objectives import Energy, SquaredError
from tests import toy

Optimizers = Callable[..., torch.optim.Optimizer]
PARTED: dict[str, Optimizers] = {
    "SGD": lambda p: torch.optim.SGD(p, 0.05),
    "momentum": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=0.1),
    "Nesterov": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1),
    "AMSGrad": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, amsgrad=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
    "ascent": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1, maximize=True),
}
OPTIMIZERS = PARTED | {"RMSprop": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.5)}
AIMS = ("V1.next", "V1.quiet")
WATCHED = ["V1", "V1.recurrent", "LM.predictor", "down"]


def columns(
    scope: Scope | None = None, rule: Callable[[], Rule] = EProp, **others: object
) -> Brain:
    """V1 of two populations by Dale's law, which predicts and is to be quiet, and LM above it."""
    of = {"E": Population(Leaky(), 0.6, "excitatory"), "I": Population(Leaky(), 0.4, "inhibitory")}
    aims = {"next": SquaredError(), "quiet": Energy()}
    plans = {
        "V1": toy.plan(Populations(of), [5], rule(), objectives=aims, **others),
        "LM": toy.plan(Leaky(), [3], rule()),
    }
    ways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    brain = toy.brain(plans, ways, {"eye": [4]}, scope)
    for synapses in brain.area("V1").synapses.values():
        synapses.project()  # the toy draws weights of any sign
    return brain


def train(
    brain: Brain,
    optimizer: torch.optim.Optimizer,
    steps: int = 3,
    ledger: WeightLedger | None = None,
    after: Callable[[], None] = lambda: None,
    every: int = 1,
) -> Account:
    """The account of so many steps, a window each, of streams that go on."""
    account, state = Account(), None
    for k in range(steps):
        inputs, reset = toy.stream(brain, seed=k, resets=k == 0)
        optimizer.zero_grad()
        activities, state = brain(inputs, reset, state)
        losses = brain.losses(activities)
        if ledger is not None and (k + 1) % every == 0:
            ledger.split(losses)
        torch.stack([loss for own in losses.values() for loss in own.values()]).sum().backward()
        optimizer.step()
        brain.after_step()
        if ledger is not None:
            ledger.note(PROJECTION)
        after()
        if ledger is not None:
            ledger.note(SCALING)
            account.add(ledger.close())
    return account


def weights(brain: Brain) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in brain.named_parameters()}


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_components_add_up_to_what_training_changed(optimizer: str) -> None:
    """With signs that are kept and synapses that are scaled; measured from outside."""
    brain = columns(modulator=Constant(0.5))
    descent = OPTIMIZERS[optimizer](brain.parameters())
    ledger, before = WeightLedger(brain, WATCHED, descent), weights(brain)

    def scale() -> None:
        scale_area(brain.area("V1"), torch.full((5,), 0.5).double(), 1.0, 0.1)

    account = train(brain, descent, 3, ledger, scale)
    for name, total in account.total.items():
        close(total, weights(brain)[name] - before[name])
        close(sum(own[name] for own in account.changes.values()), total)  # type: ignore[arg-type]
    for group in ledger.groups.values():
        *parts, whole = account.entries(group)
        assert whole.component == TOTAL and whole.norm > 0
        assert sum(part.along for part in parts) == pytest.approx(1, abs=1e-9)
    norms = {part.component: part.norm for part in account.entries(ledger.groups["V1.recurrent"])}
    assert min(norms[c] for c in (*AIMS, PROJECTION, SCALING)) > 1e-6
    assert (norms[MOMENTUM] > 1e-6) == (optimizer == "RMSprop")


@pytest.mark.parametrize("optimizer", PARTED)
def test_what_the_optimizer_did_is_parted_without_a_rest(optimizer: str) -> None:
    """Its equations with the gradients of each cause make the very step that torch made."""
    brain = columns()
    descent = PARTED[optimizer](brain.parameters())
    account = train(brain, descent, 4, WeightLedger(brain, WATCHED, descent))
    for name, rest in account.changes[MOMENTUM].items():
        close(rest, torch.zeros_like(rest))
        assert account.total[name].any()
    assert (account.changes[DECAY]["areas.V1.bias"].any()) == (optimizer not in ("SGD", "Nesterov"))
    if optimizer != "SGD":
        assert account.changes[MOMENTUM_OF + "V1.quiet"]["areas.V1.bias"].any()


@pytest.mark.parametrize("scope", [Local, Global])
def test_each_objective_has_its_own_gradient_times_the_level_of_the_modulator(
    scope: Callable[[], Scope],
) -> None:
    """Against backward passes of single losses through copies of the brain; no rest is left."""
    brain = columns(scope(), modulator=Constant(0.25))
    copies = {aim: copy.deepcopy(brain) for aim in (*AIMS, "LM.whole")}
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    account = train(brain, descent, 1, WeightLedger(brain, WATCHED, descent))
    for aim, other in copies.items():
        for name in other.modulators:
            other.modulator(name).amount = 1.0  # type: ignore[attr-defined]
        inputs, reset = toy.stream(other, seed=0)
        losses = other.losses(other(inputs, reset)[0])
        area, _, objective = aim.partition(".")
        losses[area][objective].backward()
        for name, change in account.changes[aim].items():
            own = other.get_parameter(name)
            taught = f"areas.{area}" if scope is Global else name  # whose modulator multiplies it
            level = 0.25 if taught.startswith("areas.V1") else 1.0
            grad = torch.zeros_like(own) if own.grad is None else own.grad
            close(change, -0.05 * level * grad)
    assert account.levels == {"V1": [0.25]}
    for name in account.total:
        for component in (NO_OBJECTIVE, CLIPPING, MOMENTUM):
            close(account.changes[component][name], torch.zeros_like(account.total[name]))
    crosses = account.changes["LM.whole"]["areas.V1.synapses.recurrent.weight"].any()
    assert bool(crosses) == (scope is Global)


@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_a_brain_with_a_ledger_learns_to_the_bit_as_without(scope: Callable[[], Scope]) -> None:
    plain, watched = columns(scope()), columns(scope())
    descent = torch.optim.Adam(plain.parameters(), 0.01)
    train(plain, descent, 4)
    descent = torch.optim.Adam(watched.parameters(), 0.01)
    account = train(watched, descent, 4, WeightLedger(watched, WATCHED, descent), every=2)
    assert account.steps == 2
    after = weights(watched)
    assert all(torch.equal(w, after[name]) for name, w in weights(plain).items())


def test_under_adjacent_losses_of_earlier_windows_count_as_no_objective() -> None:
    brain = columns(Adjacent())
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    account = train(brain, descent, 2, WeightLedger(brain, WATCHED, descent))
    assert account.changes[NO_OBJECTIVE]["areas.V1.bias"].any()


def test_decay_scaling_and_projection_are_what_they_are_called() -> None:
    brain = columns()
    descent = torch.optim.AdamW(brain.parameters(), 0.2, weight_decay=0.3)
    ledger, before = WeightLedger(brain, ["V1.recurrent"], descent), weights(brain)
    met: list[Tensor] = []

    def scale() -> None:
        met.append(brain.area("V1").synapses["recurrent"].weight.detach().clone())
        scale_area(brain.area("V1"), torch.full((5,), 0.5).double(), 1.0, 0.1)

    account = train(brain, descent, 1, ledger, scale)
    (name,) = account.total
    sign = brain.area("V1").synapses["recurrent"].sign
    close(account.changes[DECAY][name], -0.2 * 0.3 * before[name])
    close(account.changes[SCALING][name], 0.05 * met[0])
    stepped = met[0] - account.changes[PROJECTION][name]  # before signs were kept
    assert sign is not None and (wrong := stepped * sign < 0).any()
    close(account.changes[PROJECTION][name], torch.where(wrong, -stepped, 0.0))


def test_what_decays_in_a_predictor_is_decay_and_what_a_rule_adds_has_no_objective() -> None:
    learnt = Predictor(feedback=LearntFeedback(decay=0.1))
    brain = toy.lone(Leaky(), rule=BPTT(), predictor=learnt)
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    before = weights(brain)
    account = train(brain, descent, 1, WeightLedger(brain, ["V1.predictor"], descent))
    key = "areas.V1.predictor.synapses.rate.weight"
    close(account.changes[DECAY][key], -0.05 * 0.1 * before[key])
    close(account.changes[CLIPPING][key], torch.zeros_like(before[key]))  # it is no loss's as well
    brain = toy.lone(toy.fit("stdp")(), rule=toy.RULES["stdp"]())
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    account = train(brain, descent, 2, WeightLedger(brain, ["V1.recurrent"], descent))
    (total,) = account.total.values()
    assert total.any()
    close(account.changes[NO_OBJECTIVE]["areas.V1.synapses.recurrent.weight"], total)


def test_what_is_frozen_has_an_account_of_nothing() -> None:
    brain = columns(plastic={"recurrent": False})
    descent = torch.optim.AdamW(brain.parameters(), 0.1, weight_decay=0.1)
    ledger = WeightLedger(brain, ["V1.recurrent", "down"], descent)
    with perturbed(brain, Plasticity("down")):
        account = train(brain, descent, 2, ledger)
    frozen = "areas.V1.synapses.recurrent.weight"
    for own in (account.total, *account.changes.values()):
        assert not own.get(frozen, torch.zeros(1)).any()
    assert frozen in account.total and frozen in account.changes["V1.next"]
    entries = account.entries(ledger.groups["down"])
    assert entries[-1].norm == 0 and entries[-1].along != entries[-1].along
    held = {entry.component: entry.norm for entry in entries}
    assert held[DECAY] == pytest.approx(held[PROJECTION]) and held[DECAY] > 0
    assert "total" in ledger_text(ledger_rows(brain, ledger.groups, account))


def test_an_account_is_saved_and_tells_of_the_synapses_that_are_meant(tmp_path: Path) -> None:
    brain = columns(modulator=Constant(0.5))
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    ledger = WeightLedger(brain, ["V1.E.recurrent"], descent)
    train(brain, descent, 2, ledger).save(tmp_path / "ledger.pt")
    account = Account.load(tmp_path / "ledger.pt")
    (name,) = account.total
    assert {*AIMS} < {*account.changes} and "LM.whole" not in account.changes, "it cannot reach V1"
    assert float(account.changes[CLIPPING][name].norm()) < 1e-12
    (mask,) = ledger.groups["V1.E.recurrent"].values()
    assert 0 < mask.sum() < mask.numel()
    expected = (account.total[name] * mask).norm()
    assert account.entries({name: mask.bool()})[-1].norm == pytest.approx(float(expected))
    row = ledger_rows(brain, ledger.groups, account)[0]
    assert (row.component, row.by, row.level) == ("V1.next", "EProp x Constant", 0.5)
    with pytest.raises(ValueError, match="no account of 'areas.LM.bias'; there are areas.V1.syn"):
        account.entries({"areas.LM.bias": torch.ones(3)})
    with pytest.raises(ValueError, match=r"recurrent.weight: need a mask of .* \(5, 5\), got \(5,"):
        account.entries({name: torch.ones(5)})


def test_what_cannot_be_accounted_for_is_refused() -> None:
    low = {"recurrent": Projection(made=LowRank(1))}
    brain = toy.lone(Leaky(), rule=BPTT(), projections=low)
    descent = torch.optim.SGD(brain.parameters(), 0.05)
    ledger = WeightLedger(brain, ["V1.recurrent"], descent)
    assert all("making" in name for name in ledger.groups["V1.recurrent"])
    for what, message in (
        (["V1.sideways"], "what: V1.sideways: there are no synapses 'sideways'"),
        (["V1.read_out"], "what: V1.read_out: has no weights; name an area"),
        ([], "what: is empty; name an area, synapses or a pathway"),
    ):
        with pytest.raises(ValueError, match=message):
            WeightLedger(brain, what, descent)
    inputs, reset = toy.stream(brain)
    losses = brain.losses(brain(inputs, reset)[0])
    ledger.split(losses)
    losses["V1"]["whole"].backward()
    descent.step()
    brain.after_step()
    brain.get_parameter("areas.V1.synapses.recurrent.making.left").data += 1
    with pytest.raises(RuntimeError, match="changed and nobody noted it; call note after"):
        ledger.close()
    ledger.note(SCALING)
    ledger.split(brain.losses(brain(inputs, reset)[0]))
    with pytest.raises(RuntimeError, match="a step is still open: call close after each"):
        descent.step()
