"""Errors on held-out streams, against what they are defined to be."""

from torch import Tensor

from brainmodel.training.held_out import HeldOut


def literal(drives: Tensor, predictions: Tensor, reset: Tensor) -> HeldOut:
    """The definition, step by step over whole streams."""
    errors, repeating = [], []
    for t in range(drives.shape[0]):
        for b in range(drives.shape[1]):
            if t > 0 and not reset[t, b]:
                errors.append(((drives[t, b] - predictions[t, b]) ** 2).mean())
                repeating.append(((drives[t, b] - drives[t - 1, b]) ** 2).mean())
    return HeldOut(float(sum(errors) / len(errors)), float(sum(repeating) / len(repeating)))
