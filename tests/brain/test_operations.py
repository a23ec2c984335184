"""How many tensor operations training takes, and that it does not wait for the device."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch

from areas.loops.compiled import find_compiler
from benchmarks.operations import BATCH, SHORT, brain_of, count_of, counted, per_step
from brainmodel.brain import Brain
from brainmodel.schedules import Annealing

MOST = {
    ("one area", "LSTM", "bptt"): 11,
    ("five in a row", "LSTM", "bptt"): 67,
    ("five in a row", "LSTM", "e_prop"): 37,
    ("five in a row", "SubLSTM", "gated_microcircuit"): 37,
    ("three of maps", "LSTM", "e_prop"): 37,
}
"""By row of areas, cell and rule: operations for each step of time. They may only go down."""


@pytest.mark.skipif(find_compiler() is None, reason="counts are those of native loops")
@pytest.mark.parametrize("job", MOST, ids=", ".join)
def test_a_step_takes_no_more_operations_than_it_did(job: tuple[str, str, str]) -> None:
    assert per_step(brain_of(*job))[0] <= MOST[job]


def test_a_window_waits_for_the_device_once_to_learn_where_streams_begin() -> None:
    brain = brain_of("five in a row", "LSTM", "e_prop")
    brain.plasticities["A0"] = Annealing(10, 0.5)  # asks how old the brain is
    reset = torch.zeros(SHORT, BATCH, dtype=torch.bool)
    reset[3, 0] = reset[5] = True
    assert count_of(brain, SHORT, reset).waits == 1


def test_waiting_is_counted() -> None:
    value = torch.ones(())
    waiting: list[Callable[[], Any]] = [value.item, lambda: bool(value), lambda: value.tolist()]
    for wait in waiting:
        with counted() as count:
            wait()
        assert count.waits == 1


def test_the_age_is_known_whoever_has_written_it() -> None:
    brain: Brain = brain_of("one area", "Leaky", "bptt")
    assert brain.steps_taken == 0
    brain.after_step()
    assert brain.steps_taken == int(brain.age) == 1
    brain.age.fill_(7)
    assert brain.steps_taken == 7
    brain.load_state_dict(brain.state_dict() | {"age": torch.tensor(9)})
    assert brain.steps_taken == 9
    brain.double().after_step()
    assert brain.steps_taken == int(brain.age) == 10
    with torch.inference_mode():
        copied = deepcopy(brain)
        assert copied.steps_taken == 10
        copied.after_step()
    assert copied.steps_taken == 11
