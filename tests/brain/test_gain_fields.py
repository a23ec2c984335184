"""Gain fields: their tuning, what they let synapses learn, and the same in sweep and step."""

import math
from typing import Any

import pytest
import torch

from areas import Leaky
from brainmodel.brain import Brain
from brainmodel.figures import draw_brain
from brainmodel.learning import BPTT
from brainmodel.pathways import Flatten, GainFields, LearntMix, Pathway
from brainmodel.scopes import Global, Local
from tests import lessons, toy
from tests.literal import Literal

FIELDS = GainFields("motion", reach=2, spacing=1.5, width=0.7)


def test_cells_prefer_movements_of_a_grid_and_sum_to_one() -> None:
    movements = torch.tensor([[0.0, 0.0, 9.0], [1.5, -3.0, 0.0], [0.4, 1.1, 0.0], [90.0, -90.0, 0]])
    rates = FIELDS.rates(movements.double())
    assert rates.shape == (4, 25) == (4, FIELDS.cells)
    centres = [(x, y) for y in (-3, -1.5, 0, 1.5, 3) for x in (-3, -1.5, 0, 1.5, 3)]
    for found, (dx, dy, _) in zip(rates[:3], movements.tolist(), strict=False):
        far = [math.exp(-((dx - x) ** 2 + (dy - y) ** 2) / (2 * 1.05**2)) for x, y in centres]
        expected = torch.tensor(far, dtype=torch.float64) / sum(far)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)
    assert [centres[k] for k in rates.argmax(1)] == [(0, 0), (1.5, -3), (0, 1.5), (3, -3)]
    torch.testing.assert_close(rates.sum(1), torch.ones(4, dtype=torch.float64))


def test_a_message_is_each_channel_times_each_gain() -> None:
    signal, movement = torch.rand(3, 2, 4, 4), torch.randn(3, 3)
    message, gains = FIELDS(signal, movement), FIELDS.rates(movement)
    for stream in range(3):
        for k in range(25):
            expected = gains[stream, k] * signal[stream]
            torch.testing.assert_close(message[stream, 2 * k : 2 * k + 2], expected)
    dense = FIELDS(signal[:, :, 0, 0], movement)
    torch.testing.assert_close(dense, message[:, :, 0, 0])


def test_a_linear_read_out_moves_what_was_seen_as_the_eye_will_move() -> None:
    """What no function linear in the picture does: one place of it, chosen by the movement."""
    torch.manual_seed(0)
    seen = torch.randn(4000, 5, dtype=torch.float64)
    by = torch.randint(-2, 3, (4000, 1)).double()
    come = seen.gather(1, (2 + by).long())
    fields = GainFields("motion", reach=2, spacing=1.0, width=0.1)
    movement = torch.cat([by, torch.zeros_like(by)], 1)
    for known, low, high in ((fields(seen, movement), 0, 1e-6), (seen, 0.7, 0.9)):
        missed = come - known @ torch.linalg.pinv(known) @ come
        assert low <= float(missed.square().mean() / come.square().mean()) <= high


def remapping(scope: Any, delay: int) -> Brain:
    gain = GainFields("motion", reach=1, spacing=1.0)
    pathways = {
        "up": Pathway("eye", "V1"),
        "remapped": Pathway("eye", "V1", "lateral", "rate", delay, gain=gain, kernel=3),
        "up_LM": Pathway("V1", "LM", signal="rate"),
        "down": Pathway("LM", "V1", "feedback", "rate"),
    }
    plans = {
        "V1": toy.plan(Leaky(0.5), [2, 4, 4], rule=BPTT(), afferents=["drive", "error"]),
        "LM": toy.plan(Leaky(0.5), [2, 4, 4], rule=BPTT(), afferents=["drive", "error"]),
    }
    return toy.brain(plans, pathways, {"eye": [1, 4, 4], "motion": [3]}, scope)


@pytest.mark.parametrize("scope", [Global, Local])
@pytest.mark.parametrize("delay", [0, 2])
def test_windows_and_gradients_are_those_of_the_definition(scope: type, delay: int) -> None:
    brain = remapping(scope(), delay)
    generator = torch.Generator().manual_seed(1)
    shapes = {"eye": (6, 2, 1, 4, 4), "motion": (6, 2, 3)}
    inputs = {
        name: torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in shapes.items()
    }
    reset = torch.zeros(6, 2, dtype=torch.bool)
    reset[0], reset[3, 1] = True, True
    rates, state = [], None
    for first, last in lessons.windows(6, [2, 1]):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        activities, state = brain(window, reset[first:last], state)
        rates.append(activities["V1"].rate)
    literal = Literal(brain, inputs, reset).activity("V1").rate
    torch.testing.assert_close(torch.cat(rates), literal, rtol=0, atol=1e-12)
    expected = lessons.learn_literally(brain, inputs, reset, local=scope is Local)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    assert expected["areas.V1.predictor.synapses.remapped.weight"].any()


def test_the_drawing_says_what_multiplies_a_pathway() -> None:
    (axes,) = draw_brain(remapping(Local(), 1)).axes
    words = [text.get_text() for text in axes.texts]
    assert "rate, t-1\n\u00d7 motion" in words and sum("motion" in word for word in words) == 1


REFUSED = {
    "no such input": (Pathway("eye", "V1", "lateral", gain=GainFields("wind")), "no input 'wind'"),
    "a picture": (
        Pathway("eye", "V1", "lateral", gain=GainFields("eye")),
        "gain.by: need an input",
    ),
    "behind what learns": (
        Pathway("eye", "V1", "lateral", adapters=[LearntMix(2), Flatten()], gain=FIELDS),
        "gain: adapters that learn cannot stand before it",
    ),
    "of an area": (Pathway("LM", "V1", "lateral", gain=FIELDS), "gain: is for pathways from an in"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_gains_that_nothing_tells_are_refused(case: str) -> None:
    pathway, sentence = REFUSED[case]
    plans = {"V1": toy.plan(), "LM": toy.plan()}
    pathways = {"up": Pathway("eye", "V1"), "up_LM": Pathway("V1", "LM"), "odd": pathway}
    with pytest.raises(ValueError, match=rf"pathways.odd: .*{sentence}"):
        Brain(plans, pathways, {"eye": [1, 4, 4], "motion": [3]})


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"reach": 0}, "GainFields.reach: need 1 or more"),
        ({"spacing": 0.0}, "GainFields.spacing: need > 0"),
        ({"width": -1.0}, "GainFields.width: need > 0"),
    ],
)
def test_numbers_out_of_range_are_refused(option: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        GainFields("motion", **option)
