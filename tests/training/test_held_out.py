"""Errors on held-out streams, against what they are defined to be."""

import pytest
from torch import Tensor

from brainmodel.data.window import Window
from brainmodel.learning import EProp
from brainmodel.training.held_out import HeldOut, held_out_errors
from tests import toy


def literal(drives: Tensor, predictions: Tensor, reset: Tensor) -> HeldOut:
    """The definition, step by step over whole streams."""
    errors, repeating = [], []
    for t in range(drives.shape[0]):
        for b in range(drives.shape[1]):
            if t > 0 and not reset[t, b]:
                errors.append(((drives[t, b] - predictions[t, b]) ** 2).mean())
                repeating.append(((drives[t, b] - drives[t - 1, b]) ** 2).mean())
    return HeldOut(float(sum(errors) / len(errors)), float(sum(repeating) / len(repeating)))


def test_errors_are_those_of_the_definition() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain)
    half = len(reset) // 2
    windows = [
        Window({n: x[part] for n, x in inputs.items()}, reset[part], {})
        for part in (slice(half), slice(half, None))
    ]
    activities, _ = brain(inputs, reset)
    for name, found in held_out_errors(brain, windows).items():
        expected = literal(
            activities[name].drive.detach(), activities[name].prediction.detach(), reset
        )
        assert found == pytest.approx(expected, rel=1e-9)


def test_areas_that_do_not_predict_have_no_error() -> None:
    brain = toy.ladder(lambda name: EProp())
    silent = toy.lone(predictor=None, afferents=["drive"])
    for made, expected in ((brain, list(brain.areas)), (silent, [])):
        inputs, reset = toy.stream(made)
        assert list(held_out_errors(made, [Window(inputs, reset, {})])) == expected
