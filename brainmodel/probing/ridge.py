"""Ridge regression in its own singular vectors: many targets, each with its own penalty.

With centred features X = U s V', the fit of penalty a is U diag(d) U' y, d = s^2 / (s^2 + a). The
residual of a left-out group g of samples needs no second fit (Golub, Heath & Wahba, 1979, eq. 1.5;
with the mean, H = 1 1'/n + U diag(d) U'): r_g = (I - H_gg)^-1 (y - H y)_g. U and s come from the
smaller of the two Gram matrices, so wide and long problems cost what their short side costs.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from brainmodel.probing.metric import Floats, Whole


class Decomposition(NamedTuple):
    """One training set, ready for any targets."""

    left: Floats  # U, [training sample, component]
    squares: Floats  # s^2, [component]
    test: Floats  # X_test V s, [test sample, component]: prediction = test @ (U'y / (s^2 + a))


def decompose(train: Floats, test: Floats) -> Decomposition:
    """Decompose features train [sample, unit], test [sample, unit]; centred on the training set."""
    mean = train.mean(0)
    train, test = train - mean, test - mean
    if train.shape[0] <= train.shape[1]:
        return decompose_kernel(train @ train.T, test @ train.T)
    squares, right = _leading(train.T @ train)
    projected = train @ right
    return Decomposition(projected / np.sqrt(squares), squares, test @ right * np.sqrt(squares))


def decompose_kernel(train: Floats, test: Floats) -> Decomposition:
    """The same from centred kernels: train [training, training], test [test, training]."""
    squares, left = _leading(train)
    return Decomposition(left, squares, test @ left)


def centre_kernels(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Kernels of uncentred features as those of features centred on the training set."""
    rows, total = train.mean(0), train.mean()
    test = test - rows - test.mean(1, keepdims=True) + total
    return train - rows - rows[:, None] + total, test


def _leading(gram: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues and eigenvectors above rounding error."""
    values, vectors = eigh(gram, overwrite_a=True, check_finite=False, driver="evd")
    keep = values > max(values[-1], 0) * len(values) * np.finfo(float).eps
    return values[keep], vectors[:, keep]


def choose_penalties(
    parts: Decomposition, targets: Floats, groups: Whole, penalties: Floats
) -> Floats:
    """[target] the penalty with the least squared error on groups left out of the training set.

    Args:
        parts: of the training set.
        targets: [training sample, target].
        groups: [training sample] what is left out together.
        penalties: to choose from.
    """
    centred = targets - targets.mean(0)
    projected = parts.left.T @ centred
    single = len(np.unique(groups)) == len(groups)
    squared = parts.left**2 if single else None
    errors = np.empty((len(penalties), targets.shape[1]))
    for index, penalty in enumerate(penalties):
        shrink = parts.squares / (parts.squares + penalty)
        residual = centred - parts.left @ (shrink[:, None] * projected)
        if squared is not None:
            residual /= (1 - 1 / len(groups) - squared @ shrink)[:, None]
        else:
            residual = _leave_groups_out(parts.left, shrink, residual, groups)
        errors[index] = (residual**2).sum(0)
    return penalties[errors.argmin(0)]


def _leave_groups_out(left: Floats, shrink: Floats, residual: Floats, groups: Whole) -> Floats:
    """Residuals of groups that were left out, from those of the fit to all."""
    out = np.empty_like(residual)
    for group in np.unique(groups):
        rows = groups == group
        hat = (left[rows] * shrink) @ left[rows].T + 1 / len(groups)
        out[rows] = np.linalg.solve(np.eye(rows.sum()) - hat, residual[rows])
    return out


def predict(parts: Decomposition, targets: Floats, penalties: Floats) -> Floats:
    """[test sample, target] predictions; targets [training sample, target], penalties [target]."""
    mean = targets.mean(0)
    projected = parts.left.T @ (targets - mean)
    return parts.test @ (projected / (parts.squares[:, None] + penalties)) + mean
