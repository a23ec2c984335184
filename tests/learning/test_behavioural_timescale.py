"""Behavioural-timescale plasticity: its definition, and where synapses come to rest."""

from math import exp

import pytest
import torch

from areas import Pyramidal
from brainmodel.brain import Brain
from brainmodel.learning import BehaviouralTimescale, Overlap
from brainmodel.pathways.pathway import Pathway
from tests import lessons, toy
from tests.lessons import given, recorded

GROW, SHRINK = Overlap(0.9, 0.3, 8.0), Overlap(0.4, 0.05, 30.0)


def rule(**more) -> BehaviouralTimescale:
    return BehaviouralTimescale(6.0, 3.0, 1.5, GROW, SHRINK, **more)


def told(taught: BehaviouralTimescale | None = None) -> Brain:
    plans = {"V1": toy.plan(Pyramidal(), [3], taught or rule(), afferents=["drive", "error"])}
    pathways = {"up": Pathway("eye", "V1"), "down": Pathway("mind", "V1", "feedback", "rate")}
    return toy.brain(plans, pathways, {"eye": [4], "mind": [2]})


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def share(overlap: Overlap, product: float) -> float:
    """k q, written out."""
    a, b = overlap.middle, overlap.slope
    low, high, now = (logistic(b * (y - a)) for y in (0.0, 1.0, min(max(product, 0.0), 1.0)))
    return overlap.rate * (now - low) / (high - low)


def test_it_is_its_published_definition_synapse_by_synapse() -> None:
    brain = told()
    record = recorded(brain, 7)
    assert record.keep is not None and not record.keep[1:].all()
    found = given(brain, record)
    for source in ("drive", "error", "recurrent"):
        weight = brain.area("V1").synapses[source].weight.detach()
        total, came = torch.zeros_like(weight), record.source(source)
        for b in range(2):
            e, s = torch.zeros(came.shape[2]), torch.zeros(3)
            for t in range(7):
                kept = float(record.keep[t, b])
                e = kept * exp(-1 / 6) * e + (1 - exp(-1 / 6)) * came[t, b]
                s = kept * exp(-1 / 3) * s + (1 - exp(-1 / 3)) * record.fields["plateau"][t + 1, b]
                for i in range(3):
                    for j in range(came.shape[2]):
                        y, w = float(e[j] * s[i]), float(weight[i, j])
                        total[i, j] += (1.5 - w) * share(GROW, y) - w * share(SHRINK, y)
        mine = found[f"synapses.{source}.weight"]
        torch.testing.assert_close(mine, total / -14, rtol=1e-9, atol=1e-12)
        assert total.abs().max() > 1e-3
    assert "bias" not in found and "synapses.down.weight" not in found


@pytest.mark.parametrize("product", [0.05, 0.2, 0.6, 1.0])
def test_synapses_come_to_rest_where_growth_and_loss_are_equal(product: float) -> None:
    """w* = W k+ q+ / (k+ q+ + k- q-), from below and from above."""
    up, down = share(GROW, product), share(SHRINK, product)
    expected, weight = 1.5 * up / (up + down), torch.tensor([[0.0], [1.5]], dtype=torch.float64)
    constant, level = torch.full((1, 2, 1), product).double(), torch.ones(1, 2, 1).double()
    for _ in range(4000):
        weight = weight + 0.5 * rule().change(weight, constant, level)
    torch.testing.assert_close(weight, torch.full_like(weight, expected), rtol=1e-6, atol=1e-9)


def test_a_plateau_teaches_what_came_seconds_before_and_after() -> None:
    """Weak synapses grow, the more the nearer; strong ones shrink if they are far."""
    taught = BehaviouralTimescale(
        45.0, 15.0, 1.0, Overlap(1.0, 0.4, 10.0), Overlap(0.5, 0.05, 40.0)
    )
    brain, steps, at = told(taught), 400, 200
    record = recorded(brain, steps)._replace(keep=None)
    plateau = torch.zeros(steps + 1, 2, 3, dtype=torch.float64)
    plateau[at : at + 30] = 1.0
    record.fields["plateau"] = plateau

    def changed(shift: int, weight: float) -> float:
        brain.area("V1").synapses["drive"].weight.data.fill_(weight)
        drive = torch.zeros(steps, 2, 4, dtype=torch.float64)
        drive[at + shift : at + shift + 60] = 1.0
        record.sources["drive"] = drive
        return -float(given(brain, record)["synapses.drive.weight"][0, 0])

    weak = {shift: changed(shift, 0.0) for shift in (-150, -60, -30, 20)}
    assert weak[-30] > weak[-60] > weak[-150] >= 0 and weak[20] > weak[-150]
    assert changed(-30, 0.2) > 0 > changed(-110, 0.8)
    never = torch.zeros_like(plateau)
    record.fields["plateau"] = never
    assert changed(-30, 0.5) == 0.0, "without a plateau nothing is taught"


def test_windows_of_any_length_give_the_same_sum() -> None:
    brain = told()
    inputs, reset = toy.stream(brain, steps=6)
    whole = lessons.learn(brain, inputs, reset)
    onto = [n for n in whole if "predictor" not in n]
    for length in (1, 2, 3):
        parts = lessons.learn(brain, inputs, reset, [length])
        lessons.assert_same({n: parts[n] * length for n in onto}, {n: whole[n] * 6 for n in onto})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda: BehaviouralTimescale(0.0),
            r"rule\.tau_eligibility: need more than 0 steps, got 0",
        ),
        (lambda: BehaviouralTimescale(largest=0.0), r"rule\.largest: need a weight above 0, got 0"),
        (lambda: Overlap(1.0, 0.1, 0.0), r"need an Overlap\.slope above 0, got 0\.0"),
        (lambda: toy.lone(rule=rule()), "needs a cell with plateaus, Pyramidal, got SubLSTM; use"),
        (
            lambda: toy.lone(Pyramidal(), True, rule()),
            r"needs dense units, got maps .* BurstDepend",
        ),
    ],
)
def test_what_does_not_fit_is_refused(wrong, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wrong()
