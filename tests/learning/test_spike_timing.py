"""Spike-timing-dependent plasticity: its windows, and its definition pair by pair."""

from math import exp

import pytest
import torch
from torch import Tensor

from areas import ALIF, LIF, Leaky, Population, Populations
from areas.record import Record
from brainmodel.brain import Brain
from brainmodel.learning import SpikeTiming, Triplets
from brainmodel.pathways.pathway import Pathway
from tests import lessons, toy
from tests.lessons import given, recorded

THREE = Triplets(0.3, 0.2, tau_pre=13.0, tau_post=17.0)


def pairs(triplets: Triplets | None = None) -> SpikeTiming:
    return SpikeTiming(0.8, 0.5, tau_plus=7.0, tau_minus=11.0, triplets=triplets)


def told(rule: SpikeTiming, cell: LIF | ALIF | Populations | None = None) -> Brain:
    """An area that sees an input, feels its error and receives a message."""
    plans = {"V1": toy.plan(cell or LIF(), [4], rule, afferents=["drive", "error"])}
    pathways = {"up": Pathway("eye", "V1"), "down": Pathway("mind", "V1", "feedback", "rate")}
    return toy.brain(plans, pathways, {"eye": [3], "mind": [2]})


def trains(brain: Brain, came: dict[int, float], sent: list[int], steps: int) -> Record:
    """A record in which the first source sends, and the first unit fires, at these steps."""
    record = recorded(brain, steps)._replace(keep=None)
    drive, spike = torch.zeros(steps, 2, 3).double(), torch.zeros(steps + 1, 2, 4).double()
    for t, size in came.items():
        drive[t, 0, 0] = size
    for t in sent:
        spike[t + 1, 0, 0] = 1.0
    record.sources["drive"], record.fields["spike"] = drive, spike
    return record


def change(brain: Brain, came: list[int], sent: list[int], steps: int = 60) -> float:
    """What one synapse learns, over eta, of spikes at these steps."""
    found = given(brain, trains(brain, dict.fromkeys(came, 1.0), sent, steps))
    weight = found["synapses.drive.weight"]
    assert not weight[1:].any() and not weight[:, 1:].any()
    return -float(weight[0, 0]) * steps * 2


@pytest.mark.parametrize("lag", [0, 1, 5, 20])
def test_a_pair_changes_a_synapse_by_the_window_of_bi_and_poo(lag: int) -> None:
    brain = told(pairs())
    assert change(brain, [30], [30 + lag]) == pytest.approx(0.8 * exp(-lag / 7), rel=1e-12)
    if lag:
        assert change(brain, [30], [30 - lag]) == pytest.approx(-0.5 * exp(-lag / 11), rel=1e-12)


@pytest.mark.parametrize("period", [5, 9])
def test_a_triplet_adds_what_pfister_and_gerstner_say(period: int) -> None:
    """Two spikes that are sent around one that comes, and two that come around one that is sent."""
    brain, alone = told(pairs(THREE)), told(pairs())
    near, far = 2, period
    sent = change(brain, [30], [30 - far, 30 + near])
    more = sent - change(alone, [30], [30 - far, 30 + near])
    expected = 0.3 * exp(-near / 7) * exp(-(near + far) / 17)
    assert more == pytest.approx(expected, rel=1e-10)
    came = change(brain, [30 - near, 30 + far], [30])
    less = came - change(alone, [30 - near, 30 + far], [30])
    assert less == pytest.approx(-0.2 * exp(-far / 11) * exp(-(near + far) / 13), rel=1e-10)


def test_potentiation_of_triplets_grows_with_the_frequency_of_pairs() -> None:
    """Sjostrom's experiment, on which the rule was made: as many pairs, closer together."""
    brain = told(SpikeTiming(0.0, 0.007, 16.8, 33.7, Triplets()))
    made = {}
    for gap in (20, 50, 100):
        came = [10 + gap * k for k in range(20)]
        made[gap] = change(brain, came, [t + 10 for t in came], steps=2020)
    assert made[20] > 1.5 * made[50] > 1.5 * made[100] > 0


def literal(record: Record, source: str, triplets: Triplets) -> Tensor:
    """The sum over all pairs and triplets of one stream after another, with exponentials."""
    steps, streams = record.prediction.shape[:2]
    keep = torch.ones(steps, streams) if record.keep is None else record.keep
    came, sent = record.source(source), record.fields["spike"][1:]
    total = torch.zeros(sent.shape[2], came.shape[2], dtype=torch.float64)
    nothing, none_came = torch.zeros_like(total[:, 0]), torch.zeros_like(total[0])
    for b in range(streams):
        begun = 0
        for t in range(steps):
            begun = t if keep[t, b] == 0 else begun
            past = range(begun, t)
            r = sum(exp(-(t - s) / 7) * came[s, b] for s in (*past, t))
            o = sum((exp(-(t - s) / 11) * sent[s, b] for s in past), nothing)
            r2 = sum((exp(-(t - s) / 13) * came[s, b] for s in past), none_came)
            o2 = sum((exp(-(t - s) / 17) * sent[s, b] for s in past), nothing)
            grow = sent[t, b] * (0.8 + triplets.potentiation * o2)
            past_too = came[t, b] * (0.5 + triplets.depression * r2)
            total += torch.outer(grow, r) - torch.outer(o, past_too)  # type: ignore[arg-type]
    return total


@pytest.mark.parametrize("triplets", [None, THREE])
def test_it_is_its_definition_pair_by_pair(triplets: Triplets | None) -> None:
    brain = told(pairs(triplets))
    record = recorded(brain, 12)
    assert record.keep is not None and not record.keep[1:].all()
    assert record.fields["spike"].any()
    found = given(brain, record)
    for source in ("drive", "error", "recurrent", "down"):
        expected = literal(record, source, triplets or Triplets(0.0, 0.0)) / -24
        mask = brain.area("V1").synapses[source].mask
        mine = found[f"synapses.{source}.weight"]
        mine, expected = (g if mask is None else g * mask for g in (mine, expected))
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-12)
        assert expected.abs().max() > 1e-4
    assert "bias" not in found


def test_windows_of_any_length_give_the_same_sum() -> None:
    brain = told(pairs(THREE))
    inputs, reset = toy.stream(brain, steps=12)
    whole = lessons.learn(brain, inputs, reset)
    onto = [n for n in whole if "predictor" not in n]
    for length in (1, 2, 3):
        parts = lessons.learn(brain, inputs, reset, [length])
        lessons.assert_same({n: parts[n] * length for n in onto}, {n: whole[n] * 12 for n in onto})


def test_a_modulator_multiplies_what_is_learnt_at_its_moment() -> None:
    brain = told(pairs())
    record = trains(brain, {30: 1.0}, [33, 40], 60)
    level = torch.zeros(60, 2, dtype=torch.float64)
    level[40] = -2.0
    found = given(brain, record, level=level)["synapses.drive.weight"][0, 0]
    assert float(found) == pytest.approx(2.0 * 0.8 * exp(-10 / 7) / 120, rel=1e-12)


def test_populations_that_spike_learn_and_others_are_refused() -> None:
    both = {"A": Population(LIF(), 0.5), "B": Population(ALIF(), 0.5)}
    assert given(told(SpikeTiming(), Populations(both)), recorded(told(SpikeTiming()), 4))
    mixed = Populations({"A": Population(LIF(), 0.5), "B": Population(Leaky(), 0.5)})
    for cell in (Leaky(), mixed):
        said = r"rule SpikeTiming: needs units that spike, such as areas\.LIF, got Leaky; use Hebb"
        with pytest.raises(ValueError, match=said):
            toy.lone(cell, units=[4], rule=SpikeTiming())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: SpikeTiming(potentiation=-1.0), r"rule\.potentiation: need 0 or more, got -1\.0"),
        (lambda: SpikeTiming(tau_plus=0.0), r"rule\.tau_plus: need more than 0 steps, got 0\.0"),
        (lambda: Triplets(depression=-2.0), r"rule\.triplets\.depression: need 0 or more, got -2"),
        (
            lambda: Triplets(tau_pre=-1.0),
            r"rule\.triplets\.tau_pre: need more than 0 steps, got -1",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()
