"""Burst-dependent plasticity: its published definition, sum by sum, and what it does."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import Pyramidal
from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.learning import BurstDependent, EProp
from brainmodel.learning.burst_dependent import surprise
from brainmodel.pathways.pathway import Pathway
from tests import lessons, toy
from tests.lessons import given, recorded

UNITS = 3


def told(rule: BurstDependent | None = None, cell: Pyramidal | None = None) -> Brain:
    """An area that sees an input, predicts it and receives a message."""
    plans = {"V1": toy.plan(cell or Pyramidal(), [UNITS], rule or BurstDependent())}
    plans["V1"].afferents = ["drive", "error"]
    pathways = {"up": Pathway("eye", "V1"), "down": Pathway("mind", "V1", "feedback", "rate")}
    return toy.brain(plans, pathways, {"eye": [4], "mind": [2]})


def change(cell: Pyramidal, record: Record, source: str, rates: tuple[float, float]) -> Tensor:
    """Eq. 1 over eta, a sum over all past steps at each step; events are read from the soma."""
    steps, streams = record.prediction.shape[:2]
    trace, average = (exp(-1 / tau) for tau in rates)
    keep = torch.ones(steps, streams) if record.keep is None else record.keep
    events = cell.activation(record.fields["somatic"])
    signal = events[:-1] * keep[:, :, None] if source == "recurrent" else record.sources[source]
    total = torch.zeros(UNITS, signal.shape[2], dtype=torch.float64)
    for b in range(streams):
        begun = 0
        for t in range(steps):
            begun = t if keep[t, b] == 0 else begun
            past = range(begun, t + 1)
            for i in range(UNITS):
                e = {s: events[s + 1, b, i] for s in past}
                p = {s: record.fields["plateau"][s + 1, b, i] for s in past}
                often = sum(average ** (t - s) * e[s] for s in past)
                bursting = sum(average ** (t - s) * e[s] * p[s] for s in past)
                surplus = e[t] * p[t] - bursting / often * e[t]
                for j in range(signal.shape[2]):
                    x = sum(trace ** (t - s) * signal[s, b, j] for s in past)
                    total[i, j] += surplus * x
    return total


@pytest.mark.parametrize("plateau", [0.0, 2.0])
def test_it_is_its_published_definition_synapse_by_synapse(plateau: float) -> None:
    cell = Pyramidal(tau_plateau=plateau)
    brain = told(BurstDependent(tau_trace=1.7, tau_average=4.0), cell)
    record = recorded(brain, steps=7)
    assert record.keep is not None and not record.keep[1:].all() and record.keep[1:].any()
    found = given(brain, record)
    for source in ("drive", "error", "recurrent"):
        expected = change(cell, record, source, (1.7, 4.0)) / -record.prediction[..., 0].numel()
        weight = found[f"synapses.{source}.weight"]
        torch.testing.assert_close(weight, expected, rtol=1e-12, atol=1e-14)
        assert expected.abs().max() > 1e-4
    assert "synapses.down.weight" not in found
    assert found["bias"][:UNITS].all() and not found["bias"][UNITS:].any()


def test_synapses_onto_the_apical_dendrite_stay_as_they_are() -> None:
    resting = {n for n, p in told().named_parameters() if not p.requires_grad}
    assert resting == {"areas.V1.synapses.down.weight"}
    swapped = {n for n, p in told(None, Pyramidal(apical=["error"])).named_parameters()}
    learnt = {
        n for n, p in told(None, Pyramidal(apical=["error"])).named_parameters() if p.requires_grad
    }
    assert swapped - learnt == {"areas.V1.synapses.error.weight"}


def test_windows_of_any_length_give_the_same_sum() -> None:
    """Each window's gradient is a mean over its steps."""
    brain = told(BurstDependent(tau_trace=2.0))
    inputs, reset = toy.stream(brain, steps=6)
    basal = [n for n in lessons.learn(brain, inputs, reset) if "predictor" not in n]
    whole = lessons.learn(brain, inputs, reset)
    for length in (1, 2, 3):
        parts = lessons.learn(brain, inputs, reset, [length])
        found = {n: parts[n] * length for n in basal}
        lessons.assert_same(found, {n: whole[n] * 6 for n in basal})


def test_where_every_event_is_as_often_a_burst_as_usual_nothing_changes() -> None:
    events = torch.rand(20, 3, dtype=torch.float64)
    usual = torch.rand(20, 3, dtype=torch.float64) + 0.1
    assert surprise(events, 0.3 * events, usual, 0.3 * usual).abs().max() < 1e-16
    assert (surprise(events, 0.4 * events, usual, 0.3 * usual) > 0).all()
    none = torch.zeros(1, 3, dtype=torch.float64)
    assert not surprise(none, none, none, none).any()


def test_more_bursts_than_usual_fade_with_the_time_constant_of_the_average() -> None:
    """By hand: one event a step, a burst with p0 until time 0 and p1 from then on."""
    brain = told(BurstDependent(tau_average=5.0), Pyramidal(tau_plateau=0.0, apical=["down"]))
    record = recorded(brain, steps=400)._replace(keep=None)
    plateau = torch.tensor([0.2] * 391 + [0.6] * 10, dtype=torch.float64)
    wide = plateau[:, None, None].expand_as(record.fields["rate"]).contiguous()
    record.fields["plateau"], record.fields["rate"] = wide, 1.0 + 2.0 * wide
    for t in (390, 392, 399):
        level = torch.zeros(400, 2, dtype=torch.float64)
        level[t] = 400.0
        expected = -0.4 * exp(-(t - 389) / 5)
        torch.testing.assert_close(
            given(brain, record, level=level)["bias"][:UNITS],
            torch.full((UNITS,), expected, dtype=torch.float64),
            rtol=1e-9,
            atol=0,
        )


def test_a_message_teaches_units_what_to_respond_to() -> None:
    """One of two inputs comes with apical input: the unit comes to tell them apart."""
    brain = toy.brain(
        {"V1": toy.plan(Pyramidal(), [1], BurstDependent(), predictor=None, afferents=["drive"])},
        {"up": Pathway("eye", "V1"), "down": Pathway("mind", "V1", "feedback", "rate", delay=0)},
        {"eye": [2], "mind": [1]},
    )
    area = brain.area("V1")
    for name in ("drive", "recurrent"):
        area.synapses[name].weight.data.zero_()
    area.synapses["down"].weight.data.fill_(4.0)
    eye = torch.eye(2, dtype=torch.float64).repeat_interleave(4, 0).repeat(5, 1)[:, None]
    inputs, reset = {"eye": eye, "mind": eye[:, :, :1]}, torch.zeros(40, 1, dtype=torch.bool)
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=5.0)
    state = None
    for _ in range(20):
        activities, state = brain(inputs, reset, state)
        optimizer.zero_grad()
        lessons.total(brain, activities).backward()
        optimizer.step()
    with_message, without = area.synapses["drive"].weight[0].tolist()
    assert with_message > 0.5 and without < -0.5


@pytest.mark.parametrize(
    ("field", "value", "need"),
    [("tau_trace", -1.0, "0 steps or more"), ("tau_average", 0.0, "more than 0 steps")],
)
def test_time_constants_out_of_range_are_refused(field: str, value: float, need: str) -> None:
    with pytest.raises(ValueError, match=rf"rule\.{field}: need {need}, got {value}"):
        BurstDependent(**{field: value})


def test_cells_without_bursts_are_refused() -> None:
    said = "areas.V1: rule BurstDependent: needs a cell with bursts, Pyramidal, got SubLSTM; use"
    with pytest.raises(ValueError, match=said):
        toy.lone(rule=BurstDependent())
    toy.lone(rule=EProp())
