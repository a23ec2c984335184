"""Dynamical similarity against systems whose laws of motion are known."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import ortho_group

from brainmodel.probing.metrics import DSA, Responses
from brainmodel.probing.metrics.comparisons.orthogonal_alignment import align, usual_starts
from brainmodel.probing.metrics.comparisons.trajectories import once, operator, trajectories_of
from brainmodel.probing.metrics.dsa import sweep_ranks
from brainmodel.probing.recordings import Recording
from brainmodel.probing.scores import PerStep, Scoring, score_model
from brainmodel.probing.statistics import stimulus_weights
from tests.probing.brains import known

MOVIES, STEPS = 20, 30
GROUPS = np.repeat(np.arange(MOVIES), STEPS)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def law(angles: list[float], decay: float = 0.95) -> np.ndarray:
    """Rotations in planes, radians per step, that decay."""
    found = np.zeros((2 * len(angles), 2 * len(angles)))
    for k, angle in enumerate(angles):
        found[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = decay * expm(
            np.array([[0, -angle], [angle, 0]])
        )
    return found


def run(system: np.ndarray, seed: int = 0, noise: float = 0.2) -> np.ndarray:
    """[movie * step, dimension] of noisy linear systems from random states."""
    random = np.random.default_rng(seed)
    state = random.standard_normal((MOVIES, len(system)))
    path = []
    for _ in range(STEPS):
        state = state @ system.T + noise * random.standard_normal(state.shape)
        path.append(state)
    return np.stack(path, axis=1).reshape(-1, len(system))


def shown(values: np.ndarray) -> Responses:
    return Responses(values[:, None], GROUPS)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_a_turned_or_mirrored_vector_field_is_found_again(size: int) -> None:
    fields = drawn(6, size, size)
    turns = [ortho_group.rvs(size, random_state=k) if size > 1 else -np.eye(1) for k in range(6)]
    turned = np.stack([3 * q.T @ a @ q for a, q in zip(fields, turns, strict=True)])
    found = align(fields, turned, usual_starts(fields, turned))
    assert found.angle == pytest.approx(0, abs=1e-5)
    back = found.rotation @ turned @ found.rotation.swapaxes(1, 2) / 3
    assert back == pytest.approx(fields, abs=1e-6)
    others = drawn(6, size, size, seed=1) if size > 1 else -fields
    assert align(fields, others, usual_starts(fields, others)).angle.max() > 0.3  # the control


def test_two_planar_rotations_differ_by_their_angle() -> None:
    """Of rotations by p and q, <R(p), C R(q) C'> / 2 = cos(p -+ q): the least angle is |p - q|."""
    one, other = (law([angle], 1.0)[None] for angle in (0.3, 0.8))
    assert align(one, other, usual_starts(one, other)).angle == pytest.approx(0.5, abs=1e-6)
    mirrored = other.swapaxes(1, 2)  # the other way round is the same to a mirror
    assert align(one, mirrored, usual_starts(one, mirrored)).angle == pytest.approx(0.5, abs=1e-6)


def test_symmetric_fields_align_by_their_sorted_eigenvalues() -> None:
    """von Neumann: max over C of tr(A C B C') pairs the eigenvalues in order."""
    fields = [m + m.T for m in (drawn(4, 4), drawn(4, 4, seed=1))]
    spectra = [np.linalg.eigvalsh(m) for m in fields]
    cosine = spectra[0] @ spectra[1] / np.prod([np.linalg.norm(s) for s in spectra])
    a, b = (m[None] for m in fields)
    assert align(a, b, usual_starts(a, b)).angle == pytest.approx(np.arccos(cosine), abs=1e-6)


def test_the_operator_of_a_noiseless_system_is_its_law() -> None:
    system = law([0.2, 0.9])
    side = trajectories_of(run(system, noise=0.0), GROUPS, delays=1, axes=4)
    found = operator(side, 4, once(side))[0]
    assert np.sort_complex(np.linalg.eigvals(found)) == pytest.approx(
        np.sort_complex(np.linalg.eigvals(system)), abs=0.02
    )  # the trajectories' mean is taken off, which the law does not know


def test_a_rotated_scaled_shifted_copy_moves_by_the_same_law() -> None:
    path = run(law([0.2, 0.9]))
    turned = 3 * path @ ortho_group.rvs(4, random_state=0) + 5
    found = DSA([2, 4], delays=3)(path, shown(turned))
    assert found.value == pytest.approx(0, abs=1e-5)


def test_other_laws_differ_more_than_other_runs_of_one_law() -> None:
    metric = DSA([4], delays=2)
    path = run(law([0.2, 0.9]))
    hidden = run(law([0.2, 0.9]), seed=1) @ drawn(4, 30) + 0.01 * drawn(MOVIES * STEPS, 30, seed=5)
    same = metric(path, shown(hidden)).value
    faster = metric(path, shown(run(law([0.5, 1.6]), seed=1) @ drawn(4, 30))).value
    slower = metric(path, shown(run(law([0.0, 0.05]), seed=1) @ drawn(4, 30))).value
    assert same < 0.25
    assert min(faster, slower) > 2 * same
    shuffled = metric(path, shown(path)).permuted(
        np.stack([np.random.default_rng(k).permutation(len(path)) for k in range(5)])
    )
    assert shuffled.min() > 2 * same


def test_geometry_alone_does_not_decide() -> None:
    """The same cloud of states, visited in another order, is another motion."""
    path = run(law([0.2, 0.9]))
    within = np.random.default_rng(0).permuted(np.arange(len(path)).reshape(MOVIES, -1), axis=1)
    found = DSA([4], delays=1)(path, shown(path[within.ravel()]))
    assert found.value > 0.5


def test_a_sweep_tells_the_rank_that_foresees() -> None:
    path = run(law([0.2, 0.9]), noise=0.05) @ drawn(4, 20) + 0.1 * drawn(MOVIES * STEPS, 20, seed=2)
    found = sweep_ranks(path, shown(path), ranks=[1, 2, 4, 8], delays=1)
    assert found.angles == pytest.approx(0, abs=1e-5)
    gain = np.diff(found.model_explained)
    assert gain[1] > 0.1  # from 2 to 4
    assert abs(gain[2]) < 0.02  # beyond the true rank
    assert found.brain_explained == pytest.approx(found.model_explained)


def test_trajectories_are_what_the_bootstrap_draws() -> None:
    path = run(law([0.2, 0.9]))
    found = DSA([3], delays=2)(path, shown(run(law([0.4, 0.9]), seed=1)))
    draws = found.reweighted(stimulus_weights(GROUPS, 20, seed=0))
    assert np.std(draws) > 1e-3
    doubled = np.concatenate([path, path]), np.concatenate([GROUPS, GROUPS + MOVIES])
    twice = trajectories_of(*doubled, 2, 3)
    once_ = trajectories_of(path, GROUPS, 2, 3)
    assert operator(twice, 3, once(twice)) == pytest.approx(operator(once_, 3, 2 * once(once_)))


def test_tables_say_neither_p_nor_ceiling_of_dynamics() -> None:
    values = run(law([0.2, 0.9])).reshape(MOVIES, STEPS, 4)
    repeats = values.transpose(2, 0, 1)[:, :, None] + 0.1 * drawn(4, MOVIES, 3, STEPS)
    recording = Recording(
        repeats,
        np.array(["V1"] * 4),
        np.array([f"movie {k:02d}" for k in range(MOVIES)]),
        np.arange(STEPS + 1) / 30,
        "spikes/s",
    )
    scoring = Scoring(
        recording.edges.tolist(), sampling=PerStep(), bootstraps=20, permutations=20, halvings=2
    )
    (row,) = score_model({"V1": values}, recording, {"dsa": DSA([4], 2)}, scoring)
    assert row.p is row.q is row.ceiling_low is None
    assert known(row.low) < row.score < known(row.high)


def test_what_cannot_be_embedded_is_refused() -> None:
    path = run(law([0.2]))
    with pytest.raises(ValueError, match=r"a trajectory has 1 samples, too few for 2 delays"):
        DSA([2], 2)(path, Responses(path[:, None], np.arange(len(path))))
    with pytest.raises(ValueError, match=r"ranks go up to 9, but the trajectories have 2 axes"):
        DSA([9], 1)(path, shown(path))
    with pytest.raises(ValueError, match=r"give ranks and delays of 1 or more"):
        DSA([], 2)
    with pytest.raises(TypeError, match="ranks"):
        DSA(delays=2)  # type: ignore[call-arg]  # never chosen by default
