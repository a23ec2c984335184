"""Traces are kept of the currents that a state field remembers, and of no others."""

import pytest
import torch

from areas import GRU, LSTM, Cell, Leaky, SubLSTM
from brainmodel.learning import EPropLiteral
from brainmodel.learning.credit.remembered_currents import remembered
from brainmodel.roll_out.sweep import Sweep
from tests import toy


@pytest.mark.parametrize("cell", [GRU, LSTM, Leaky, SubLSTM])
def test_of_traces_moved_on_literally_those_not_kept_are_zero_for_ever(cell: type[Cell]) -> None:
    brain = toy.lone(cell(), rule=EPropLiteral(), afferents=["drive"])
    inputs, reset = toy.stream(brain, steps=5)
    area = brain.area("V1")
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(reset.shape[1]))
        sweep.run()
        traces = EPropLiteral().remember(area, sweep.records()["V1"], None)
    for field in area.cell.carried:
        for source in (*area.synapses, "bias"):
            first = 0 if source == "bias" else area.reached(source).start
            kept = remembered(area, area.cell.carried)[source]
            rows = traces[field][source].abs().sum((0, 2))
            places = torch.arange(first, first + len(rows))
            inside = (places >= kept.start) & (places < kept.stop)
            assert not rows[~inside].any()
            assert rows[inside].all()


def test_the_output_gate_leaves_a_trace_in_the_rate_and_none_in_the_memory() -> None:
    area = toy.lone(LSTM()).area("V1")
    units = area.units[0]
    assert remembered(area, ("memory",))["bias"] == slice(0, 3 * units)
    assert remembered(area, ("memory", "rate"))["bias"] == slice(0, 4 * units)


def test_sources_keep_what_they_reach() -> None:
    area = toy.lone(GRU()).area("V1")
    units = area.units[0]
    assert remembered(area, ("rate",))["bias"] == slice(0, 4 * units)
    assert remembered(area, ("rate",))["recurrent"] == area.reached("recurrent")
