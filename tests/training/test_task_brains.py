"""The brains of configs/tasks train and say what they score; each task takes learning in time."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from areas import LSTM, Cell, Leaky
from brainmodel import CONFIGS, AreaPlan, Brain, Pathway
from brainmodel.cli import main
from brainmodel.command_line.config_files import read_config
from brainmodel.data.streams import Part
from brainmodel.data.tasks import (
    Add,
    CentreOutReaching,
    ContextIntegration,
    CopySequence,
    DelayedMatch,
    EvidenceAccumulation,
    PathIntegration,
    PatternGeneration,
    SequentialDigits,
    TaskModule,
    TemporalXOR,
    ToneClouds,
)
from brainmodel.learning import BPTT, EProp, NoLearning, Rule
from brainmodel.training.held_out import TermSums, follow_streams
from objectives import CrossEntropy, Regression, When

TASKS = sorted(
    path.stem
    for path in (CONFIGS / "tasks").glob("*.yaml")
    if "brainmodel.data.ClosedLoop" not in path.read_text()  # see test_closed_loop_brains.py
)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", TASKS)
def test_every_task_trains_and_says_what_chance_is(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    ((area, plan),) = read_config(f"tasks/{name}")["model"]["areas"].items()
    small = ["--data.batch_size=2", "--data.validation_windows=1"]
    small += [f"--model.areas.{area}.units=[4]"]
    main(["fit", f"--config=tasks/{name}", *small, "--trainer.fast_dev_run=2", "--report.scenes=0"])
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if line.startswith("Tasks on held-out streams:")]
    (objective,) = plan["objectives"]
    assert "The score of the best answer that is always the same: answer 0." in said
    assert f"{area}.{objective}." in line and "(chance 0." in line and "untrained " in line


def test_a_held_out_accuracy_is_a_curve_that_others_may_watch(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    name = "held_out_terms/PFC.match.accuracy"
    small = ["--data.batch_size=8", "--data.validation_windows=3", "--model.areas.PFC.units=[4]"]
    small += ["--data.windows_per_epoch=2", "--trainer.max_steps=4", "--report.scenes=0"]
    watched = [f"--checkpoint.monitor={name}", "--checkpoint.mode=max"]
    quiet = ["--trainer.enable_progress_bar=false", "--trainer.logger.name=task"]
    quiet += ["--trainer.log_every_n_steps=1", "--pictures.scenes=0"]
    main(["fit", "--config=tasks/delayed_match", *small, *watched, *quiet])
    events = EventAccumulator(str(own_folder / "runs" / "task" / "version_0"))
    events.Reload()
    curve = [event.value for event in events.Scalars(name)]
    assert len(curve) == 2 and all(0 <= value <= 1 for value in curve)
    asked = 8 * 3 * 3  # streams, windows, response steps
    assert all(asked * value == pytest.approx(round(asked * value), abs=1e-4) for value in curve)
    assert f"PFC.match.accuracy {curve[-1]:.3f} (chance 0.500" in capsys.readouterr().out
    mistyped = "--checkpoint.monitor=held_out_terms/PFC.mtch.accuracy"
    with pytest.raises(SystemExit):
        main(["fit", "--config=tasks/delayed_match", mistyped])
    assert "no run logs 'held_out_terms/PFC.mtch.accuracy'; did" in capsys.readouterr().err


def test_windows_in_which_no_step_counts_have_no_accuracy(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    task = DelayedMatch(distractors=1, window=1, batch_size=1)
    windows = task.windows(Part.TRAINING)
    counting = [k for k in range(24) if windows.window(k).labels["response"].any()]
    assert 0 < len(counting) < 24
    small = ["--data.aligned=false", "--data.window=1", "--data.batch_size=1"]
    small += ["--model.areas.PFC.units=[4]", "--report.scenes=0", "--pictures.scenes=0"]
    small += ["--trainer.max_steps=24", "--trainer.log_every_n_steps=1"]
    quiet = ["--trainer.enable_progress_bar=false", "--trainer.logger.name=task"]
    main(["fit", "--config=tasks/delayed_match", *small, *quiet])
    events = EventAccumulator(str(own_folder / "runs" / "task" / "version_0"))
    events.Reload()
    assert [e.step for e in events.Scalars("terms/PFC.match.accuracy")] == counting


def brain_after(
    kind: type[TaskModule], cell: Cell, rule: Rule, steps: int, options: dict[str, Any]
) -> tuple[Brain, TaskModule]:
    """32 units after so many windows of 64 streams."""
    torch.manual_seed(0)
    data = kind(batch_size=64, aligned=True, **options)  # type: ignore[call-arg]
    asked = data.label_kinds["answer"]
    of = (
        CrossEntropy("answer", asked.whole[1] + 1)
        if asked.whole
        else Regression("answer", asked.shape[0])
    )
    plan = AreaPlan(
        cell, [32], rule, {"task": When("response", of)}, afferents=["drive"], predictor=None
    )
    brain = Brain({"PFC": plan}, {"up": Pathway("stimulus", "PFC", signal="rate")}, data.shapes)
    optimizer = torch.optim.Adam(brain.parameters(), lr=0.01)
    stream, state = data.stream(data.share(Part.TRAINING)), None
    for index in range(steps):
        window = stream.window(index)
        activities, state = brain(window.inputs, window.reset, state)
        activities = {n: a._replace(labels=window.labels) for n, a in activities.items()}
        loss = brain.losses(activities)["PFC"]["task"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return brain, data


def trained(kind: type[TaskModule], rule: Rule, steps: int, options: dict[str, Any]) -> float:
    """The held-out score of 32 units after so many windows of 64 streams."""
    brain, data = brain_after(kind, LSTM(), rule, steps, options)
    sums, held_out = TermSums(brain), data.stream(data.share(Part.VALIDATION))
    for window, activities in follow_streams(brain, map(held_out.window, range(4))):
        sums.see({n: a._replace(labels=window.labels) for n, a in activities.items()})
    (score,) = sums.terms().values()
    return score


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "steps", "options", "least"),
    [
        (TemporalXOR, 300, {"gap": (1, 3)}, 0.95),
        (DelayedMatch, 100, {"stimuli": 3, "delay": (1, 4), "shown": 2}, 0.95),
        (CopySequence, 150, {"length": 2, "delay": (1, 3)}, 0.95),
        (Add, 150, {"first": 1, "second": 2, "length": 20}, 0.95),
        (EvidenceAccumulation, 60, {"step": 25.0, "delay": 250.0, "likely": 0.8}, 0.95),
        (ContextIntegration, 100, {"shown": 8, "strengths": (0.2, 0.6)}, 0.88),
        (SequentialDigits, 150, {}, 0.65),
        (PatternGeneration, 200, {"length": 20}, 0.95),
        (CentreOutReaching, 200, {"hold": (1, 3), "preparation": (20, 22), "movement": 10}, 0.5),
        (PathIntegration, 100, {"length": 20}, 0.9),
        (ToneClouds, 60, {"shown": 20, "strengths": (0.4,)}, 0.95),
    ],
)
def test_every_task_is_learnt_through_time_and_not_by_a_read_out_alone(
    kind: type[TaskModule], steps: int, options: dict[str, Any], least: float
) -> None:
    """A miniature of each, in a second; the reservoir, whose read-out learns, is the control.

    So is a local rule, e-prop, on those that it can do as small and as soon as that.
    """
    score = trained(kind, BPTT(), steps, options)
    floor = trained(kind, NoLearning(), steps, options)
    assert score > least and floor < score - 0.1, (score, floor)
    if kind not in (SequentialDigits, PatternGeneration, CentreOutReaching):
        local = trained(kind, EProp(), steps, options)
        assert local > floor + 0.05, (local, floor)


@pytest.mark.parametrize("high_right", [True, False])
def test_synapses_from_auditory_cortex_change_by_their_tuning(high_right: bool) -> None:
    """As Xiong et al. (2015) found: one way, or the other way where high tones mean left.

    A unit that speaks for the right gains synapses from cells tuned to what means right.
    """
    options = {"shown": 10, "strengths": (0.5, 1.0), "high_right": high_right}
    changes = []
    for steps in (0, 60):
        brain, _ = brain_after(ToneClouds, Leaky(0.2), EProp(), steps, options)
        weight = dict(brain.area("PFC").named_parameters())["synapses.drive.weight"]
        changes.append(weight.detach().clone())
    side = brain.objectives["PFC"]["task"].of.readout.synapses[1].weight.detach()  # type: ignore
    change = (side[1] - side[0]) @ (changes[1] - changes[0])[:, :18]  # [frequency], low to high
    low, middle, high = change.reshape(3, 6).mean(1).tolist()
    sign = 1 if high_right else -1
    assert sign * (high - low) > 0 and min(low, high) < middle < max(low, high)
