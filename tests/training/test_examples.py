"""The brains that configs show, one per family of objectives, train; the zoo stays alive."""

from math import log
from pathlib import Path
from statistics import fmean

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from brainmodel import CONFIGS
from brainmodel.cli import main
from brainmodel.command_line.config_files import read_config
from brainmodel.data import Photographs
from brainmodel.data.streams import Part
from brainmodel.training import BrainModule
from brainmodel.training.held_out import follow_streams

HERE = Path(__file__).parent
EXAMPLES = [
    "adversarial",
    "contrastive",
    "cortical_layers",
    "corollary_discharge",
    "gabor_expectation",
    "gabor_layers",
    "grating_abcd",
    "grating_pairs",
    "homeostatic",
    "interneurons",
    "microcircuit",
    "oddball",
    "reservoir",
    "siamese",
    "task",
    "variational",
    "zoo",
]


CIRCUITS = {
    "cortical_layers": dict.fromkeys(("L4", "L23", "L5"), "[4,8,8]"),
    "interneurons": {"V1": "[16,8,8]", "LM": "[16,4,4]"},
    "microcircuit": {"V1": "[64]", "LM": "[16]"},
    "reservoir": {"V1": "[40]"},
}


def small(name: str) -> list[str]:
    """Options that make the areas of an example small."""
    areas = read_config(name)["model"]["areas"]
    sizes = {3: {"V1": "[8,16,16]"}, 1: {}}
    options = []
    for area, plan in areas.items():
        units = sizes[len(plan["units"])].get(area, "[4,8,8]" if len(plan["units"]) == 3 else "[8]")
        if name in CIRCUITS:  # one in sixteen is a VIP cell, one synapse in ten is there
            units = CIRCUITS[name][area]
        options.append(f"--model.areas.{area}.units={units}")
    return options


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_trains(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    digits = ["--data.digit=8"] if name == "task" else []
    steps = ["--trainer.fast_dev_run=2", "--trainer.detect_anomaly=true", "--report.scenes=0"]
    windows = HERE / "windows.yaml"
    main(["fit", f"--config={name}", f"--config={windows}", *small(name), *digits, *steps])


FLOOR = 1e-6  # squared rates; the stillest units of young LSTM areas vary by about 1e-5


@pytest.mark.slow
def test_no_area_of_the_zoo_collapses(own_folder: Path) -> None:
    """Each unit of each area varies over the held-out streams after a short run, and so does what
    LM foretells, next to what it foretells; the losses that can fall have fallen."""
    options = ["--data.size=16", "--data.window=10", "--data.validation_windows=2"]
    options += ["--trainer.max_steps=60", "--trainer.max_time=null", "--trainer.logger.name=zoo"]
    options += ["--trainer.log_every_n_steps=1", "--trainer.limit_val_batches=0"]
    options += ["--report.scenes=0", "--model.areas.ACA.units=[32]", "--model.final=1"]
    main(["fit", "--config=zoo", *small("zoo"), *options])
    (run,) = (own_folder / "runs" / "zoo").iterdir()
    module = BrainModule.load_from_checkpoint(run / "checkpoints" / "last.ckpt")
    data = Photographs(size=16, batch_size=8, window=10)
    stream = data.stream(data.share(Part.VALIDATION))
    followed = [a for _, a in follow_streams(module.brain, map(stream.window, range(10)))][2:]
    for name in module.brain.areas:
        rates = torch.cat([a[name].rate for a in followed]).flatten(0, 1)
        least = rates.movedim(1, -1).reshape(-1, rates.shape[1]).var(0).min()
        assert least > FLOOR, f"a unit of {name} varies by {least:.2g} only"
    foretold, came = (
        torch.cat([getattr(a["LM"], field) for a in followed]).flatten(0, 1).var(0).mean()
        for field in ("prediction", "drive")
    )
    assert 0.25 < foretold / came < 4
    curves = scalars(run)
    for loss in ("V1.next", "LM.next", "groups.agreement"):
        values = curves[f"loss/{loss}"]
        assert fmean(values[-20:]) < 0.9 * fmean(values[:5]), loss
    assert fmean(curves["loss/ACA.scene"][-20:]) < log(6) - 0.1  # which is that of a guess
    accuracy = curves["terms/groups.game.accuracy"]
    assert 0.3 < fmean(accuracy[-20:]) < 0.95


def scalars(run: Path) -> dict[str, list[float]]:
    """The curves of a run, by name."""
    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    tags = events.Tags()["scalars"]
    return {tag: [point.value for point in events.Scalars(tag)] for tag in tags}


def test_every_whole_brain_with_objectives_of_its_own_is_an_example() -> None:
    told = {path.stem for path in CONFIGS.glob("*.yaml")} - {"default", "natural_video", "quick"}
    assert set(EXAMPLES) <= told
