"""Ridge regression along the singular vectors of the features: a penalty for each target.

With centred features X = U s V', the fit of penalty a is U diag(d) U' y, d = s^2 / (s^2 + a). The
residual of a left-out group g of samples needs no second fit (Golub, Heath & Wahba, 1979, eq. 1.5;
with the mean, H = 1 1'/n + U diag(d) U'): r_g = (I - H_gg)^-1 (y - H y)_g. U and s come from the
smaller of the two Gram matrices, so wide and long problems cost what their short side costs.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from brainmodel.probing.array_types import Floats, Whole


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
    """The same from centred kernels [training, training] and [test, training]."""
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


class GroupLeftOut(NamedTuple):
    """Groups of one size, and what turns their residuals into those of a fit without them."""

    rows: Whole  # [group, member] training samples
    inverse: Floats  # [penalty, group, member, member] (I - H_gg)^-1


def leave_out(parts: Decomposition, groups: Whole, penalties: Floats) -> list[GroupLeftOut]:
    """By size of group; groups [training sample]. Needs no targets, so it serves any number."""
    names, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    members = np.split(order, np.cumsum(sizes)[:-1])
    found = []
    for size in np.unique(sizes):
        rows = np.stack([members[group] for group in np.flatnonzero(sizes == size)])
        left = parts.left[rows]
        inverse = np.empty((len(penalties), *rows.shape, size))
        for index, penalty in enumerate(penalties):
            shrink = parts.squares / (parts.squares + penalty)
            hat = (left * shrink) @ left.swapaxes(1, 2) + 1 / len(groups)
            inverse[index] = np.linalg.inv(np.eye(size) - hat) if size > 1 else 1 / (1 - hat)
        found.append(GroupLeftOut(rows, inverse))
    return found


def choose_penalties(
    parts: Decomposition, targets: Floats, left_out: list[GroupLeftOut], penalties: Floats
) -> Floats:
    """[target] the penalty with the least squared error on groups left out of the training set.

    Args:
        parts: of the training set.
        targets: [training sample, target].
        left_out: from `leave_out`, for the same penalties.
        penalties: to choose from.
    """
    centred = targets - targets.mean(0)
    projected = parts.left.T @ centred
    errors = np.zeros((len(penalties), targets.shape[1]))
    for index, penalty in enumerate(penalties):
        shrink = parts.squares / (parts.squares + penalty)
        residual = centred - parts.left @ (shrink[:, None] * projected)
        for rows, inverse in left_out:
            if rows.shape[1] == 1:
                errors[index] += ((inverse[index, :, :, 0] * residual[rows[:, 0]]) ** 2).sum(0)
            else:
                errors[index] += ((inverse[index] @ residual[rows]) ** 2).sum((0, 1))
    return penalties[errors.argmin(0)]


def predict(parts: Decomposition, targets: Floats, penalties: Floats) -> Floats:
    """[test sample, target] predictions; targets [training sample, target], penalties [target]."""
    mean = targets.mean(0)
    projected = parts.left.T @ (targets - mean)
    return parts.test @ (projected / (parts.squares[:, None] + penalties)) + mean


def influence_of_targets(parts: Decomposition, slope: Floats, penalties: Floats) -> Floats:
    """[training sample, target] derivative by the targets of what has `slope` [test, target]."""
    return parts.left @ (parts.test.T @ slope / (parts.squares[:, None] + penalties))


def residuals(parts: Decomposition, targets: Floats, penalties: Floats) -> Floats:
    """[training sample, target] what a fit leaves of targets [training sample, target]."""
    centred = targets - targets.mean(0)
    shrink = parts.squares[:, None] / (parts.squares[:, None] + penalties)
    return centred - parts.left @ (shrink * (parts.left.T @ centred))
