"""The Hebbian rule: pre times post times what one modulator can say."""

import pytest
import torch
from torch import Tensor

from areas import GRU, Leaky
from areas.record import Record
from brainmodel.learning import Hebbian
from brainmodel.learning.learning_signal import LearningSignal
from tests import lessons, toy
from tests.lessons import recorded


def told(record: Record) -> LearningSignal:
    rate = torch.randn_like(record.fields["rate"][1:])
    return LearningSignal(rate, torch.zeros_like(record.prediction))


@pytest.mark.parametrize("cell", toy.CELLS)
def test_gradients_are_the_three_factors_synapse_by_synapse(cell: str) -> None:
    brain = toy.lone(toy.CELLS[cell](), rule=Hebbian(), afferents=["drive"])
    record, area = recorded(brain, steps=5), brain.area("V1")
    signal = told(record)
    found = brain.rule("V1").gradients(area, record, signal, None)
    weight = torch.zeros_like(area.synapses["drive"].weight)
    for t in range(5):
        for b in range(2):
            rate, drive = record.fields["rate"][t + 1, b], record.sources["drive"][t, b]
            modulator = sum(signal.rate[t, b, i] * rate[i] for i in range(3)) / 3
            for i in range(weight.shape[0]):
                for j in range(weight.shape[1]):
                    weight[i, j] += modulator * rate[i % 3] * drive[j]
    torch.testing.assert_close(found["synapses.drive.weight"], weight, rtol=1e-9, atol=1e-12)
    assert weight.any()


def test_descent_makes_what_it_is_told_to_do_likelier() -> None:
    """The change of currents never points against the learning signal."""
    brain = toy.lone(Leaky(1.0), rule=Hebbian(), afferents=["drive"])
    record, area = recorded(brain, steps=1), brain.area("V1")
    for _ in range(20):
        signal = told(record)
        one = record._replace(keep=None)
        for b in range(2):
            said = torch.zeros_like(signal.rate)
            said[:, b] = signal.rate[:, b]
            found = brain.rule("V1").gradients(
                area, one, LearningSignal(said, signal.prediction), None
            )
            assert found["bias"] @ said[0, b] >= 0


def test_windows_of_any_length_give_the_same() -> None:
    brain = toy.ladder(lambda name: Hebbian(), cells=[GRU] * 3)
    inputs, reset = toy.stream(brain, steps=7)
    whole = lessons.learn(brain, inputs, reset)
    for lengths in ([1], [2, 3]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)


def test_all_units_hear_the_same_modulator() -> None:
    brain = toy.lone(Leaky(), rule=Hebbian(), afferents=["drive"])
    record, area = recorded(brain, steps=5), brain.area("V1")

    def bias(unit: int) -> Tensor:
        said = torch.zeros_like(record.fields["rate"][1:])
        said[2, :, unit] = 1 / record.fields["rate"][3, :, unit]
        silent = torch.zeros_like(record.prediction)
        return brain.rule("V1").gradients(area, record, LearningSignal(said, silent), None)["bias"]

    torch.testing.assert_close(bias(0), bias(2), rtol=1e-9, atol=1e-12)
    assert bias(0).abs().max() > 1e-3
