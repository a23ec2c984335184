"""Analyses find what was planted in the brain and in models, and refuse what cannot be asked."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

from brainmodel.probing import (
    Plan,
    Presentation,
    Recording,
    Scoring,
    Shown,
    Stimuli,
    Trained,
    probe,
    write_report,
)
from brainmodel.probing.activity import Source, to_eye
from brainmodel.probing.analyses import Analysis, Evidence, Expectation, Sequences, Straightening
from brainmodel.probing.array_types import Floats
from brainmodel.probing.baselines import Pixels
from brainmodel.probing.metrics import DSA, RSA
from brainmodel.probing.recordings import DissimilarityData
from brainmodel.probing.scores import PerStep
from brainmodel.probing.statistics import curvature
from tests.probing.brains import looking

CONFIGS = sorted((Path(__file__).parents[2] / "configs/probing/analyses").glob("*.yaml"))
EYE = (1, 6, 6)
PRESENTATION = Presentation(20.0, seconds=0.6)  # 12 steps
WORDS = ("ABCD", "DCBA", "AB_D", "DB_A", "____")
NAMES = np.array([f"{word} {k}" for word in WORDS for k in range(3)])
SEQUENCES = Sequences("ABCD", 0.15, [0.0, 0.15], shuffles=99)
EXPECTATION = Expectation(["ABCD*"], ["AB_D*"], (0.3, 0.45), shuffles=99)


def film(seed: int = 0) -> Stimuli:
    """A movie of 12 random frames for each of the names."""
    random = np.random.default_rng(seed)
    frames = random.random((len(NAMES), 12, 6, 6, 1), np.float32)
    return Stimuli(frames, np.arange(13) / 20)


def recorded(values: Floats) -> Recording:
    """Responses [neuron, stimulus, repeat, time] of one area to the movies."""
    areas = np.array(["VISp"] * len(values))
    return Recording(values, areas, NAMES, np.arange(13) / 20, "spikes/s", "test mouse")


def noise(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape)


def evidence(recording: Recording, activity: dict[Source, dict[str, Floats]]) -> Evidence:
    return Evidence(recording, film(), PRESENTATION, EYE, activity)


def with_effect(size: float, units: int = 30, seed: int = 0) -> Floats:
    """[stimulus, step, unit] that answer AB_D with so much more, in the place of its omission."""
    values = noise(len(NAMES), 12, units, seed=seed)
    values[np.ix_(np.char.startswith(NAMES, "AB_D"), np.arange(6, 9))] += size
    return values


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_builds_an_analysis(path: Path) -> None:
    config = yaml.safe_load(path.read_text())
    module, _, name = config["class_path"].rpartition(".")
    built = getattr(import_module(module), name)(**config["init_args"])
    assert isinstance(built, Analysis) and type(built).__module__.endswith(path.stem)


def test_rates_and_errors_part_over_the_stages_of_learning() -> None:
    activity = {
        Source("trained", f"{step}.ckpt", step, signal): {"V1": with_effect(size)}
        for step, somatic, apical in ((10, 2.0, -1.0), (50, 1.0, 1.0))
        for signal, size in (("rate", somatic), ("error", apical))
    }
    for source, areas in activity.items():
        if source.signal == "error":  # errors count by their size
            areas["V1"] = 5 + areas["V1"]
    brain = recorded(noise(20, len(NAMES), 3, 12))
    found = EXPECTATION(evidence(brain, activity))
    table = {(r["model"], r["stage"], r["signal"]): r for r in found.tables["expectation"]}
    for (step, signal), size in {(10, "rate"): 2, (50, "rate"): 1, (10, "error"): -1}.items():
        row = table["trained", step, signal]
        assert row["effect"] == pytest.approx(size, abs=4 * row["standard error"])
        assert np.sign(row["index"]) == np.sign(size)
        assert row["low"] < row["index"] < row["high"]
    assert table["trained", 10, "rate"]["% for unexpected"] > 50
    none = table["brain", None, "response"]  # the control
    assert none["low"] < 0 < none["high"] and none["% for unexpected"] < 15
    changes = {row["change of"]: row for row in found.tables["expectation_changes"]}
    assert changes["rate, stage 10 to 50"]["value"] < 0 < changes["error, stage 10 to 50"]["value"]
    apart = changes["change of error less that of rate"]
    assert apart["value"] > 0 and apart["p"] < 0.01
    assert set(found.figures) == {"expectation", "expectation_stages"}


def test_sessions_are_the_stages_of_a_brain() -> None:
    """What grew from day 1 to day 3 is found; half a session is no stage of its own."""
    values = np.concatenate([noise(15, len(NAMES), 3, 12, seed=day) for day in range(3)])
    values[30:, 6:9, :, 6:9] += 1.5  # AB_D on day 3
    brain = recorded(values)
    days = np.repeat(["day 1", "day 2", "day 3"], 15)
    with_days = Recording(**{**vars(brain), "sessions": days})
    found = EXPECTATION(evidence(with_days, {}))
    effects = [row["effect"] for row in found.tables["expectation"]]
    assert effects[2] == pytest.approx(1.5, abs=0.3) and max(map(abs, effects[:2])) < 0.3
    (change,) = found.tables["expectation_changes"]
    assert change["change of"] == "response, stage 0 to 2" and change["p"] < 0.01
    assert change["brains"] == 1 and change["low"] > 0
    assert set(EXPECTATION(evidence(brain, {})).tables) == {"expectation"}  # the control


def test_straightening_is_the_curvature_of_pixels_less_that_of_areas() -> None:
    line = np.arange(12.0)[None, :, None] * noise(len(NAMES), 1, 5)
    angle = np.arange(12) * np.pi / 6
    turning = np.stack([np.cos(angle), np.sin(angle)], axis=1) + noise(len(NAMES), 1, 2)
    turning[4] = turning[4, :1]  # one movie that stands still
    activity = {Source("trained", "a", 1, "rate"): {"V1": line, "LM": turning}}
    bent = turning[[k for k in range(len(NAMES)) if k != 4]]
    brain = recorded(turning.transpose(2, 0, 1)[:, :, None])
    found = Straightening()(evidence(brain, activity)).tables["straightening"]
    row = {(r["model"], r["area"]): r for r in found}
    seen = to_eye(film().frames, EYE).flatten(2).numpy().transpose(1, 0, 2)
    pixels = curvature(seen)
    assert row["baseline", "pixels"]["curvature"] == pytest.approx(pixels.mean())
    assert row["trained", "V1"]["curvature"] == pytest.approx(0, abs=1e-4)
    assert row["trained", "V1"]["straightened by"] == pytest.approx(pixels.mean(), abs=1e-4)
    assert row["trained", "V1"]["p"] < 0.01
    assert row["trained", "LM"]["curvature"] == pytest.approx(curvature(bent).mean())
    assert row["trained", "LM"]["standing still"] == row["brain", "VISp"]["standing still"] == 1
    assert row["brain", "VISp"]["curvature"] == pytest.approx(30, abs=1e-4)
    every = Straightening(2)(evidence(brain, activity)).tables["straightening"]
    assert every[-1]["curvature"] == pytest.approx(60, abs=1e-4)


def test_order_and_omission_are_found_where_they_were_planted() -> None:
    neurons, elements = 40, noise(40, 4, seed=5)  # [neuron, A to D]
    values = 0.3 * noise(neurons, len(NAMES), 4, 12, seed=6)
    for stimulus, name in enumerate(NAMES):
        for place, letter in enumerate(name[:4]):
            bins = slice(3 * place, 3 * place + 3)
            if letter != "_":
                values[:, stimulus, :, bins] += elements[:, "ABCD".index(letter), None, None]
                values[:, stimulus, :, bins] += 0.5 * (letter == "ABCD"[place])  # order counts
            elif name.startswith("AB_D"):
                values[:, stimulus, :, bins] += 0.6 * elements[:, 2, None, None]  # as C would
    other = with_effect(0.0, units=50, seed=3)
    activity = {Source("trained", "a", 1, "rate"): {"V1": other}}
    found = SEQUENCES(evidence(recorded(values), activity)).tables["sequences"]
    row = {(r["model"], r["question"]): r for r in found}
    order, gap = row["brain", "order"], row["brain", "AB_D"]
    assert order["effect"] == pytest.approx(0.5, abs=0.1) and order["p"] < 0.01
    assert gap["likeness"] > 0.8 > abs(gap["of others"]) and gap["p of likeness"] <= 0.05
    assert gap["effect"] == pytest.approx(0.6 * elements[:, 2].mean(), abs=0.1)
    assert abs(row["trained", "order"]["effect"]) < 0.2  # the control
    assert row["trained", "AB_D"]["p of likeness"] > 0.02


def test_what_cannot_be_asked_is_refused_before_the_model_is_recorded() -> None:
    brain, stills = (
        recorded(noise(3, len(NAMES), 2, 12)),
        film()._replace(edges=np.array([0.0, 0.6])),
    )
    stills = stills._replace(frames=stills.frames[:, :1])
    with pytest.raises(ValueError, match=r"test mouse: 1 frames over 12 steps have no curvature"):
        Straightening().check(brain, stills, PRESENTATION)
    with pytest.raises(ValueError, match=r"no stimulus is a sequence of 'WXYZ' in another order"):
        Sequences("WXYZ", 0.15, [0.0, 0.1]).check(brain, film(), PRESENTATION)
    with pytest.raises(ValueError, match=r"window: 0.75 to 0.9 s holds no time bin of test mouse"):
        Sequences("ABCD", 0.25, [0.0, 0.15]).check(brain, film(), PRESENTATION)
    with pytest.raises(ValueError, match=r"window: 2 to 3 s holds no time bin of test mouse"):
        Expectation(["ABCD*"], ["AB_D*"], (2, 3)).check(brain, film(), PRESENTATION)
    matrices = DissimilarityData(
        np.zeros((1, len(NAMES), len(NAMES))), np.array(["IT"]), NAMES, "distance", "test people"
    )
    plan = Plan(PRESENTATION, {"rsa": RSA()}, analyses={"still": Straightening()})
    with pytest.raises(ValueError, match=r"analyses.still: test people holds dissimilarities only"):
        probe([Trained("a", 1, looking())], [looking(1)] * 2, Shown(matrices, film()), plan)


def test_analyses_and_dynamics_come_with_a_probe_of_movies(tmp_path: Path) -> None:
    plan = Plan(
        PRESENTATION,
        {"dsa": DSA([2], 1)},
        {"pixels": Pixels(3)},
        Scoring(sampling=PerStep(), bootstraps=0),
        analyses={"expected": EXPECTATION, "paths": Straightening(), "sequences": SEQUENCES},
    )
    shown = Shown(recorded(noise(6, len(NAMES), 3, 12)), film())
    trained = [Trained(f"{step}.ckpt", step, looking(step)) for step in (1, 2)]
    findings = probe(trained, [looking(3), looking(4)], shown, plan)
    assert {score.signal for score in findings.scores} == {"rate", "frames"}  # errors: not scored
    page = write_report(findings, tmp_path / "out").read_text()
    for title in ("Expected and unexpected", "Straightening", "Sequences"):
        assert f"<h2>{title}</h2>" in page
    names = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {"expectation", "expectation_changes", "straightening", "sequences"}
    assert names >= {f"{name}.csv" for name in tables}
    assert names >= {"expectation_stages.png", "straightening.png", "sequences.png"}
