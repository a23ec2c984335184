"""Errors on held-out streams, against what they are defined to be."""

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


def test_areas_that_do_not_predict_have_no_error() -> None:
    brain = toy.ladder(lambda name: EProp())
    silent = toy.lone(predictor=None, afferents=["drive"])
    for made, expected in ((brain, list(brain.areas)), (silent, [])):
        inputs, reset = toy.stream(made)
        assert list(held_out_errors(made, [Window(inputs, reset, {})])) == expected
