"""Dynamical similarity with inputs against systems whose laws, inputs and coordinates are known."""

from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.stats import ortho_group

from brainmodel.probing import Plan, Presentation, Recording, Scoring, Shown, Trained, probe
from brainmodel.probing.baselines import Pixels
from brainmodel.probing.during_training import score_brain
from brainmodel.probing.metrics import DSA, InputDSA, Responses
from brainmodel.probing.metrics.comparisons.driven_trajectories import driven_trajectories, law
from brainmodel.probing.metrics.comparisons.orthogonal_alignment import (
    align,
    align_jointly,
    joint_starts,
    reached_start,
    usual_starts,
)
from brainmodel.probing.scores import PerStep, score_model
from brainmodel.probing.statistics import stimulus_weights
from tests.probing.brains import looking
from tests.probing.test_analyses import film

MOVIES, STEPS = 20, 60
FIT = 1e-5  # of numbers, by the ridge of the fit (1e-9 of each variance), which inputs magnify
NONE = 1e-4  # rad: an angle of 0 is the arc cosine at 1, the root of what the ridge leaves
GROUPS = np.repeat(np.arange(MOVIES), STEPS)
Signal = np.ndarray


def drawn(*shape: int, seed: int = 0) -> Signal:
    return np.random.default_rng(seed).standard_normal(shape)


def rotations(*angles: float, decay: float = 0.9) -> Signal:
    """Rotations in planes, radians per step, that decay."""
    found = np.zeros((2 * len(angles), 2 * len(angles)))
    for k, a in enumerate(angles):
        plane = slice(2 * k, 2 * k + 2)
        found[plane, plane] = decay * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return found


A, B = rotations(0.3, 0.9), drawn(4, 2, seed=5)
FASTER, ELSEWHERE = rotations(0.6, 1.5), drawn(4, 2, seed=6)


def fast(seed: int) -> Signal:
    """Inputs [movie, step, 2] that are new at each step."""
    return drawn(MOVIES, STEPS, 2, seed=seed)


def slow(seed: int) -> Signal:
    """Inputs that change slowly."""
    news, found = fast(seed), np.zeros((MOVIES, STEPS, 2))
    for t in range(1, STEPS):
        found[:, t] = 0.95 * found[:, t - 1] + 0.3 * news[:, t]
    return found


def run(motion: Signal, drive: Signal, inputs: Signal, seed: int = 0, noise: float = 0.0) -> Signal:
    """[movie * step, dimension] of x(t) = A x(t-1) + B u(t) + noise, from random states."""
    random = np.random.default_rng(seed)
    state, path = random.standard_normal((MOVIES, len(motion))), []
    for t in range(inputs.shape[1]):
        state = state @ motion.T + inputs[:, t] @ drive.T
        state = state + noise * random.standard_normal(state.shape)
        path.append(state)
    return np.stack(path, axis=1).reshape(-1, len(motion))


def shown(values: Signal) -> Responses:
    return Responses(values[:, None], GROUPS)


def angle(one: Signal, inputs: Signal, other: Signal, inputs_of_other: Signal, **how) -> float:
    """Of two systems, each with its own inputs."""
    metric = InputDSA([4], 1, 2, **how)
    model = metric.given(inputs.reshape(-1, 2)).model_side(one, GROUPS)
    brain = metric.given(inputs_of_other.reshape(-1, 2)).brain_side(shown(other))
    return metric.compare(model, brain).value


def without_inputs(one: Signal, other: Signal) -> float:
    return DSA([4], 1)(one, shown(other)).value


def test_the_law_of_a_noiseless_system_is_found() -> None:
    inputs = slow(0) + 0.7
    side = driven_trajectories(
        run(A, B, inputs) + 3, inputs.reshape(-1, 2), GROUPS, delays=1, axes=4, input_axes=2
    )
    found = law(side, 4, np.ones((1, MOVIES)))
    spectra = [np.sort_complex(np.linalg.eigvals(m)) for m in (found.motion[0], A)]
    assert spectra[0] == pytest.approx(spectra[1], abs=FIT)
    drive = found.drive[0] @ side.input_axes.T
    assert drive.T @ drive == pytest.approx(B.T @ B, abs=FIT)  # in any coordinates of states
    reached, other = found.motion[0] @ drive, A @ B
    assert reached.T @ drive == pytest.approx(other.T @ B, abs=FIT)


def test_a_rotated_scaled_shifted_copy_is_the_same_system() -> None:
    inputs = fast(0)
    path = run(A, B, inputs)
    turned = 3 * path @ ortho_group.rvs(4, random_state=1) + 5
    for weight in (0.0, 0.5, 1.0):
        assert angle(path, inputs, turned, inputs, weight=weight) == pytest.approx(0, abs=NONE)


def test_another_law_of_motion_is_seen_and_more_so_the_more_it_differs() -> None:
    inputs = fast(0)
    path = run(A, B, inputs)
    near, far = (run(rotations(*w), B, inputs, 4) for w in ((0.35, 1.0), (0.6, 1.5)))
    found = [angle(path, inputs, other, inputs) for other in (near, far)]
    assert 0.02 < found[0] < 0.5 * found[1] and found[1] > 0.25


def test_another_drive_of_the_same_motion_is_seen_unless_the_motion_alone_is_asked_for() -> None:
    inputs = fast(0)
    path, other = run(A, B, inputs), run(A, ELSEWHERE, inputs, 4)
    assert angle(path, inputs, other, inputs) > 0.3
    assert angle(path, inputs, other, inputs, weight=0.0) == pytest.approx(0, abs=NONE)
    assert without_inputs(path, other) < 0.1, "a control: what DSA hardly sees"


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_same_system_under_other_inputs_is_mistaken_only_without_them(noise: float) -> None:
    one, other = fast(0), slow(1)
    path = run(A, B, one, noise=noise)
    again, faster = (run(m, B, other, 3, noise) for m in (A, FASTER))
    assert angle(path, one, again, other) < 0.02
    assert without_inputs(path, again) > 0.2
    assert angle(path, one, faster, other) > 0.3, "a control"


def on_a_grid(one: tuple[Signal, Signal], other: tuple[Signal, Signal], weight: float) -> float:
    """The least angle in the plane by trying all rotations and reflections."""
    angles = np.linspace(0, 2 * np.pi, 20001)
    c, s = np.cos(angles), np.sin(angles)
    best = -np.inf
    for sign in (1, -1):
        turns = np.array([[c, -sign * s], [s, sign * c]]).transpose(2, 0, 1)
        (a, b), (p, q) = ([m / np.linalg.norm(m) for m in pair] for pair in (one, other))
        motion = np.einsum("ij,nij->n", a, turns @ p @ turns.swapaxes(1, 2))
        drive = np.einsum("ij,nij->n", b, turns @ q)
        best = max(best, float(((1 - weight) * motion + weight * drive).max()))
    return float(np.arccos(best))


@pytest.mark.parametrize("weight", [0.0, 0.2, 0.5, 1.0])
def test_the_least_angle_is_that_of_trying_everything(weight: float) -> None:
    for k in (*range(8), 17, 104, 134):  # the last three need starts in either sign
        one, other = ((drawn(2, 2, seed=s), drawn(2, 3, seed=s + 50)) for s in (k, k + 20))
        crossed = one[1] @ other[1].T / np.linalg.norm(one[1]) / np.linalg.norm(other[1])
        a, b = one[0][None], other[0][None]
        starts = joint_starts(a, b, crossed[None])
        found = align_jointly(a, b, crossed[None], weight, starts)
        assert found.angle[0] == pytest.approx(on_a_grid(one, other, weight), abs=1e-6)
        if weight == 0:
            assert found.angle == pytest.approx(align(a, b, usual_starts(a, b)).angle)


def test_what_inputs_reach_tells_the_coordinates_of_a_copy() -> None:
    turn = ortho_group.rvs(5, random_state=0)
    motion, drive = drawn(5, 5), drawn(5, 1, seed=1)
    crossed = (turn @ drive) @ drive.T
    found = reached_start((turn @ motion @ turn.T)[None], motion[None], crossed[None])[0]
    assert found == pytest.approx(turn, abs=1e-6)


def test_stills_and_areas_that_only_repeat_their_input_have_a_law() -> None:
    """Inputs that stay, and states that inputs tell entirely: least squares are not unique."""
    still = np.repeat(drawn(MOVIES, 1, 2), STEPS, axis=1)
    path = run(A, B, still, noise=0.1)
    metric = InputDSA([2, 4], 3, 6)
    assert metric.given(still.reshape(-1, 2))(path, shown(path)).value == pytest.approx(0, abs=NONE)
    inputs = fast(0).reshape(-1, 2)
    echo = inputs @ drawn(2, 5)
    found = InputDSA([2], 2, 4).given(inputs)(
        echo, shown(echo @ ortho_group.rvs(5, random_state=1))
    )
    assert found.value == pytest.approx(0, abs=10 * NONE)  # where only the ridge chooses a law


def test_movies_are_what_the_bootstrap_draws() -> None:
    inputs = fast(0)
    metric = InputDSA([3], 2, 4).given(inputs.reshape(-1, 2))
    found = metric(run(A, B, inputs, noise=0.3), shown(run(FASTER, B, inputs, 1, 0.3)))
    draws = found.reweighted(stimulus_weights(GROUPS, 20, seed=0))
    assert np.std(draws) > 1e-4 and abs(draws.mean() - found.value) < 0.2


class Listening(InputDSA):
    """Keeps what it is told."""

    heard: ClassVar[list[Signal]] = []

    def given(self, inputs: Signal) -> InputDSA:
        self.heard.append(inputs)
        return super().given(inputs)


def test_inputs_are_those_of_the_steps_that_are_compared_at_a_lag() -> None:
    """The brain is the model's area, turned, two steps later."""
    inputs = slow(0)
    rates = run(A, B, inputs, noise=0.1).reshape(MOVIES, STEPS, 4)
    late = np.concatenate([drawn(MOVIES, 2, 4), rates[:, :-2] @ ortho_group.rvs(4)], axis=1)
    recording = Recording(
        late.transpose(2, 0, 1)[:, :, None],
        np.array(["V1"] * 4),
        np.array([f"movie {k:02d}" for k in range(MOVIES)]),
        np.arange(STEPS + 1) / 10,
        "spikes/s",
    )
    scoring = Scoring(recording.edges.tolist(), (0.2,), PerStep(), bootstraps=20, halvings=0)
    metrics = {"driven": Listening([4], 1, 2)}
    (row,) = score_model({"V1": rates}, recording, metrics, scoring, inputs={"driven": inputs})
    assert row.score == pytest.approx(0, abs=NONE)
    assert row.p is row.ceiling_low is None and row.samples == MOVIES * (STEPS - 2)
    first, *rest = Listening.heard
    assert first.shape == (MOVIES * (STEPS - 2), 1), "anything, to see whether sides compare"
    assert len(rest) == 2, "a brain's side and a model's"
    for told in rest:
        assert np.array_equal(told, inputs[:, :-2].reshape(-1, 2))
    with pytest.raises(ValueError, match=r"V1: InputDSA knows no inputs: tell them"):
        score_model({"V1": rates}, recording, metrics, scoring)


def test_a_probe_of_movies_tells_what_was_seen() -> None:
    stimuli = film()
    plan = Plan(
        Presentation(10.0, seconds=1.0),
        {"driven": InputDSA([2], 1, 3, seen=Pixels(2))},
        {"pixels": Pixels(2)},
        Scoring(sampling=PerStep(), bootstraps=5, halvings=0),
    )
    count = len(stimuli.frames)
    recording = Recording(
        drawn(5, count, 2, 10),
        np.array(["VISp"] * 5),
        np.array([f"film {k}" for k in range(count)]),
        plan.presentation.edges,
        "spikes/s",
    )
    trained = [Trained("a.ckpt", 10, looking())]
    held = Shown(recording, stimuli)
    found = probe(trained, [looking(1), looking(2)], held, plan)
    assert {(row.model, row.model_area) for row in found.scores} >= {
        ("trained", "V1"),
        ("untrained", "LM"),
        ("baseline", "pixels"),
    }
    quick = score_brain(looking(), held, plan).scores
    assert [row.score for row in quick] == pytest.approx(
        [row.score for row in found.scores.of(model="trained")]
    )


def test_what_cannot_be_compared_is_refused() -> None:
    inputs = fast(0)
    path, told = run(A, B, inputs), inputs.reshape(-1, 2)
    metric = InputDSA([2], 2, 2)
    with pytest.raises(ValueError, match="knows no inputs: tell them"):
        metric(path, shown(path))
    with pytest.raises(ValueError, match=r"inputs has 30 samples, and there are 1200"):
        metric.given(told[:30])(path, shown(path))
    with pytest.raises(ValueError, match=r"1 samples, too few for 2 delays"):
        metric.given(told)(path, Responses(path[:, None], np.arange(len(path))))
    with pytest.raises(ValueError, match="ranks go up to 9, but the trajectories have 4 axes"):
        InputDSA([9], 1, 2).given(told)(path, shown(path))
    with pytest.raises(ValueError, match="inputs do not vary"):
        metric.given(0 * told)(path, shown(path))
    other = metric.given(told[:, :1]).brain_side(shown(path))
    with pytest.raises(ValueError, match="4 numbers on one side and 2 on the other"):
        metric.compare(metric.given(told).model_side(path, GROUPS), other)
    usual: dict[str, Any] = {"ranks": [2], "delays": 1, "inputs": 2}
    wrongs: list[dict[str, Any]] = [{"ranks": []}, {"delays": 0}, {"inputs": 0}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="give 1 or more of each"):
            InputDSA(**(usual | wrong))
    with pytest.raises(ValueError, match="weight is 2: give a number from 0 to 1"):
        InputDSA([2], 1, 2, weight=2)
