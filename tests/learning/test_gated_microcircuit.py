"""The gated microcircuit rule: e-prop through the forget gate, and errors of higher areas."""

import pytest
import torch
from torch import Tensor

from areas import GRU, LSTM, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, GatedMicrocircuit, Gates, Rule
from brainmodel.learning.modulation import Constant
from brainmodel.scopes import Global
from tests import lessons, toy
from tests.literal import Literal, Values
from tests.literal_cells import sigma

ERRORS = ("down_LM",)  # PM's error, as it arrives in LM


def circuit(rule: Rule, maps: bool = False) -> Brain:
    """A ladder of subLSTM areas in which LM learns by `rule`."""
    return toy.ladder(
        lambda name: rule if name == "LM" else EProp(), cells=[SubLSTM] * 3, maps=maps
    )


def of_lm(gradients: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n: g for n, g in gradients.items() if n.startswith("areas.LM.")}


def gates(brain: Brain, inputs: dict[str, Tensor], reset: Tensor) -> list[tuple[Values, Values]]:
    """At each step LM's currents, by a loop of their own, and the sources they came from."""
    course, area, found = Literal(brain, inputs, reset), brain.area("LM"), []
    for t in range(len(reset)):
        did, rate = course.at("LM", t), course.state("LM", t)["rate"]
        sources = {"error": did["error"], "recurrent": rate}
        sources |= {name: course.message(name, t) for name in area.messages}
        total = area.bias
        for name, source in sources.items():
            total = total + source @ area.synapses[name].weight.T
        currents = dict(zip(("i", "f", "z", "o"), total.chunk(4, dim=1), strict=True))
        found.append((currents, sources))
    return found


def slope(x: Tensor) -> Tensor:
    return sigma(x) * (1 - sigma(x))


@torch.no_grad()
def literally(
    brain: Brain,
    inputs: dict[str, Tensor],
    reset: Tensor,
    signal: Tensor,
    how: Gates = Gates(),  # noqa: B008
):
    """sum_t L(t) e(t) with the traces of the docstring, gate by gate, synapse by synapse."""
    steps = gates(brain, inputs, reset)
    units, batch = brain.area("LM").units[0], reset.shape[1]
    memory = torch.zeros(batch, units, dtype=torch.float64)
    traces: dict[tuple[str, str], Tensor] = {}
    found: dict[str, Tensor] = {}
    for t, (current, sources) in enumerate(steps):
        keep = (~reset[t]).double()[:, None]
        before, f = memory * keep, sigma(current["f"])
        memory = f * before + sigma(current["z"]) - sigma(current["i"])
        writes = {
            "i": -slope(current["i"]),
            "f": slope(current["f"]) * before,
            "z": slope(current["z"]),
            "o": torch.zeros_like(memory),
        }
        for source, value in sources.items():
            rows = []
            for gate, write in writes.items():
                trace = traces.get((gate, source), torch.zeros(batch, units, value.shape[1]))
                let = 1 - how.write * sigma(current["i"])
                trace = (how.hold * f * keep)[:, :, None] * trace
                trace = trace + (let * write)[:, :, None] * value[:, None]
                traces[gate, source] = trace
                shown = slope(memory)[:, :, None] * trace
                if gate == "o":
                    shown = -slope(current["o"])[:, :, None] * value[:, None]
                shown = (1 - how.read * sigma(current["o"]))[:, :, None] * shown
                rows.append((signal[t][:, :, None] * shown).sum(0))
            name = f"areas.LM.synapses.{source}.weight"
            found[name] = found.get(name, torch.zeros(())) + torch.cat(rows)
    return found


def heard(brain: Brain, inputs: dict[str, Tensor], reset: Tensor, own: bool = True) -> Tensor:
    """The loss by LM's rate, directly and, if `own`, by its next prediction."""
    course = Literal(brain, inputs, reset, local=True, cut=lambda name: True)
    activities = {name: course.activity(name) for name in brain.areas}
    rates = [course.at("LM", t)["rate"] for t in range(len(reset))]
    (objective,) = brain.objectives["LM"].values()  # type: ignore[operator]
    did = activities["LM"]
    if not own:
        did = did._replace(prediction=did.prediction.detach(), error=did.error.detach())
    loss = objective(did)
    return torch.stack(torch.autograd.grad(loss.sum(), rates))


def test_its_equation_is_the_one_it_states() -> None:
    brain = circuit(GatedMicrocircuit(ERRORS, gain=0.7))
    inputs, reset = toy.stream(brain, steps=5)
    rule, course = brain.rule("LM"), Literal(brain, inputs, reset)
    assert isinstance(rule, GatedMicrocircuit)
    messages = torch.stack([course.message("down_LM", t) for t in range(5)])
    weights = rule.apical["down_LM"].weight
    assert isinstance(weights, Tensor)
    apical = 0.7 / messages.numel() * torch.einsum("om,tbm->tbo", weights, messages)
    found = of_lm(lessons.learn(brain, inputs, reset))
    expected = literally(brain, inputs, reset, heard(brain, inputs, reset) + apical)
    synapses = {n: g for n, g in found.items() if "LM.synapses" in n}
    lessons.assert_same(synapses, expected)
    deaf = literally(brain, inputs, reset, heard(brain, inputs, reset))
    assert lessons.distance(synapses, deaf) > 1e-5


FULL = Gates(hold=0.9, write=0.8, read=0.7, dendrite=0.6)


@torch.no_grad()
def openness(brain: Brain, inputs: dict[str, Tensor], reset: Tensor, dendrite: float) -> Tensor:
    """D(t), [time, batch, 1], from the currents of LM's output gates."""
    o = torch.stack([sigma(current["o"]) for current, _ in gates(brain, inputs, reset)])
    return 1 - dendrite * o.mean(2, keepdim=True)


@pytest.mark.parametrize("lengths", [[5], [1], [2, 3]], ids=str)
def test_all_its_gates_act_as_it_states(lengths: list[int]) -> None:
    brain = circuit(GatedMicrocircuit(own=0.5, gates=FULL))
    inputs, reset = toy.stream(brain, steps=5)
    directly = heard(brain, inputs, reset, own=False)
    apical = heard(brain, inputs, reset) - directly
    signal = directly + openness(brain, inputs, reset, FULL.dendrite) * 0.5 * apical
    expected = literally(brain, inputs, reset, signal, FULL)
    found = of_lm(lessons.learn(brain, inputs, reset, lengths))
    lessons.assert_same({n: g for n, g in found.items() if "LM.synapses" in n}, expected)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("lengths", [[6], [1]], ids=str)
@pytest.mark.parametrize("gate", ["hold", "write", "read", "dendrite"])
@pytest.mark.parametrize("maps", [False, True])
def test_each_gate_matters(gate: str, maps: bool, lengths: list[int]) -> None:
    if maps and gate == "hold" and lengths == [1]:
        return  # no trace outlives a window of one step on maps, but for the step itself
    inputs, reset = toy.stream(circuit(EProp(), maps), resets=False)
    usual = getattr(Gates(), gate)
    found = [
        lessons.learn(
            circuit(GatedMicrocircuit(gates=Gates(**{gate: value})), maps), inputs, reset, lengths
        )
        for value in (usual, 1 - usual, abs(usual - 0.3))
    ]
    for k, other in ((0, 1), (0, 2), (1, 2)):
        assert lessons.distance(of_lm(found[k]), of_lm(found[other])) > 1e-5


def test_forgetting_at_once_is_credit_for_the_present_step() -> None:
    inputs, reset = toy.stream(circuit(EProp()), resets=False)
    brain = circuit(GatedMicrocircuit(gates=Gates(hold=0.0)))
    found = [lessons.learn(brain, inputs, reset, lengths) for lengths in ([6], [1], [2])]
    lessons.assert_same(found[0], found[1])
    lessons.assert_same(found[0], found[2])
    signal = heard(brain, inputs, reset)
    expected = literally(brain, inputs, reset, signal, Gates(hold=0.0))
    lm = {n: g for n, g in of_lm(found[0]).items() if "LM.synapses" in n}
    lessons.assert_same(lm, expected)


@pytest.mark.parametrize("gate", ["hold", "write", "read", "dendrite"])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_gates_out_of_range_are_refused(gate: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"rule\.gates\.{gate}: need 0 to 1, got {value}"):
        Gates(**{gate: value})


@pytest.mark.parametrize("maps", [False, True])
def test_without_apical_errors_it_is_e_prop(maps: bool) -> None:
    inputs, reset = toy.stream(circuit(EProp(), maps))
    found = [
        lessons.learn(circuit(rule, maps), inputs, reset, [2, 3])
        for rule in (EProp(), GatedMicrocircuit(), GatedMicrocircuit(ERRORS, gain=0.0))
    ]
    for gradients in found[1:]:
        lessons.assert_same(gradients, found[0], atol=1e-14)


@pytest.mark.parametrize("maps", [False, True])
def test_apical_errors_change_what_their_area_learns_and_nothing_else(maps: bool) -> None:
    inputs, reset = toy.stream(circuit(EProp(), maps))
    with_errors, without = (
        lessons.learn(circuit(GatedMicrocircuit(ERRORS, gain=gain), maps), inputs, reset)
        for gain in (1.0, 0.0)
    )
    changed = {
        n for n, g in without.items() if lessons.distance({n: with_errors[n]}, {n: g}) > 1e-9
    }
    assert changed == {n for n in of_lm(without) if "predictor" not in n}


def test_apical_errors_are_credited_in_windows_of_any_length() -> None:
    """Scaled as the mean over a window, weighted by its length, they sum up to the same."""
    brain = circuit(GatedMicrocircuit(ERRORS, gain=1.0))
    inputs, reset = toy.stream(brain, steps=6)
    deaf = circuit(GatedMicrocircuit(ERRORS, gain=0.0))
    parts = []
    for lengths in ([6], [3], [2]):
        told, untold = (lessons.learn(b, inputs, reset, lengths) for b in (brain, deaf))
        parts.append({n: (told[n] - untold[n]) * lengths[0] for n in told})
    lessons.assert_same(parts[1], parts[0])
    lessons.assert_same(parts[2], parts[0])
    assert lessons.distance(parts[0], {n: torch.zeros_like(g) for n, g in parts[0].items()}) > 1e-4


def test_a_modulator_multiplies_what_apical_dendrites_hear_too() -> None:
    brain = circuit(GatedMicrocircuit(ERRORS, gain=2.0))
    inputs, reset = toy.stream(brain)
    once = of_lm(lessons.learn(brain, inputs, reset))
    brain.modulators["LM"] = Constant(0.5)
    halved = of_lm(lessons.learn(brain, inputs, reset))
    lessons.assert_same(halved, {name: 0.5 * gradient for name, gradient in once.items()})


def test_apical_weights_stay_as_they_are_and_are_saved() -> None:
    brain = circuit(GatedMicrocircuit(ERRORS))
    name = "rules.LM.apical.down_LM.weight"
    assert name in brain.state_dict()
    assert not dict(brain.named_parameters())[name].requires_grad


def test_under_scope_global_areas_without_apical_pathways_learn_as_by_e_prop() -> None:
    inputs, reset = toy.stream(circuit(EProp()))
    found = []
    for rule in (EProp(), GatedMicrocircuit()):
        brain = circuit(rule)
        brain.scope = Global()
        found.append(lessons.learn(brain, inputs, reset, [2, 3]))
    lessons.assert_same(found[0], found[1])


@pytest.mark.parametrize("cell", [LSTM, GRU])
def test_other_cells_are_refused(cell) -> None:
    with pytest.raises(
        ValueError, match=rf"areas\.V1: .*needs the cell SubLSTM, got {cell.__name__}"
    ):
        toy.lone(cell(), rule=GatedMicrocircuit())


def test_unknown_pathways_are_refused() -> None:
    with pytest.raises(ValueError, match=r"areas\.LM: rule\.apical: .*'down_V1'.*down_LM"):
        circuit(GatedMicrocircuit(["down_V1"]))
    with pytest.raises(ValueError, match=r"'up'.*there are none"):
        toy.lone(rule=GatedMicrocircuit(["up"]))


@pytest.mark.parametrize("name", ["gain", "own"])
def test_negative_weights_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"rule\.{name}: need 0 or more, got -1"):
        GatedMicrocircuit(**{name: -1.0})  # type: ignore[arg-type]


def test_backpropagation_is_another_rule() -> None:
    inputs, reset = toy.stream(circuit(EProp()))
    found = [lessons.learn(circuit(rule), inputs, reset) for rule in (BPTT(), GatedMicrocircuit())]
    assert lessons.distance(*map(of_lm, found)) > 1e-3
