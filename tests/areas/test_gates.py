"""Gates that are recorded, and gates that are cells: the subLSTM from its parts."""

from typing import Any

import pytest
import torch
from torch import Tensor

from areas import (
    GRU,
    LSTM,
    Block,
    FixSubLSTM,
    GatedCell,
    GatedPyramidal,
    HardLSTM,
    LayerNormSubLSTM,
    Leaky,
    OneToOne,
    Population,
    Populations,
    Projection,
    SubLSTM,
)
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global
from tests import lessons, toy

CELLS = [GRU, LSTM, HardLSTM, SubLSTM, FixSubLSTM, LayerNormSubLSTM]


@pytest.mark.parametrize("kind", CELLS)
def test_recorded_gates_are_functions_of_their_currents_and_change_nothing(
    kind: type[GatedCell],
) -> None:
    """Of the currents that the window's record has, step by step."""
    plain, told = (toy.lone(cell, rule=EProp()) for cell in (kind(), kind(recorded=True)))
    record, with_gates = lessons.recorded(plain), lessons.recorded(told)
    names = plain.area("V1").cell.currents
    currents = dict(zip(names, record.currents.chunk(len(names), dim=2), strict=True))
    torch.testing.assert_close(record.fields["rate"], with_gates.fields["rate"], rtol=0, atol=0)
    expected: dict[str, Tensor] = {}
    for name in kind.gates:
        x = currents[name]
        if kind is LayerNormSubLSTM:
            x = (x - currents["mean"]) * currents["scale"]
            x = currents[f"{name}_gain"] * x + currents[f"{name}_shift"]
        expected[name] = (x / 5 + 0.5).clamp(0, 1) if kind is HardLSTM else 1 / (1 + torch.exp(-x))
    assert expected and set(with_gates.fields) == set(record.fields) | set(expected)
    for name, gate in expected.items():
        torch.testing.assert_close(with_gates.fields[name][1:], gate, rtol=1e-12, atol=1e-12)
    inputs, reset = toy.stream(plain)
    found, same = (lessons.learn(brain, inputs, reset, [2, 3]) for brain in (told, plain))
    lessons.assert_same(found, same, atol=0.0)


def test_a_recorded_gate_may_be_sent() -> None:
    plans = {"V1": toy.plan(SubLSTM(recorded=True)), "LM": toy.plan()}
    ways = {"up": Pathway("eye", "V1"), "V1_LM": Pathway("V1", "LM", signal="forget")}
    brain = toy.brain(plans, ways, {"eye": [3]})
    inputs, reset = toy.stream(brain)
    activities, state = brain(inputs, reset)
    sent = activities["LM"].drive[-1]
    torch.testing.assert_close(sent, state.areas["V1"].forget, rtol=0, atol=0)
    assert ((sent > 0) & (sent < 1)).all()


def from_parts() -> Brain:
    """Pyramidal cells, and the interneurons that gate them in an area of their own, whose pathways
    have no delay."""
    gates = Populations({n: Population(Leaky(1.0, torch.sigmoid), 0.5) for n in ("i", "o")})
    plans = {
        "G": toy.plan(gates, [6], objectives={}, predictor=None, afferents=["drive"]),
        "V1": toy.plan(
            GatedPyramidal(activation=None),
            projections={
                "drive": Projection([Block(target=n) for n in ("candidate", "forget")]),
                "recurrent": Projection([Block(target=n) for n in ("candidate", "forget")]),
            }
            | {
                f"G_{gate}": Projection([Block(target=name, connectivity=OneToOne())])
                for gate, name in (("i", "input"), ("o", "output"))
            },
            predictor=None,
            afferents=["drive"],
        ),
    }
    pathways = {
        "up": Pathway("eye", "V1", signal="rate"),
        "up_G": Pathway("eye", "G", signal="rate"),
        "V1_G": Pathway("V1", "G", "feedback", "rate"),
    } | {
        f"G_{gate}": Pathway("G", "V1", "lateral", "rate", 0, population=gate)
        for gate in ("i", "o")
    }
    return toy.brain(plans, pathways, {"eye": [4]}, Global())


def copied(parts: Brain, whole: Brain) -> dict[str, tuple[str, slice, slice]]:
    """Give the parts the weights of the whole; where each part's are: in the whole, and at home."""
    found: dict[str, tuple[str, slice, slice]] = {}
    places = {"input": 0, "forget": 3, "candidate": 6, "output": 9}
    own = whole.get_parameter
    for key in ("synapses.drive.weight", "synapses.recurrent.weight", "bias"):
        at_gates = key.replace("recurrent", "V1_G")
        weight = own(f"areas.V1.{key}")
        for area, name, target, first in (
            ("G", "input", at_gates, 0),
            ("G", "output", at_gates, 3),
            ("V1", "candidate", key, 0),
            ("V1", "forget", key, 3),
        ):
            there = slice(places[name], places[name] + 3)
            parts.get_parameter(f"areas.{area}.{target}").data[first : first + 3] = weight[there]
            found[f"{area}.{name}.{key}"] = (
                f"areas.{area}.{target}",
                slice(first, first + 3),
                there,
            )
    parts.get_parameter("areas.G.synapses.recurrent.weight").data.zero_()
    parts.get_parameter("areas.V1.bias").data[6:] = 0
    for gate in ("i", "o"):
        parts.get_parameter(f"areas.V1.synapses.G_{gate}.weight").data.copy_(-torch.eye(3))
    return found


def test_with_gates_for_cells_it_is_the_sublstm_in_what_it_does_and_learns() -> None:
    whole = toy.lone(SubLSTM(), rule=BPTT(), predictor=None, afferents=["drive"])
    parts = from_parts()
    places = copied(parts, whole)
    inputs, reset = toy.stream(whole)
    rates = [brain(inputs, reset)[0]["V1"].rate for brain in (parts, whole)]
    torch.testing.assert_close(*rates, rtol=1e-12, atol=1e-12)
    found, expected = (lessons.learn(brain, inputs, reset) for brain in (parts, whole))
    for key, (name, here, there) in places.items():
        whole_key = "areas.V1." + key.partition(".")[2].partition(".")[2]
        torch.testing.assert_close(
            found[name][here], expected[whole_key][there], rtol=1e-9, atol=1e-11, msg=key
        )
        assert found[name][here].any()


def test_gates_of_the_same_area_act_one_step_later() -> None:
    """Under Dale's law: c_t = f c_{t-1} + z - W i_{t-1}, h_t = [ sigma(c_t) - W o_{t-1} ]_+."""
    gate: dict[str, Any] = {"cell": Leaky(1.0, torch.sigmoid), "sign": "inhibitory"}
    cell = Populations(
        {
            "P": Population(GatedPyramidal(), 1 / 3, "excitatory"),
            "I": Population(share=1 / 3, **gate),
            "O": Population(share=1 / 3, **gate),
        }
    )
    recurrent = Projection(
        [
            Block("P", "P.candidate"),
            Block("P", "I"),
            Block("P", "O"),
            Block("I", "P.input", connectivity=OneToOne()),
            Block("O", "P.output", connectivity=OneToOne()),
        ]
    )
    drive = Projection([Block(target=t, sign="excitatory") for t in ("P.candidate", "I", "O")])
    brain = toy.lone(
        cell,
        units=[6],
        rule=EProp(),
        predictor=None,
        afferents=["drive"],
        projections={"recurrent": recurrent, "drive": drive},
    )
    for synapses in brain.area("V1").synapses.values():
        assert synapses.sign is not None
        synapses.weight.data = synapses.weight.data.abs() * synapses.sign
    inputs, reset = toy.stream(brain, resets=False)
    rates = brain(inputs, reset)[0]["V1"].rate
    area = brain.area("V1")
    w, v = (area.synapses[n].weight.detach() for n in ("recurrent", "drive"))
    bias = area.bias.detach()
    memory, before = torch.zeros(2, 2).double(), torch.zeros(2, 6).double()
    for t, now in enumerate(rates):
        total = before @ w.t()
        total[:, : len(v)] += inputs["eye"][t] @ v.t()
        total = (total + bias[: total.shape[1]]).view(2, -1, 6)
        forget = torch.sigmoid(bias[6:8])
        memory = forget * memory + torch.sigmoid(total[:, 0, :2]) + total[:, 2, :2]
        pyramidal = (torch.sigmoid(memory) + total[:, 3, :2]).clamp(min=0)
        expected = torch.cat([pyramidal, torch.sigmoid(total[:, 0, 2:])], 1)
        torch.testing.assert_close(now, expected, rtol=1e-10, atol=1e-12)
        before = expected
    assert rates[:, :, :2].any() and (before >= 0).all()


def test_dales_law_holds_while_it_learns() -> None:
    brain = toy.lone(
        Populations(
            {
                "P": Population(GatedPyramidal(), 0.5, "excitatory"),
                "I": Population(Leaky(1.0, torch.sigmoid), 0.5, "inhibitory"),
            }
        ),
        units=[6],
        rule=EProp(),
    )
    inputs, reset = toy.stream(brain)
    optimizer = torch.optim.Adam(brain.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        lessons.total(brain, brain(inputs, reset)[0]).backward()
        optimizer.step()
        brain.after_step()
    weight = brain.area("V1").synapses["recurrent"].weight
    assert (weight[:, :3] >= 0).all() and (weight[:, 3:] <= 0).all()
    assert (weight == 0).float().mean() > 0.2
