"""Layer-normalised subLSTM: torch's layer normalisation, exact by BPTT, given for local rules."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from areas import LayerNormSubLSTM, Population, SubLSTM
from areas.gates.layer_norm_sublstm import EPSILON, GATES
from areas.loops.gain import gain_of_current, gained
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, DNI, RTRL, UORO, EProp, KeRNL, Rule, SnAp
from brainmodel.scopes import Global
from tests import lessons, toy


def by_torch(brain: Brain, inputs: Tensor) -> Tensor:
    """Rates [time, batch, *units] of one area without predictor, by torch's layer normalisation."""
    area, units = brain.area("V1"), brain.area("V1").units
    parts = dict(zip(area.cell.currents, area.bias.split(units[0]), strict=False))
    wide = {n: p.view(-1, *[1] * (len(units) - 1)) for n, p in parts.items()}
    raw = torch.cat([wide[n].expand(units) for n in GATES])
    memory = rate = inputs.new_zeros(inputs.shape[1], *units)
    rates = []
    for now in inputs:
        felt = raw + area.synapses["drive"](now) + area.synapses["recurrent"](rate)
        normal = layer_norm(felt, felt.shape[1:], eps=EPSILON)
        each = zip(GATES, normal.split(units[0], dim=1), strict=True)
        gate = {n: torch.sigmoid(wide[f"{n}_gain"] * x + wide[f"{n}_shift"]) for n, x in each}
        memory = gate["forget"] * memory + gate["candidate"] - gate["input"]
        rate = torch.sigmoid(memory) - gate["output"]
        rates.append(rate)
    return torch.stack(rates)


def one(rule: Rule, maps: bool = False, **others) -> Brain:
    others = {"afferents": ["drive"], "predictor": None} | others
    return toy.lone(LayerNormSubLSTM(), maps, rule=rule, **others)


@pytest.mark.parametrize("maps", [False, True])
def test_it_is_torchs_layer_normalisation_and_bptt_is_its_gradient(maps: bool) -> None:
    brain = one(BPTT(), maps)
    inputs, reset = toy.stream(brain, steps=5)
    reset[:] = False
    expected = by_torch(brain, inputs["eye"])
    activities, _ = brain(inputs, reset)
    torch.testing.assert_close(activities["V1"].rate, expected, atol=1e-12, rtol=1e-10)
    weights = torch.randn_like(expected)
    named = dict(brain.area("V1").named_parameters())
    by_autograd = torch.autograd.grad((weights * expected).sum(), list(named.values()))
    (weights * activities["V1"].rate).sum().backward()
    for (name, parameter), gradient in zip(named.items(), by_autograd, strict=True):
        assert parameter.grad is not None, name
        torch.testing.assert_close(parameter.grad, gradient, atol=1e-11, rtol=1e-9, msg=name)


def test_a_shift_of_all_currents_or_their_scale_changes_nothing() -> None:
    cell = LayerNormSubLSTM()
    currents = torch.randn(3, len(cell.currents) * 4, dtype=torch.float64)
    other = currents.clone()
    other[:, :16] = 100.0 * currents[:, :16] + 7.0
    state = cell.initial_state(currents[:, :4])
    steps = [cell.step(cell.normalise(c).chunk(14, dim=1), state) for c in (currents, other)]
    torch.testing.assert_close(*[s.rate for s in steps], atol=1e-4, rtol=1e-4)  # but for EPSILON


def test_local_rules_take_statistics_as_given_and_bptt_does_not() -> None:
    """Of two steps whose recurrent synapses carry nothing: then nothing else is left out."""
    found = {}
    for rule in (BPTT(), EProp()):
        brain = one(rule)
        brain.area("V1").synapses["recurrent"].weight.data.zero_()
        inputs, reset = toy.stream(brain, steps=3)
        found[type(rule)] = lessons.learn(brain, inputs, reset)
        expected = lessons.learn_literally(brain, inputs, reset, cut=lambda _, r=rule: r.cuts)
        lessons.assert_same(found[type(rule)], expected)
    key = "areas.V1.synapses.drive.weight"
    assert (found[BPTT][key] - found[EProp][key]).abs().max() > 1e-3


def test_under_scope_global_it_is_exact_with_bptt() -> None:
    brain = toy.ladder(lambda _: BPTT(), Global(), cells=[LayerNormSubLSTM] * 3)
    inputs, reset = toy.stream(brain, steps=4)
    lessons.assert_same(
        lessons.learn(brain, inputs, reset), lessons.learn_literally(brain, inputs, reset)
    )


def test_statistics_are_of_currents_with_their_gains() -> None:
    plain = LayerNormSubLSTM()
    cell = gained(plain, [gain_of_current(1)])
    values = torch.randn(2, 14 * 3, dtype=torch.float64)
    half, one_of_all = torch.full((2, 3), 0.5).double(), torch.ones(2, 3).double()
    made = cell.normalise(torch.cat([values, half, one_of_all], dim=1))
    scaled = values.clone()
    scaled[:, 3:6] *= 0.5
    assert torch.equal(made[:, :36], values[:, :36])
    torch.testing.assert_close(made[:, 36:42], plain.normalise(scaled)[:, 36:42])
    state = plain.initial_state(values[:, :3])
    steps = (
        cell.step(made.chunk(16, 1), state),
        plain.step(plain.normalise(scaled).chunk(14, 1), state),
    )
    torch.testing.assert_close(*[s.rate for s in steps])


@pytest.mark.parametrize("rule", [RTRL, SnAp, UORO, KeRNL, DNI])
def test_rules_that_follow_synapses_alone_refuse_it(rule: type[Rule]) -> None:
    with pytest.raises(ValueError, match="LayerNormSubLSTM normalises over all units; use .*EProp"):
        one(rule())


def test_it_is_no_population() -> None:
    Population(SubLSTM(), 0.5)
    with pytest.raises(ValueError, match="give it an area of its own"):
        Population(LayerNormSubLSTM(), 0.5)
