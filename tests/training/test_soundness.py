"""Training stops where numbers end, says where, and keeps the last good checkpoint."""

from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from brainmodel.cli import main
from brainmodel.learning import EProp
from brainmodel.learning.modulation import Surprise
from brainmodel.training.callbacks.soundness import watched
from tests import lessons, toy
from tests.training.runs import EVERY_STEP, TINY, fit, saved

BREAKING = """
import torch
from objectives import SquaredError
from brainmodel.learning import EProp

class Diverging(SquaredError):
    '''Its loss is no number from the third window on.'''
    def __init__(self):
        super().__init__()
        self.windows = 0
    def forward(self, activity):
        self.windows += self.training
        return super().forward(activity) * (float('nan') if self.windows >= 3 else 1.0)

class Steep(SquaredError):
    '''Its loss is a number, and the slope of it none, from the third window on.'''
    def __init__(self):
        super().__init__()
        self.windows = 0
    def forward(self, activity):
        self.windows += self.training
        loss = super().forward(activity)
        return loss + (activity.rate * 0).flatten(2).sum(2).sqrt() if self.windows >= 3 else loss

class Forgetful(EProp):
    '''Its traces are no numbers from the third window on.'''
    windows = 0
    def remember(self, area, record, memory):
        self.windows += 1
        made = super().remember(area, record, memory)
        if self.windows < 3:
            return made
        broken = {source: trace / 0 for source, trace in made.eligibility.items()}
        return made._replace(eligibility=broken)
"""
CASES = {
    "loss": ("objectives", "breaking.Diverging", "areas.PM.objectives.next: the loss"),
    "gradient": ("objectives", "breaking.Steep", "areas.PM.rule: the gradient that EProp gives"),
    "traces": ("rule", "breaking.Forgetful", "areas.PM.rule: the memory of Forgetful"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_finite_stops_training_and_is_named(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("breaking.py").write_text(BREAKING)
    option, kind, named = CASES[case]
    plan = {option: {"next": kind} if option == "objectives" else kind}
    Path("breaks.yaml").write_text(yaml.safe_dump({"model": {"areas": {"PM": plan}}}))
    words = ["fit", f"--config={TINY}", "--config=breaks.yaml", *EVERY_STEP]
    with pytest.raises(SystemExit) as left:
        main([*words, "--trainer.logger.name=run", "--trainer.num_sanity_val_steps=0"])
    assert left.value.code == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith(f"brainmodel: stopped: {named}") and "at step 3" in said, said
    content = saved(Path("runs/run/version_0"))
    assert content["global_step"] == 2
    assert all(v.isfinite().all() for v in content["state_dict"].values())


def test_a_sound_run_is_not_stopped_and_alignment_is_logged() -> None:
    run = fit("--alignment.every_n_steps=2", "--trainer.max_epochs=1")
    assert saved(run)["global_step"] == 5
    events = EventAccumulator(str(run))
    events.Reload()
    scalars = events.Tags()["scalars"]
    for tag in (
        "cosine_local/PM",
        "norm_local/V1.recurrent",
        "cosine_global/V1.predictor.rate",
        "objective_gradient/V1.next",
    ):
        assert tag in scalars, sorted(scalars)
    cosines = [event.value for event in events.Scalars("cosine_local/PM.predictor.rate")]
    assert cosines == pytest.approx([1, 1], abs=0.1)  # but for its way through the felt error


def test_every_loss_memory_and_gradient_is_watched() -> None:
    brain = toy.ladder(lambda name: EProp())
    brain.modulators["LM"] = Surprise()
    inputs, reset = toy.stream(brain)
    activities, state = brain(inputs, reset)
    losses = brain.losses(activities)
    lessons.total(brain, activities).backward()
    places = [place for place, _ in watched(brain, losses, state, gradients=True)]
    for place in (
        "areas.LM.objectives.whole: the loss",
        "areas.LM.rule: the memory of EProp",
        "areas.LM.modulator: the memory of Surprise",
        "areas.LM.rule: the gradient that EProp gives synapses.recurrent.weight",
    ):
        assert place in places, places
    assert len(places) == len(set(places))
    fewer = [place for place, _ in watched(brain, losses, state, gradients=False)]
    assert not [place for place in fewer if "gradient" in place] and fewer


def test_an_area_that_is_closed_does_not_move_by_momentum() -> None:
    period = {"class_path": "brainmodel.schedules.CriticalPeriod", "init_args": {"closes": 3}}
    run = fit(*EVERY_STEP, config={"model": {"areas": {"PM": {"plasticity": period}}}})
    weights = [saved(run, step)["state_dict"] for step in (2, 3, 5)]
    own = [name for name in weights[0] if name.startswith("brain.areas.PM.")]
    assert any((weights[0][n] != weights[1][n]).any() for n in own)
    assert all(torch.equal(weights[1][n], weights[2][n]) for n in own)
    others = [name for name in weights[0] if name.startswith("brain.areas.V1.")]
    assert any((weights[1][n] != weights[2][n]).any() for n in others)
    assert int(weights[2]["brain.age"]) == 5
