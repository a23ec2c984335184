"""A session of a brain is read back from NWB as it happened, by pynwb, pynapple and by us."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pynwb
import pytest
import torch

from areas import LIF, LSTM
from brainmodel.brain import AreaPlan, Brain
from brainmodel.data import ClosedLoop
from brainmodel.data.tasks import DelayedMatch
from brainmodel.environments import TwoStepDecision
from brainmodel.learning import EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.probing.activity import Session, record_session, write_nwb
from brainmodel.probing.activity.nwb_session import GAP
from brainmodel.probing.recordings import NwbUnits
from objectives import ActorCritic, CrossEntropy, When

OPEN: Any = pynwb.NWBHDF5IO
TASK = DelayedMatch(stimuli=3, delay=(2, 4), aligned=True, batch_size=4)
RATE = TASK.frames_per_second


@pytest.fixture(scope="module")
def session() -> Session:
    """Of an area with rates, which answers, and one that spikes."""
    torch.manual_seed(0)
    objective: dict[str, Any] = {"match": When("response", CrossEntropy("answer", 2))}
    plans = {
        "PFC": AreaPlan(LSTM(), [5], EProp(), objective, predictor=None, afferents=["drive"]),
        "A1": AreaPlan(LIF(), [20], EProp(), predictor=None, afferents=["drive"]),
    }
    pathways = {n: Pathway("stimulus", n, signal="rate") for n in plans}
    brain = Brain(plans, pathways, TASK.shapes)
    with torch.no_grad():
        for weight in brain.area("A1").parameters():
            weight.mul_(5)
    return record_session(brain, TASK.held_out_windows(3), RATE)


@pytest.fixture(scope="module")
def written(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nwb") / "sessions" / "session.nwb"
    write_nwb(session, path, "a test")
    return path


def test_what_was_chosen_and_paid_in_a_closed_loop_is_told(tmp_path: Path) -> None:
    torch.manual_seed(0)
    data = ClosedLoop({"task": TwoStepDecision()}, window=20, episode=30, batch_size=3)
    made = AreaPlan(LSTM(), [5], EProp(), {"choice": ActorCritic(2)})
    plans = {"PFC": replace(made, predictor=None, afferents=["drive"])}
    pathways = {"see": Pathway("task", "PFC"), "act": Pathway("PFC", "task", read_out="choice")}
    brain = Brain(plans, pathways, {}, environments=data.environments)
    windows = data.held_out_windows(3)
    told = record_session(brain, windows, 100.0)
    state, labels = None, []
    for inputs, reset, _ in windows:
        activities, state = brain(inputs, reset, state)
        labels.append(activities["PFC"].labels)
    assert {"action", "bids", "reward", "common"} <= set(told.labels) == set(labels[0])
    for name, values in told.labels.items():
        assert np.array_equal(values, torch.cat([own[name] for own in labels]).numpy())
    bids = told.answers["PFC.choice"][:-1]  # heard a step later, but where a stream begins anew
    heard = told.labels["bids"][1:]
    assert np.allclose(heard, np.where(told.reset[1:, :, None], 0, bids), atol=1e-6)
    assert told.labels["reward"].any() and told.reset[1:].any(), "a control"
    write_nwb(told, tmp_path / "two_step.nwb")
    with OPEN(str(tmp_path / "two_step.nwb"), "r") as opened:
        series = opened.read().processing["behavior"]["label_reward"]
        assert np.array_equal(series.data[:], told.labels["reward"].T.ravel())


def offset(session: Session, stream: int) -> float:
    """s, at which a stream begins in the file."""
    return stream * (len(session.reset) / RATE + GAP)


def test_pynwb_reads_what_happened(session: Session, written: Path) -> None:
    assert [path.name for path in written.parent.iterdir()] == ["session.nwb"]
    with OPEN(str(written), "r") as opened:
        file = opened.read()
        series = file.processing["ecephys"]["PFC_rate"]
        steps = len(session.reset)
        for stream in range(4):
            here = slice(stream * steps, (stream + 1) * steps)
            np.testing.assert_array_equal(
                series.data[here], session.activity["rate"]["PFC"][:, stream]
            )
            assert series.timestamps[here.start] == pytest.approx(offset(session, stream))
        behavior = file.processing["behavior"]
        assert behavior["answer_PFC_match"].data.shape == (4 * steps, 2)
        assert behavior["label_answer"].data.ndim == 1
        trials = file.trials.to_dataframe()
    labels = session.labels
    assert len(trials) == 12 and {"condition", "answer", "response_time"} <= set(trials.columns)
    for _, row in trials.iterrows():
        start = row.start_time - offset(session, int(row.stream))
        first = round(start * RATE)
        when = round((row.response_time - offset(session, int(row.stream))) * RATE)
        assert labels["condition"][first, int(row.stream)] == row.condition
        assert labels["response"][when, int(row.stream)]
        assert not labels["response"][when - 1, int(row.stream)]
        assert labels["answer"][when, int(row.stream)] == row.answer


def test_areas_that_spike_have_units(session: Session, written: Path) -> None:
    spikes = session.activity["state.spike"]["A1"]
    assert 10 < spikes.sum() < spikes.size / 2, "a control: some fire"
    with OPEN(str(written), "r") as opened:
        units = opened.read().units
        assert len(units) == 20 and set(units["area"][:]) == {"A1"}
        for unit in range(20):
            when = [
                k / RATE + offset(session, stream)
                for stream in range(4)
                for k in np.flatnonzero(spikes[:, stream, unit])
            ]
            np.testing.assert_allclose(units.get_unit_spike_times(unit), when, atol=1e-9)


def test_our_own_reader_takes_the_model_for_an_animal(written: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "frames.npy", np.zeros((6, 4, 4), np.uint8))
    found, _ = NwbUnits(
        str(written),
        "trials",
        "condition",
        [0.0, 0.05, 0.1],
        str(tmp_path / "frames.npy"),
        [0, 0.1],
    ).open()
    assert set(found.areas) == {"A1"} and len(found.stimuli) <= 6


def test_pynapple_opens_it(session: Session, written: Path) -> None:
    nap = pytest.importorskip("pynapple", reason="the extra pynapple is not installed")
    data = nap.load_file(str(written))
    assert len(data["trials"]) == 12 and len(data["units"]) == 20
    rate = data["PFC_rate"]
    assert rate.shape == (4 * len(session.reset), 5)
    inside = rate.restrict(data["trials"][0]).values
    trial = session.labels["trial"][:, 0]
    np.testing.assert_array_equal(inside, session.activity["rate"]["PFC"][trial == 0, 0])


def test_a_file_that_is_there_stays(session: Session, written: Path) -> None:
    with pytest.raises(ValueError, match="session.nwb is there already; name a file that is not"):
        write_nwb(session, written)
