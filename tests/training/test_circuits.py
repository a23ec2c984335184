"""Areas of populations in training: their pictures, their curves, and what a reservoir keeps."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from warnings import catch_warnings

import pytest
import torch
from matplotlib.text import Text

from areas import Block, Leaky, Population, Populations, Projection
from benchmarks._training import fit
from brainmodel.brain import Brain
from brainmodel.cli import main
from brainmodel.command_line.config_files import Config
from brainmodel.command_line.train_command import quieten
from brainmodel.data import Photographs
from brainmodel.data.streams import Part
from brainmodel.figures import draw_brain, draw_circuits
from brainmodel.figures.brain_drawing import arrow_sides
from brainmodel.figures.circuit_drawing import ways
from brainmodel.roll_out.sweep import Sweep
from brainmodel.training import BrainModule
from brainmodel.training.callbacks.monitor import with_populations
from brainmodel.training.module import brain_of
from tests import toy

SMALL: Config = {
    "data": {"init_args": {"window": 2, "batch_size": 2, "windows_per_epoch": 2}},
    "model": {"areas": {"V1": {"units": [40]}}},
}


def column() -> Brain:
    cell = Populations(
        {
            "E": Population(Leaky(), 0.5, "excitatory"),
            "PV": Population(toy.CELLS["lstm"](), 0.5, "inhibitory"),
        }
    )
    recurrent = Projection([Block("E"), Block("PV", "E"), Block("PV", "PV.output")])
    drive = Projection([Block(target="E")])
    told = {"recurrent": recurrent, "drive": drive}
    return toy.lone(cell, units=[6], afferents=["drive"], projections=told)


def test_a_circuit_is_drawn_as_it_is() -> None:
    brain = column()
    found = {way[:3]: way.sign for way in ways(brain.area("V1"))}
    assert found == {
        ("drive", "E", ()): 0,
        ("E", "E", ()): 1,
        ("E", "PV", ()): 1,
        ("PV", "E", ()): -1,
        ("PV", "PV", ("output",)): -1,
    }
    (figure,) = draw_circuits(brain).values()
    said = {text.get_text() for text in figure.findobj(Text)}
    assert {"V1", "E", "PV", "drive", "output"} <= said and "LSTM\n3 of 6" in said
    words = {text.get_text() for text in draw_brain(brain).findobj(Text)}
    assert "E, PV  6" in words
    assert not draw_circuits(toy.lone())


def test_curves_are_of_populations_too() -> None:
    brain = column()
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    found = with_populations(brain, activities)
    assert list(found) == ["V1", "V1.E", "V1.PV"]
    assert torch.equal(found["V1.PV"].rate, activities["V1"].rate[:, :, 3:])


def test_of_the_reservoir_the_predictor_alone_learns() -> None:
    with redirect_stdout(StringIO()), catch_warnings():
        quieten()
        brain = brain_of(fit("reservoir", SMALL, 0, 2).model)
    learns = {name for name, p in brain.named_parameters() if p.requires_grad}
    assert learns == {"areas.V1.predictor.bias", "areas.V1.predictor.synapses.rate.weight"}
    weight = brain.area("V1").synapses["recurrent"].weight.detach().double()
    assert abs(float(torch.linalg.eigvals(weight).abs().max()) - 0.95) < 1e-6


def in_v1(brain: Brain, name: str) -> float:
    """Mean square of what comes to pyramidal cells' apical dendrites, in all or by one source."""
    data = Photographs(size=16, window=12, batch_size=8)
    window = data.stream(data.share(Part.VALIDATION)).window(1)
    with torch.no_grad():
        sweep = Sweep(brain, window.inputs, window.reset, brain.initial_state(8))
        sweep.run()
    record, cells = sweep.records()["V1"], brain.area("V1").cell.places(64)["P"].stop
    whole = record.currents[:, :, 64 : 64 + cells]
    if name != "all":
        weight = brain.area("V1").synapses[name].weight[:cells]
        whole = record.source(name) @ weight.t()
    return float(whole[2:].square().mean())


@pytest.mark.slow
def test_interneurons_come_to_cancel_what_comes_down() -> None:
    with redirect_stdout(StringIO()), catch_warnings():
        quieten()
        young, old = (brain_of(fit("microcircuit", {}, 0, n).model) for n in (1, 200))
    assert in_v1(young, "all") > 0.5 * in_v1(young, "LM_V1")
    assert in_v1(old, "all") < 0.05 * in_v1(old, "LM_V1")


def test_projections_come_back_from_a_checkpoint(own_folder: Path) -> None:
    """Such as say nothing of blocks, and such as are made."""
    made = "{class_path: areas.LowRank, init_args: {rank: 3}}"
    options = [f"--model.areas.V1.projections.drive.made={made}", "--report.scenes=0"]
    options += ["--trainer.max_steps=2", "--trainer.logger.name=made", "--data.window=3"]
    with redirect_stdout(StringIO()):
        main(["fit", "--config=microcircuit", *options, "--trainer.limit_val_batches=0"])
    (run,) = (own_folder / "runs" / "made").iterdir()
    brain = BrainModule.load_from_checkpoint(run / "checkpoints" / "last.ckpt").brain
    drive = brain.area("V1").synapses["drive"]
    assert torch.linalg.matrix_rank(drive.weight) == 3 and drive.made().equal(drive.weight)


def test_no_arrow_hides_another() -> None:
    forth, back = ("V1", "LM", "feedforward"), ("LM", "V1", "feedback")
    across, rising = ("V1", "LM", "lateral"), ("L5", "L23", "feedback")
    falling = ("L23", "L5", "lateral")
    sides = arrow_sides([falling, across, back, forth, rising])
    assert sides[forth] == -0.45 and sides[back] == 0.45 and sides[across] == 0.0
    assert sides[rising] == 0.45 and sides[falling] == -0.45


HELD = """
model:
  areas:
    V1:
      cell: {class_path: areas.TemporalInference, init_args: {steps: 6, alpha: 0.1}}
      units: [16]
      afferents: [error]
      projections: {error: {made: {class_path: areas.Tied, init_args: {of: predictor.rate}}}}
      predictor: areas.Predictor
      objectives:
        next:
          class_path: objectives.When
          init_args: {label: last, of: objectives.SquaredError}
      rule: brainmodel.learning.TemporalPredictiveCoding
  pathways:
    eye_V1:
      source: eye
      target: V1
      signal: rate
      adapters:
        - {class_path: brainmodel.pathways.Pool, init_args: {factor: 2}}
        - brainmodel.pathways.Flatten
data:
  class_path: brainmodel.data.Photographs
  init_args: {size: 16, hold: 6, window: 12, episode: 60, batch_size: 4, validation_windows: 2}
report: {scenes: 0}
"""


def test_an_area_learns_from_held_frames(own_folder: Path) -> None:
    """The example of docs/circuits.md; what is settled on explains more of frames than at first."""
    Path("held.yaml").write_text(HELD)
    with redirect_stdout(StringIO()) as said:
        main(["fit", "--config=held.yaml", "--trainer.max_steps=40", "--trainer.logger.name=held"])
    (run,) = (own_folder / "runs" / "held").iterdir()
    area = BrainModule.load_from_checkpoint(run / "checkpoints" / "last.ckpt").brain.area("V1")
    assert area.predictor is not None
    causes = area.predictor.synapses["rate"].weight.detach()
    assert area.synapses["error"].weight.equal(causes.t())
    (row,) = (line.split() for line in said.getvalue().splitlines() if line.startswith("  V1 "))
    assert float(row[3]) < 0.5 * float(row[4]), row
