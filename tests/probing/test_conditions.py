"""Trials of a task are aligned and averaged by condition as a literal loop over them does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from areas import GRU, Leaky
from brainmodel.brain import AreaPlan, Brain
from brainmodel.data.tasks import CentreOutReaching, DelayedMatch
from brainmodel.learning import EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.perturbation import During, Silence, perturbed
from brainmodel.probing import Plan, Recording, Scoring, Shown, Trained, probe, write_report
from brainmodel.probing.activity import (
    average_places,
    mean_inputs,
    record_conditions,
    record_session,
)
from brainmodel.probing.analyses import Straightening
from brainmodel.probing.baselines import Pixels
from brainmodel.probing.during_training import best_scores, score_baselines, score_brain
from brainmodel.probing.metrics import InputDSA, Procrustes
from brainmodel.probing.recordings import DuringTask, MotorCortexReaching, TaskTrials, write_npz
from brainmodel.probing.scores import PerStep

STEPS, STREAMS, CONDITIONS = 60, 3, 2
Windows = list[tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]]


def hearing(seed: int = 0) -> Brain:
    """Two areas and two inputs of different kinds, neither of them a picture."""
    torch.manual_seed(seed)
    plans = {
        "A1": AreaPlan(Leaky(0.5), [4], EProp(), predictor=None, afferents=["drive"]),
        "PFC": AreaPlan(GRU(), [3], EProp(), predictor=None, afferents=["drive"]),
    }
    pathways = {
        "sound_A1": Pathway("sound", "A1", signal="rate"),
        "A1_PFC": Pathway("A1", "PFC", signal="rate"),
        "cue_PFC": Pathway("cue", "PFC", signal="rate"),
    }
    return Brain(plans, pathways, {"sound": [5], "cue": [2]})


class Listening:
    """Trials of 7 to 11 steps, with gaps, in windows that cut them; a tone comes in each."""

    frames_per_second = 20.0

    def held_out_windows(self, count: int) -> Windows:
        random = np.random.default_rng(0)
        trial, condition = (np.full((STEPS, STREAMS), -1) for _ in range(2))
        tone, since = np.zeros((STEPS, STREAMS), bool), np.zeros((STEPS, STREAMS), np.float32)
        for stream in range(STREAMS):
            begin, number = int(random.integers(3)), 0
            while begin < STEPS:
                here = slice(begin, begin + int(random.integers(7, 12)))
                comes = begin + int(random.integers(2, 5))
                trial[here, stream], condition[here, stream] = number, random.integers(CONDITIONS)
                tone[comes : comes + 2, stream] = True
                since[here, stream] = (
                    np.arange(here.start, here.stop)[: STEPS - begin] - comes
                ) / 20
                begin, number = here.stop + int(random.integers(3)), number + 1
        torch.manual_seed(1)
        inputs = {"sound": torch.rand(STEPS, STREAMS, 5), "cue": torch.rand(STEPS, STREAMS, 2)}
        labels = {"trial": trial, "condition": condition, "tone": tone, "since": since}
        told = {name: torch.from_numpy(label) for name, label in labels.items()}
        told["answer"] = told["condition"].clamp(min=0)
        reset = torch.zeros(STEPS, STREAMS, dtype=torch.bool)
        reset[30, 1] = True
        pieces = range(0, STEPS, STEPS // count)
        return [
            (
                cut(inputs, k, STEPS // count),
                reset[k : k + STEPS // count],
                cut(told, k, STEPS // count),
            )
            for k in pieces
        ]


def cut(values: dict[str, Tensor], start: int, steps: int) -> dict[str, Tensor]:
    return {name: value[start : start + steps] for name, value in values.items()}


def stepped(brain: Brain, windows: Windows) -> dict[str, np.ndarray]:
    """By area, [time, stream, unit], literally step by step."""
    state, found = brain.initial_state(STREAMS), {}
    for inputs, reset, _ in windows:
        for k in range(len(reset)):
            now = {name: value[k] for name, value in inputs.items()}
            did, state = brain.step(now, reset[k], state)
            for area, activity in did.items():
                found.setdefault(area, []).append(activity.rate.detach().numpy())
    return {area: np.stack(values) for area, values in found.items()}


def test_what_a_label_tells_perturbs_the_brain_that_is_recorded() -> None:
    windows, brain = Listening().held_out_windows(2), hearing()
    tone = torch.cat([w[2]["tone"] for w in windows]).numpy()
    with perturbed(brain, {"deaf": Silence("A1", During("tone"))}):
        rates = record_session(brain, windows, 20.0).activity["rate"]["A1"]
        assert not rates[tone].any() and (np.abs(rates[~tone]).max(1) > 0).all()
        places = average_places(
            {n: torch.cat([w[2][n] for w in windows]) for n in windows[0][2]},
            "tone",
            [0, 1],
            (0, 2),
        )
        assert not record_conditions(brain, windows, places, ["rate"])["rate"]["A1"].any()


def literal_means(
    values: np.ndarray, labels: dict[str, Tensor], first: int, last: int
) -> np.ndarray:
    """[condition, step, unit] around the first step of the tone, trial by trial."""
    trial, tone = labels["trial"].numpy(), labels["tone"].numpy()
    condition = labels["condition"].numpy()
    rows: dict[int, list[np.ndarray]] = {c: [] for c in range(CONDITIONS)}
    for stream in range(STREAMS):
        for number in range(trial[:, stream].max() + 1):
            steps = np.flatnonzero(trial[:, stream] == number)
            if steps[-1] == STEPS - 1:
                continue  # it may go on
            event = next(k for k in steps if tone[k, stream])
            rows[condition[event, stream]].append(values[event + first : event + last, stream])
    return np.stack([np.mean(rows[c], axis=0) for c in range(CONDITIONS)])


@pytest.mark.parametrize("event", ["tone", "since"])
@pytest.mark.parametrize("count", [1, 4])
def test_means_by_condition_are_those_of_a_loop_over_trials(event: str, count: int) -> None:
    """The state goes on across windows; at -1 and 2 steps from the tone all trials are there."""
    windows, brain = Listening().held_out_windows(count), hearing()
    labels = {name: torch.cat([w[2][name] for w in windows]) for name in windows[0][2]}
    places = average_places(labels, event, [1, 0], (-1, 3))
    assert (places.first, places.steps) == (-1, 4) and places.trials.sum() >= 10
    found = record_conditions(brain, windows, places, ["rate", "state"])
    for area, values in stepped(brain, windows).items():
        expected = literal_means(values, labels, -1, 3)[[1, 0]]  # in the order that was asked for
        np.testing.assert_allclose(found["rate"][area], expected, atol=1e-6)
        assert np.ptp(expected) > 0.01
        assert not np.allclose(found["rate"][area], expected[::-1], atol=1e-3), "a control"
    np.testing.assert_allclose(found["state.rate"]["A1"], found["rate"]["A1"], atol=1e-6)
    cue = torch.cat([w[0]["cue"] for w in windows])
    expected = literal_means(cue.numpy(), labels, -1, 3)[[1, 0]]
    np.testing.assert_allclose(mean_inputs(cue, places), expected, atol=1e-6)


def test_only_steps_that_all_trials_have_are_averaged() -> None:
    labels = Listening().held_out_windows(1)[0][2]
    wide = average_places(labels, "tone", [0, 1], (-100, 100))
    trial, tone = labels["trial"].numpy(), labels["tone"].numpy()
    before, after = [], []
    for stream in range(STREAMS):
        for number in range(trial[:, stream].max() + 1):
            steps = np.flatnonzero(trial[:, stream] == number)
            if steps[-1] == STEPS - 1:
                continue  # it may go on
            event = next(k for k in steps if tone[k, stream])
            before.append(event - steps[0])
            after.append(steps[-1] - event)
    assert (wide.first, wide.first + wide.steps - 1) == (-min(before), min(after))
    begin = average_places(labels, None, [0, 1], (-100, 100))
    assert begin.first == 0 and begin.steps >= 7


def test_a_session_holds_all_inputs_and_what_all_areas_did() -> None:
    windows, brain = Listening().held_out_windows(4), hearing()
    session = record_session(brain, windows, 20.0)
    for area, values in stepped(brain, windows).items():
        np.testing.assert_allclose(session.activity["rate"][area], values, atol=1e-6)
    assert set(session.inputs) == {"sound", "cue"} and session.inputs["sound"].shape[2] == 5
    table, trial = session.trials(), session.labels["trial"]
    assert len(table["trial"]) == sum(len(set(t[t >= 0])) for t in trial.T)
    for k in range(len(table["trial"])):
        start, stop, stream = (int(table[name][k]) for name in ("start", "stop", "stream"))
        assert (trial[start:stop, stream] == table["trial"][k]).all()
        assert table["condition"][k] == session.labels["condition"][start, stream]
        assert table["whole"][k] == (stop < STEPS)
    assert "response" in table and (table["response"] == -1).all()  # this task asks for nothing


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"event": "tune"},
            "event: the task has no label 'tune' of one number.*since, tone, trial",
        ),
        ({"conditions": [0, 7]}, "conditions: no whole trial of condition 7 in which tone happens"),
        ({"within": (50, 60)}, "event: no step from 50 to 60 around tone is one that all trials"),
    ],
)
def test_what_cannot_be_averaged_is_refused(change: dict[str, object], sentence: str) -> None:
    labels = Listening().held_out_windows(1)[0][2]
    usual = {"event": "tone", "conditions": [0, 1], "within": (-1, 3)}
    with pytest.raises(ValueError, match=sentence):
        average_places(labels, **(usual | change))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ the whole probe

REACHING = CentreOutReaching(
    targets=8, hold=(2, 4), preparation=(20, 24), movement=8, aligned=True, batch_size=32
)
PLAN = Plan(
    metrics={"procrustes": Procrustes(4)},
    scoring=Scoring(lags=(-0.02, 0.0), bootstraps=20, halvings=0, sampling=PerStep()),
)


def reaching(seed: int) -> Brain:
    torch.manual_seed(seed)
    plan = AreaPlan(Leaky(0.3), [12], EProp(), predictor=None, afferents=["drive"])
    route = {"up": Pathway("stimulus", "M1", signal="rate")}
    return Brain({"M1": plan}, route, REACHING.shapes)


def planted(folder: Path, lag: int = 2) -> Path:
    """Neurons that are a rotation of a brain's units, so many steps earlier, 20 ms each way."""
    windows = REACHING.held_out_windows(3)
    labels = {name: torch.cat([w[2][name] for w in windows]) for name in windows[0][2]}
    places = average_places(labels, "since", range(8), (-30, 12))
    rates = record_conditions(reaching(0), windows, places, ["rate"])["rate"]["M1"]
    random = np.random.default_rng(0)
    rotation = np.linalg.qr(random.standard_normal((12, 12)))[0]
    neurons = (rates @ rotation).transpose(2, 0, 1)[:, :, None]
    first, steps = places.first - lag, places.steps
    edges = np.arange(first, first + steps + 1) / 100
    names = np.array([f"direction {k}" for k in range(8)])
    recording = Recording(neurons, np.array(["M1"] * 12), names, edges, "spikes/s", "planted")
    write_npz(recording, folder / "reaching.npz")
    return folder / "reaching.npz"


def test_a_task_brain_is_held_against_a_recording_condition_by_condition(tmp_path: Path) -> None:
    experiment = DuringTask(str(planted(tmp_path)), REACHING, windows=3, event="since")
    trained = [Trained("right.ckpt", 10, reaching(0)), Trained("wrong.ckpt", 10, reaching(5))]
    found = probe(trained, [reaching(1), reaching(2)], experiment, PLAN)
    best = found.scores.best()
    assert (best.instance, best.model_area, best.lag) == ("right.ckpt", "M1", -0.02)
    assert best.score < 1e-3 and best.groups == 8
    assert all(s.score > 0.1 for s in found.scores if s.instance != "right.ckpt")
    kinds = {s.model_area for s in found.scores if s.model == "baseline"}
    assert kinds == {"inputs", "answer"}
    assert "averaged by condition" in found.seen.how and found.seen.pictures.shape[:2] == (8, 1)
    page = write_report(found, tmp_path / "out").read_text()
    assert "Inputs over time" in page and "planted" in page
    other = replace(PLAN, scoring=replace(PLAN.scoring, lags=(0.0,)))
    shuffled = DuringTask(
        str(tmp_path / "reaching.npz"), REACHING, 3, "since", [1, 2, 3, 4, 5, 6, 7, 0]
    )
    worse = probe(trained, [reaching(1), reaching(2)], shuffled, other).scores.of(model="trained")
    assert min(s.score for s in worse if s.instance == "right.ckpt") > 0.1  # directions matter


def test_scores_in_training_and_metrics_with_inputs_take_tasks_too(tmp_path: Path) -> None:
    shown = DuringTask(str(planted(tmp_path)), REACHING, windows=3, event="since").read()
    scored = best_scores(score_brain(reaching(0), shown, PLAN).scores)
    assert scored["probe_procrustes/M1-M1"] < 1e-3
    assert {"inputs", "answer"} == {s.model_area for s in score_baselines(reaching(0), shown, PLAN)}
    scoring = replace(PLAN.scoring, lags=(-0.02,))
    driven = replace(PLAN, metrics={"driven": InputDSA([4], 1, 3)}, scoring=scoring)
    own, other = (score_brain(reaching(k), shown, driven).scores.best().score for k in (0, 5))
    assert own < 0.05 < other


def test_what_a_task_cannot_be_asked_is_refused_before_a_brain_is_recorded(tmp_path: Path) -> None:
    experiment = DuringTask(str(planted(tmp_path)), REACHING, windows=3, event="since")
    brains = [Trained("a", 1, reaching(0))], [reaching(1), reaching(2)]
    with pytest.raises(ValueError, match="baselines are features of pictures, and a task was"):
        probe(*brains, experiment, replace(PLAN, baselines={"pixels": Pixels()}))
    with pytest.raises(ValueError, match=r"analyses.straight: asks about pictures, and a task"):
        probe(*brains, experiment, replace(PLAN, analyses={"straight": Straightening()}))
    with pytest.raises(ValueError, match="2 conditions of a task for 8 stimuli: give the number"):
        DuringTask(experiment.path, REACHING, conditions=[0, 1]).read()
    with pytest.raises(ValueError, match=r"conditions are \[0, 0\]: give each of them once"):
        TaskTrials(REACHING, 1, None, (0, 0))
    matching = TaskTrials(DelayedMatch(aligned=True), 9, None, tuple(range(8)))
    plan = replace(PLAN, scoring=replace(PLAN.scoring, lags=(-0.2,)))
    with pytest.raises(ValueError, match="inputs.stimulus is .*: give real numbers"):
        probe(*brains, Shown(experiment.read().recording, matching), plan)
    with (
        perturbed(brains[0][0].brain, {"mute": Silence("M1", During("odour"))}),
        pytest.raises(ValueError, match=r"perturb.of.mute.when: label: the data have no 'odour'"),
    ):
        probe(*brains, experiment, PLAN)


def test_the_reaching_neurons_are_read_as_they_were_published(recordings: Path) -> None:
    path = recordings / "motor_cortex_reaching" / "reaching_141_neurons_8_directions.npz"
    recording, trials = MotorCortexReaching(str(path), REACHING, event="since").open()
    assert recording.responses.shape == (141, 8, 1, 121) and trials.conditions == tuple(range(8))
    assert recording.edges[0] == -0.8 and recording.edges[80] == 0.0
    assert recording.stimuli[1] == "45 degrees"
    with np.load(path) as held:
        np.testing.assert_allclose(recording.responses[3, 2, 0], held["firing_rate"][3, :, 2])
