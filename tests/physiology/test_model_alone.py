"""Analyses asked of models alone: what is shown, and what is found, by another route."""

import numpy as np
import pytest
import torch
from torch import Tensor

from areas import Pyramidal
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.data import GaborSequences, GratingSequences
from brainmodel.learning import NoLearning
from brainmodel.pathways import Flatten
from brainmodel.physiology.model_alone import AskedBrain, analyse_alone, shown_alone
from brainmodel.probing.activity import Source
from brainmodel.probing.analyses import Expectation, Sequences, Straightening
from objectives import Energy
from tests.physiology.hand_wired import gabor, wired

LEARNT = GratingSequences(size=8, assignment=1)
ABCD = Expectation(["ABCD*"], ["EBCD*"], [0.0, 0.15], shuffles=20)


def two_areas() -> Brain:
    """Pyramidal units that hear of another area on their apical dendrites."""
    torch.manual_seed(0)
    plans = {
        name: AreaPlan(Pyramidal(), [count], NoLearning(), {"e": Energy()}, None, ["drive"])
        for name, count in (("V1", 6), ("LM", 4))
    }
    pathways = {
        "eye_V1": Pathway("eye", "V1", signal="rate", adapters=[Flatten()]),
        "V1_LM": Pathway("V1", "LM", signal="rate"),
        "LM_V1": Pathway("LM", "V1", kind="feedback", signal="rate"),
    }
    return Brain(plans, pathways, {"eye": [1, 8, 8]})


def asked(brain: Brain) -> list[AskedBrain]:
    return [AskedBrain(Source("trained", "a", 5, "", "seed 0"), brain, LEARNT)]


def fields_by_hand(brain: Brain, frames: Tensor, field: str) -> Tensor:
    """[step, trial, unit] of V1's state, one step after the other."""
    state, found = None, []
    reset = torch.zeros(1, frames.shape[1], dtype=torch.bool)
    for frame in frames:
        with torch.no_grad():
            _, state = brain({"eye": frame[None, :, None]}, reset, state)
        found.append(getattr(state.areas["V1"], field))
    return torch.stack(found)


def test_a_brain_is_shown_the_trials_of_what_it_learnt() -> None:
    trials = LEARNT.trials(2)
    own = shown_alone(LEARNT, 2, also=["DCBA", "____"])
    seen = own.presentation.seen(own.stimuli, np.arange(8), (1, 8, 8))[:, :, 0]
    torch.testing.assert_close(seen[:, :4], trials.frames, rtol=0, atol=1e-6)
    names = "ABCD 0, ABCD 1, EBCD 0, EBCD 1, DCBA 0, DCBA 1, ____ 0, ____ 1"
    assert ", ".join(own.unrecorded.stimuli) == names
    plain = GratingSequences(size=8).movies(["DCBE"], 2)  # A and E are exchanged in this brain
    torch.testing.assert_close(seen[:, 4:6], plain, rtol=0, atol=1e-6)
    assert (seen[:, 6:] == 0.5).all()
    assert len(own.unrecorded.edges) == len(trials.frames) - trials.onset + 1


def test_somata_and_dendrites_are_fields_of_the_state() -> None:
    brain, trials = two_areas(), LEARNT.trials(3)
    question = Expectation(
        ["ABCD*"],
        ["EBCD*"],
        [0.0, 0.15],
        shuffles=20,
        somata="state.somatic",
        dendrites="state.apical",
    )
    rows = analyse_alone({"x": question}, asked(brain), 3)["x"].tables["expectation"]
    effects = {(row["area"], row["signal"]): row["effect"] for row in rows}
    first = slice(trials.onset, trials.onset + 3)
    for field in ("somatic", "apical"):
        course = fields_by_hand(brain, trials.frames, field)[first].mean((0, 2))
        by_hand = float(course[~trials.due].mean() - course[trials.due].mean())
        assert effects["V1", f"state.{field}"] == pytest.approx(by_hand, rel=0.02)
    assert effects["V1", "state.apical"] != pytest.approx(effects["V1", "state.somatic"], rel=0.1)


def test_sequences_and_straightening_can_be_asked_of_a_model_alone() -> None:
    questions = {
        "order": Sequences("ABCD", 0.15, [0.0, 0.15], shuffles=5),
        "bent": Straightening(every=3),
    }
    also = ["DCBA", "AB_D", "____"]
    found = analyse_alone(questions, asked(two_areas()), 2, also)
    rows = found["order"].tables["sequences"]
    assert {row["question"] for row in rows} == {"order", "AB_D"}
    assert {row["model"] for row in rows} == {"trained"}
    models = {row["model"] for row in found["bent"].tables["straightening"]}
    assert models == {"baseline", "trained"}


def test_what_cannot_be_asked_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"somata is 'soma': give rate, error"):
        Expectation(["A*"], ["B*"], somata="soma")
    leaky = wired(torch.stack([gabor()]), 8)
    apical = Expectation(["ABCD*"], ["EBCD*"], [0.0, 0.1], dendrites="state.apical")
    with pytest.raises(ValueError, match=r"dendrites is 'state.apical': no area of this brain"):
        analyse_alone({"x": apical}, asked(leaky), 2)
    with pytest.raises(ValueError, match=r"analyses.x: .* expected 'XYZ' fits no stimulus"):
        analyse_alone({"x": Expectation(["XYZ"], ["EBCD*"])}, asked(leaky), 2)
    with pytest.raises(ValueError, match=r"also has 'ABX_': give 4 letters of ABCDE, or '_'"):
        shown_alone(LEARNT, 2, ["ABX_"])
    with pytest.raises(ValueError, match="GaborSequences shows no other sequences than it has"):
        shown_alone(GaborSequences(size=8), 2, ["DCBA"])
