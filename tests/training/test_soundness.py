"""Training stops where numbers end, says where, and keeps the last good checkpoint."""

import signal
from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor
from torch.utils._pytree import tree_leaves

from brainmodel.cli import main
from brainmodel.errors import NotFinite
from brainmodel.learning import EProp
from brainmodel.learning.modulation import Surprise
from brainmodel.training import finite_watch
from brainmodel.training.finite_watch import FiniteWatch, Watched, watched
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

class Failing(Diverging):
    '''Fails by what is no number.'''
    def forward(self, activity):
        loss = super().forward(activity)
        if not activity.rate.isfinite().all():
            raise RuntimeError("as some of PyTorch's functions do")
        return loss

class Stopping(Diverging):
    '''As by ctrl-C in the fifth window, when its loss is no number any more.'''
    def forward(self, activity):
        if self.windows == 4:
            raise KeyboardInterrupt
        return super().forward(activity)

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
    sentence = stopped(capsys, "--config=breaks.yaml", *EVERY_STEP)
    assert sentence.startswith(f"brainmodel: stopped: {named}"), sentence
    assert "at step 3" in sentence, sentence
    assert last_step() == 2


def stopped(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Train until something is not finite; the sentence with which it ends."""
    words = ["fit", f"--config={TINY}", "--trainer.num_sanity_val_steps=0"]
    with pytest.raises(SystemExit) as left:
        main([*words, "--trainer.logger.name=run", *options])
    assert left.value.code == 1
    return capsys.readouterr().err.strip().splitlines()[-1]


def last_step() -> int:
    """The step of the last checkpoint, all of whose weights are finite."""
    content = saved(Path("runs/run/version_0"))
    assert all(v.isfinite().all() for v in content["state_dict"].values())
    return content["global_step"]


SELDOM = "--trainer.log_every_n_steps=5"


@pytest.mark.parametrize("weights_only", ["true", "false"])
def test_what_breaks_between_logs_is_named_and_never_saved(
    weights_only: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("breaking.py").write_text(BREAKING)
    broken = "--model.areas.PM.objectives.next=breaking.Diverging"
    saving = ("--checkpoint.every_n_train_steps=2", "--checkpoint.save_top_k=-1")
    only = f"--checkpoint.save_weights_only={weights_only}"
    sentence = stopped(capsys, broken, SELDOM, *saving, only)
    assert "areas.PM.objectives.next: the loss is not finite at step 3" in sentence, sentence
    assert last_step() == 2
    assert len(list(Path("runs/run/version_0/checkpoints").iterdir())) == 2  # and last.ckpt


def test_what_breaks_after_the_last_log_stops_training_at_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("breaking.py").write_text(BREAKING)
    broken = "--model.areas.PM.objectives.next=breaking.Diverging"
    alone = ("--trainer.enable_checkpointing=false", "--trainer.max_steps=4")
    sentence = stopped(capsys, broken, SELDOM, *alone)
    assert "areas.PM.objectives.next: the loss is not finite at step 3" in sentence, sentence


def test_a_failure_that_came_of_it_is_told_as_what_it_came_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("breaking.py").write_text(BREAKING)
    sentence = stopped(capsys, "--model.areas.PM.objectives.next=breaking.Failing", SELDOM)
    assert "areas.PM.objectives.next: the loss is not finite at step 3" in sentence, sentence
    assert not list(Path("runs/run/version_0").rglob("*.ckpt"))


def test_training_that_is_interrupted_after_it_broke_is_not_saved() -> None:
    Path("breaking.py").write_text(BREAKING)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as left:
            fit(
                "--trainer.num_sanity_val_steps=0",
                SELDOM,
                "--model.areas.PM.objectives.next=breaking.Stopping",
            )
    finally:
        signal.signal(signal.SIGINT, before)  # Lightning ignores it from then on
    assert left.value.code == 130
    assert not list(Path("runs/run/version_0").rglob("*.ckpt"))


def test_flags_wait_until_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, one = FiniteWatch(), torch.ones(2)
    watch.look(1, [Watched("a", one), Watched("b", one)])
    watch.look(2, [Watched("a", one), Watched("b", one / 0)])
    watch.look(3, [Watched("a", one * float("nan")), Watched("b", one)])
    for _ in range(2):  # what was not finite once stays so
        with pytest.raises(NotFinite, match="^b is not finite at step 2;"):
            watch.require()
    monkeypatch.setattr(finite_watch, "MOST_UNREAD", 3)
    watch = FiniteWatch()
    watch.look(1, [Watched("a", one / 0)])
    watch.look(2, [Watched("a", one)])
    with pytest.raises(NotFinite, match="^a is not finite at step 1;"):
        watch.look(3, [Watched("a", one)])
    sound = FiniteWatch()
    sound.look(1, [Watched("a", one)])
    sound.require()


def test_the_device_is_waited_for_when_the_log_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(FiniteWatch, "require", lambda self: asked.append(len(self._unread)))
    options = ("--trainer.max_steps=4", "--trainer.enable_checkpointing=false")
    fit(*options, "--trainer.log_every_n_steps=2", folder="often")
    assert asked == [2, 4, 4]  # the end, too
    asked.clear()
    fit(*options, SELDOM, folder="seldom")
    assert asked == [4]


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
    found = list(watched(brain, losses, state, gradients=True))
    places = [place for place, _ in found]
    for place in (
        "areas.LM.objectives.whole: the loss",
        "areas.LM.rule: the memory of EProp",
        "areas.LM.modulator: the memory of Surprise",
        "areas.LM.rule: the gradient that EProp gives synapses.recurrent.weight",
    ):
        assert place in places, places
    alone = [place for place in places if "the memory" not in place]
    assert len(alone) == len(set(alone))
    memory = tree_leaves((state.memories, state.modulators))
    memory = [leaf for leaf in memory if isinstance(leaf, Tensor) and leaf.is_floating_point()]
    assert len(memory) > 3 and {id(leaf) for leaf in memory} < {id(value) for _, value in found}
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
