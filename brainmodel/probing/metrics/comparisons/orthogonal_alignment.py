"""How alike two linear vector fields are after the best change between orthogonal coordinates.

Ostrow et al. (2023), arXiv:2306.10168, "Procrustes analysis over vector fields": the angle between
A and C B C', C orthogonal, at its least: arccos of max_C <A, C B C'> / (|A| |B|). The maximum over
rotations and reflections is climbed along Cayley curves with Barzilai-Borwein steps (Wen & Yin,
2013, Math. Program. 142:397), from several starts at once.
"""

from typing import NamedTuple

import numpy as np

from brainmodel.probing.array_types import Floats

STARTS = 8  # random ones of either determinant, besides the spectral one
STEPS = 300
FLAT = 1e-9  # slope at which the climb ends


class LeastAngle(NamedTuple):
    """The least angle found, and where."""

    angle: Floats  # [draw] rad, 0 to pi
    rotation: Floats  # [draw, n, n] C


def align(first: Floats, second: Floats, starts: Floats) -> LeastAngle:
    """The least angle between `first` and rotated `second`.

    Args:
        first, second: [draw, n, n] vector fields A and B.
        starts: [draw or 1, start, n, n] orthogonal matrices to climb from.
    """
    a, b = (m / np.linalg.norm(m, axis=(1, 2), keepdims=True) for m in (first, second))
    value, found = _climb(a[:, None], b[:, None], np.broadcast_to(starts, _shape(a, starts)))
    best = value.argmax(1)
    rows = np.arange(len(a))
    return LeastAngle(np.arccos(value[rows, best].clip(-1, 1)), found[rows, best])


def align_jointly(
    first: Floats, second: Floats, crossed: Floats, weight: float, starts: Floats
) -> LeastAngle:
    """The least angle between two fields with a drive each, the second in coordinates C.

    Of ( sqrt(1-w) A / |A|, sqrt(w) B / |B| ) and the like, whose cosine is

        (1 - w) <A, C A' C'> / (|A| |A'|) + w <B B'^T, C> / (|B| |B'|)

    Args:
        first, second: [draw, n, n] vector fields.
        crossed: [draw, n, n] B B'^T / (|B| |B'|) of how they are driven.
        weight: w, of the drive.
        starts: as in `align`.
    """
    a, b = (m / np.linalg.norm(m, axis=(1, 2), keepdims=True) for m in (first, second))
    where = np.broadcast_to(starts, _shape(a, starts))
    value, found = _climb((1 - weight) * a[:, None], b[:, None], where, weight * crossed[:, None])
    best, rows = value.argmax(1), np.arange(len(a))
    return LeastAngle(np.arccos(value[rows, best].clip(-1, 1)), found[rows, best])


def joint_starts(first: Floats, second: Floats, crossed: Floats) -> Floats:
    """[draw, start, n, n] for `align_jointly`, whose arguments these are.

    C and -C turn a field alike, and its drive against each other: so the usual ones in either sign.
    """
    starts = usual_starts(first, second)
    reached = reached_start(first, second, crossed)[:, None]
    return np.concatenate([starts, -starts, reached], axis=1)


def reached_start(first: Floats, second: Floats, crossed: Floats) -> Floats:
    """[draw, n, n] C that aligns what inputs reach within n steps; exact for a rotated copy.

    The nearest rotation or reflection to sum_k A^k B B'^T A'^kT; arguments as in `align_jointly`.
    """
    total, step = np.array(crossed), crossed
    a, b = (m / np.linalg.norm(m, axis=(1, 2), keepdims=True) for m in (first, second))
    for _ in range(first.shape[1] - 1):
        step = a @ step @ b.swapaxes(1, 2)
        total = total + step
    left, _, right = np.linalg.svd(total)
    return left @ right


def usual_starts(first: Floats, second: Floats, seed: int = 0) -> Floats:
    """[draw, start, n, n]: the spectral start of each pair, and random ones, the same for all."""
    n = first.shape[1]
    random = np.random.default_rng(seed).standard_normal((STARTS, n, n))
    orthogonal = np.linalg.qr(random)[0]
    turned = np.sign(np.linalg.det(orthogonal)) != np.where(np.arange(STARTS) % 2, -1, 1)
    orthogonal[turned, :, 0] *= -1  # rotations and reflections in turn
    drawn = np.broadcast_to(orthogonal, (len(first), STARTS, n, n))
    return np.concatenate([spectral_start(first, second)[:, None], drawn], axis=1)


def spectral_start(first: Floats, second: Floats) -> Floats:
    """[draw, n, n] C that aligns the axes of the symmetric parts; exact for a rotated copy.

    With U the eigenvectors and s signs, <A, C B C'> = s' (U_A' A U_A * U_B' B U_B) s: the signs are
    those of the leading eigenvector of that matrix.
    """
    axes = [np.linalg.eigh(m + m.swapaxes(1, 2))[1] for m in (first, second)]
    turned = [u.swapaxes(1, 2) @ m @ u for u, m in zip(axes, (first, second), strict=True)]
    agreement = turned[0] * turned[1]
    leading = np.linalg.eigh(agreement + agreement.swapaxes(1, 2))[1][:, :, -1]
    signs = np.where(leading < 0, -1.0, 1.0)
    return (axes[0] * signs[:, None]) @ axes[1].swapaxes(1, 2)


def _climb(a: Floats, b: Floats, c: Floats, linear: Floats | float = 0.0) -> tuple[Floats, Floats]:
    """The largest <A, C B C'> + <linear, C> found from each start [draw, start], and its C."""
    best, where = np.full(c.shape[:2], -np.inf), np.array(c)
    identity = np.eye(c.shape[-1])
    step = np.full((*c.shape[:2], 1, 1), 0.5)
    before = None
    for _ in range(STEPS):
        right, left = c @ b.swapaxes(-1, -2), c @ b
        value = (a * (left @ c.swapaxes(-1, -2)) + linear * c).sum((-1, -2))
        better = value > best
        best, where = np.where(better, value, best), np.where(better[..., None, None], c, where)
        gradient = (a @ right + a.swapaxes(-1, -2) @ left) + linear
        gradient = gradient @ c.swapaxes(-1, -2)
        turn = gradient - gradient.swapaxes(-1, -2)
        if np.abs(turn).max() < FLAT:
            break
        slope = turn @ c
        if before is not None:
            step = _step(c - before[0], slope - before[1])
        before = c, slope
        half = step / 2 * turn
        c = np.linalg.solve(identity - half, identity + half) @ c
    return best, where


def _step(moved: Floats, changed: Floats) -> Floats:
    """The long step of Barzilai & Borwein, bounded."""
    length, mixed = (moved**2).sum((-1, -2)), np.abs((moved * changed).sum((-1, -2)))
    tiny = np.finfo(float).tiny
    return (length / np.maximum(mixed, tiny)).clip(1e-3, 10)[..., None, None]


def _shape(a: Floats, starts: Floats) -> tuple[int, ...]:
    return (len(a), *starts.shape[1:])
