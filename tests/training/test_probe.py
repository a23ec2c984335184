"""Probing from the command line and during training: what it leaves, what it refuses."""

import csv
import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from brainmodel import CONFIGS
from brainmodel.cli import main
from brainmodel.command_line.config_files import lay_over
from brainmodel.command_line.over_checkpoints import parse
from brainmodel.command_line.probe_command import _replaced, asked, probe_parser, spelled_out
from brainmodel.data import Fixation
from brainmodel.errors import Refused
from brainmodel.probing import Experiment, Plan
from brainmodel.probing.metrics import CKA, RidgeEncoding
from brainmodel.probing.recordings import Recording, read_npz, write_npz
from tests.probing.brains import pictures
from tests.training.runs import EVERY_STEP, checkpoint, fit

STIMULI = 24
RECORDING = {
    "class_path": "brainmodel.probing.recordings.NpzFiles",
    "init_args": {"path": "rec.npz", "frames": "frames.npy", "frame_edges": [0.0, 0.2]},
}
PLAN = {
    "presentation": {"seconds": 0.1},
    "metrics": {"cka": "brainmodel.probing.metrics.CKA"},
    "baselines": {
        "pixels": {
            "class_path": "brainmodel.probing.baselines.Pixels",
            "init_args": {"size": 4},
        }
    },
    "scoring": {
        "bootstraps": 20,
        "permutations": 9,
        "halvings": 3,
        "lags": [0.0, 0.0333],
        "progress": False,
    },
}


def write_recording(folder: Path) -> None:
    """Neurons that follow pixels, in two areas; three repeats."""
    stills = pictures(STIMULI)
    random = np.random.default_rng(0)
    weights = random.standard_normal((64, 9))
    mean = (stills.frames.reshape(STIMULI, -1) @ weights).T[:, :, None, None]
    noisy = mean + random.standard_normal((9, STIMULI, 3, 5))
    names = np.array([f"still {k:02d}" for k in range(STIMULI)])
    areas, edges = np.array(["VISp"] * 5 + ["VISl"] * 4), np.arange(6) / 30
    write_npz(Recording(noisy, areas, names, edges, "spikes/s", "test mouse"), folder / "rec.npz")
    np.save(folder / "frames.npy", stills.frames)
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN | {"recording": RECORDING}))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A folder, the run in it that was probed while it trained, and what `probe` said of it."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        folder = tmp_path_factory.mktemp("probed")
        patch.chdir(folder)
        patch.setenv("BRAINMODEL_NATIVE", "0")
        write_recording(folder)
        callback = {"recording": RECORDING, "plan": PLAN}
        config = {
            "trainer": {
                "max_epochs": 2,
                "callbacks": [
                    {"class_path": "brainmodel.training.callbacks.Probe", "init_args": callback}
                ],
            }
        }
        run = folder / fit(*EVERY_STEP, config=config)
        stages = [f"--ckpt_path={checkpoint(run, step)}" for step in (2, 10)]
        main(["probe", "--config=plan.yaml", *stages, "--untrained=2", "--out=out/one"])
    return folder, run, said.getvalue()


@pytest.mark.slow
def test_a_probe_writes_a_page_and_tables(ran: tuple[Path, Path, str]) -> None:
    folder, _, said = ran
    out = folder / "out" / "one"
    assert "VISp, cka: best is" in said and "out/one/report.html" in said
    assert "metrics     cka, in place of the usual ridge\n" in said
    assert "baselines   pixels, in place of the usual edge energy, motion energy\n" in said
    assert "recording   9 neurons in VISl, VISp; 24 stimuli; 0 to 0.166667 s" in said
    with (out / "scores.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    kinds = {(row["model"], row["stage"], row["seeds"]) for row in rows}
    assert kinds == {
        ("trained", "2", "1"),
        ("trained", "10", "1"),
        ("untrained", "0", "2"),
        ("baseline", "", "1"),
    }
    assert len(rows) == 2 * 2 * (2 * 2 + 2 * 2 + 1)  # brain areas, lags, (checkpoints, seeds, one)
    held = json.loads((out / "scores.json").read_text())
    assert held["config"]["recording"]["init_args"]["path"] == "rec.npz"
    assert held["config"]["ckpt_path"][1].endswith("step=10.ckpt")
    page = (out / "report.html").read_text()
    assert page.count("<img") == page.count("data:image/png;base64,") == 8
    assert "http" not in page.replace("http-equiv", "")  # it needs nothing from elsewhere
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["one"]


@pytest.mark.slow
def test_curves_and_pictures_go_to_tensorboard(ran: tuple[Path, Path, str]) -> None:
    events = EventAccumulator(str(ran[1]))
    events.Reload()
    for tag in ("V1-VISp", "PM-VISl", "pixels-VISp", "ceiling-VISl"):
        points = events.Scalars(f"probe_cka/{tag}")
        assert [point.step for point in points] == [0, 5, 10]
    last = {p.step: p.value for p in events.Scalars("probe_cka/V1-VISp")}[10]
    rows = json.loads((ran[0] / "out/one/scores.json").read_text())["rows"]
    same = [
        row["score"]
        for row in rows
        if (row["stage"], row["model_area"], row["brain_area"]) == (10, "V1", "VISp")
    ]
    assert last == pytest.approx(max(same), abs=1e-4)
    assert len(events.Images("dissimilarities")) == 3


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--recording.path=none.npz"], "none.npz is not a file: give the path of an existing"),
        (["--recording.frames=plan.yaml"], "plan.yaml is not an .npy of plain numbers"),
        (
            ["--recording.frames=few.npy"],
            "test mouse (rec.npz): frames of 23 stimuli for a recording of 24",
        ),
        (
            ["--recording.frame_edges=[0.0]"],
            "test mouse (rec.npz): 1 frames with 1 edges: give one more",
        ),
        (["--brain_areas=[VISq]"], "(rec.npz): no areas 'VISq': there are ['VISl', 'VISp']"),
        (["--metric.cka=1"], "there is no option metric"),
        (["--untrained=1"], "untrained: need 2 seeds or more, got 1"),
        (["--out=out/one"], "out: out/one is there already"),
        (["--ckpt_path=none.ckpt"], "ckpt_path: there is no file 'none.ckpt'"),
        (["--presentation.seconds=0"], "seconds is 0.0: give at least one step, 0.0333"),
        (["--scoring.lags=[9.0]"], "(rec.npz): no step of the model"),
        (["--scoring.bootstraps=many"], "scoring.bootstraps: need a whole number, got 'many'"),
        (["--signals=[spikes]"], "signals: there is no 'spikes': choose among"),
        (["--baselines={}"], "baselines is empty: give one or more"),
        (["--recording=recordings.Mouse"], "there is no module 'recordings' here"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    ran: tuple[Path, Path, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    sentence: str,
) -> None:
    folder, run, _ = ran
    monkeypatch.chdir(folder)
    np.save("few.npy", np.zeros((23, 4, 4)))
    options = ["--config=plan.yaml", f"--ckpt_path={checkpoint(run)}", "--out=out/two"]
    with pytest.raises(SystemExit) as left:
        main(["probe", *options, *words])
    said = capsys.readouterr().err.strip()
    assert left.value.code == 2
    assert said.startswith("brainmodel: ") and sentence in said and len(said.splitlines()) == 1
    assert sorted(path.name for path in Path("out").iterdir()) == ["one"]


def test_a_ceiling_that_cannot_be_had_is_refused_before_the_model_is_recorded(
    ran: tuple[Path, Path, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, run, _ = ran
    monkeypatch.chdir(folder)
    recording = read_npz("rec.npz")
    mean = recording.responses.mean(2, keepdims=True)
    write_npz(replace(recording, responses=mean, source="averages"), Path("mean.npz"))

    def record(*_: object) -> None:
        raise ValueError("the model is recorded")

    monkeypatch.setattr("brainmodel.probing.showing.record_model", record)
    options = ["--config=plan.yaml", f"--ckpt_path={checkpoint(run)}", "--out=out/two"]
    with pytest.raises(SystemExit):
        main(["probe", *options, "--recording.path=mean.npz"])
    said = capsys.readouterr().err
    assert "averages (mean.npz): VISp: only 0 stimuli have 2 repeats or more, too few for" in said
    assert "scoring.halvings: 0" in said
    with pytest.raises(SystemExit):  # the control: asked for none, it goes on
        main(["probe", *options, "--recording.path=mean.npz", "--scoring.halvings=0"])
    assert "the model is recorded" in capsys.readouterr().err


def test_metrics_are_taken_away_and_added_by_name(
    ran: tuple[Path, Path, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, run, _ = ran
    monkeypatch.chdir(folder)
    options = ["--config=plan.yaml", f"--ckpt_path={checkpoint(run)}", "--untrained=2"]
    options += ["--metrics.cka", "null", "--metrics.angle=brainmodel.probing.metrics.Procrustes"]
    options += ["--metrics.angle.folds=3", "--scoring.permutations=0", "--out=changed/one"]
    main(["probe", *options])
    assert "metrics     angle, in place of the usual ridge\n" in capsys.readouterr().out
    rows = json.loads(Path("changed/one/scores.json").read_text())["rows"]
    assert {(row["metric"], row["folds"]) for row in rows} == {("angle", 3)}
    with pytest.raises(SystemExit):
        main(["probe", *options[:2], "--baselines.pixels=null", "--out=changed/two"])
    assert "baselines is empty: give one or more" in capsys.readouterr().err


def test_an_interrupted_probe_leaves_nothing_under_its_name(
    ran: tuple[Path, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, run, _ = ran
    monkeypatch.chdir(folder)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("brainmodel.probing.report.report_folder.write_json", interrupt)
    options = ["--config=plan.yaml", f"--ckpt_path={checkpoint(run)}", "--out=out/two"]
    with pytest.raises(SystemExit) as left:
        main(["probe", *options])
    assert left.value.code == 130
    assert sorted(path.name for path in Path("out").iterdir()) == ["one"]


def test_nothing_is_said_of_the_usual_metrics_and_baselines_where_they_are_used() -> None:
    named = Plan(metrics={"ridge": RidgeEncoding(), "cka": CKA()})
    assert _replaced(named) == _replaced(Plan()) == []
    assert _replaced(Plan(metrics={"cka": CKA()})) != []  # the control


def test_short_forms_are_written_out() -> None:
    words = ["--recording", "a.npz", "--ckpt_path", "x", "--ckpt_path=y", "--untrained=4"]
    npz = "brainmodel.probing.recordings.NpzFiles"
    expected = [f"--recording={npz}", "--recording.path=a.npz", "--ckpt_path+=x", "--ckpt_path+=y"]
    assert spelled_out(words) == [*expected, "--untrained=4"]
    (along,) = spelled_out(["--recording=macaque_v4"])
    assert "recordings.MacaqueV4" in along and '"session": "210325"' in along
    with pytest.raises(Refused, match=r"recording: there is no file 'mine.yaml'"):
        spelled_out(["--recording", "mine.yaml"])


def test_a_gaze_is_given_by_its_class() -> None:
    parser = probe_parser()
    parsed = parser.parse_args(["--presentation.gaze=brainmodel.data.Fixation"])
    assert isinstance(parser.instantiate(parsed).presentation.gaze, Fixation)


@pytest.mark.parametrize("name", ["probe_v4", "probe_npz", "probe_rdm", "probe_reaching"])
def test_the_configs_that_come_along_parse(name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text()
    assert probe_parser().parse_args(["--config", text]).recording is not None


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (CONFIGS / "probing/recordings").glob("*.yaml"))
)
def test_every_recordings_config_builds(name: str) -> None:
    parsed = probe_parser().parse_args(spelled_out([f"--recording={name}"]))
    assert isinstance(probe_parser().instantiate(parsed).recording, Experiment)


PARTS = sorted((CONFIGS / "probing").rglob("*.yaml"))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_the_option_at_the_head_of_a_part_takes_it(path: Path) -> None:
    option, _, file = path.read_text().partition("\n#   ")[2].partition("\n")[0].partition(" ")
    assert option.startswith("--") and file == str(path.relative_to(CONFIGS.parent))
    config, words = lay_over({}, [option, str(path)])
    parsed = parse(probe_parser(), asked(config), spelled_out(words))
    section, _, name = option.removeprefix("--").partition(".")
    held = parsed[section][name] if name else parsed[section]
    assert held["class_path"] in path.read_text()
