"""Dissimilarity matrices through a probe: planted areas, ceilings of subjects, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from brainmodel.probing import Plan, Presentation, Scoring, Shown, Trained, probe, write_report
from brainmodel.probing.activity import record_model
from brainmodel.probing.baselines import Pixels
from brainmodel.probing.metrics import CKA, RSA, SpearmanRSA
from brainmodel.probing.recordings import (
    DissimilarityData,
    Images92,
    NpzMatrices,
    read_npz_matrices,
    write_npz_matrices,
)
from brainmodel.probing.scores import score_model
from tests.probing.brains import known, looking, pictures

rdm: Any = pytest.importorskip("rsatoolbox.rdm")
inference: Any = pytest.importorskip("rsatoolbox.inference")

STIMULI = 15
PLAN = Plan(
    Presentation(20.0, seconds=0.3),
    {"rsa": RSA("euclidean")},
    {"pixels": Pixels(4)},
    Scoring(bootstraps=60, permutations=99, halvings=1),
)


def planted() -> DissimilarityData:
    """Three subjects see as the first brain's LM does, one in two sessions; EVC as nobody."""
    rates = record_model(looking(), pictures(STIMULI), PLAN.presentation)["rate"]["LM"].mean(1)
    pairs = pdist(rates, "sqeuclidean")
    random = np.random.default_rng(0)
    noise = random.random((4, len(pairs)))
    ann, bob, cy = (pairs + 0.3 * pairs.std() * n for n in noise[:3])
    apart = 0.2 * pairs.std() * random.random(len(pairs))
    noisy = [squareform(seen) for seen in (ann + apart, ann - apart, bob, cy)]
    return DissimilarityData(
        np.stack([*noisy, squareform(noise[3])]),
        np.array(["IT", "IT", "IT", "IT", "EVC"]),
        np.array([f"object {k}" for k in range(STIMULI)]),
        "squared distance",
        "test people",
        subjects=np.array(["ann", "ann", "bob", "cy", "dee"]),
        sessions=np.array(["1", "2", "1", "1", "1"]),
    )


def test_the_planted_area_scores_best_beside_the_ceiling_of_subjects(tmp_path: Path) -> None:
    data = planted()
    shown = Shown(data, pictures(STIMULI))
    findings = probe([Trained("a", 5, looking())], [looking(1), looking(2)], shown, PLAN)
    best = findings.scores.best()
    assert (best.model, best.model_area, best.brain_area) == ("trained", "LM", "IT")
    assert (best.parts, best.neurons, best.lag) == (3, None, 0.0) and known(best.p) <= 0.01
    assert known(best.ceiling_low) < best.score < known(best.ceiling_high) + 0.02
    assert known(best.low) < best.score < known(best.high)
    rates = record_model(looking(), shown.stimuli, PLAN.presentation)["rate"]["LM"].mean(1)
    model, people = (
        rdm.RDMs(pdist(rates, "sqeuclidean")[None]),
        rdm.RDMs(data.of(areas="IT").mean_over_sessions().pairs),
    )
    assert best.score == pytest.approx(rdm.compare(model, people, method="corr").mean(), abs=1e-5)
    low, high = inference.boot_noise_ceiling(people, method="corr")
    assert (best.ceiling_low, best.ceiling_high) == pytest.approx((low, high))
    nobody = findings.scores.of(brain_area="EVC")
    assert nobody and all(row.ceiling_high is None and row.parts == 1 for row in nobody)
    assert all(row.score < best.score - 0.3 for row in nobody)  # the control

    page = write_report(findings, tmp_path / "out").read_text()
    assert "5 dissimilarity matrices of EVC, IT; 15 stimuli; squared distance" in page
    assert "silent" not in page.split("<h2>Neurons</h2>")[1].split("</table>")[0]


def test_what_needs_responses_or_time_is_refused() -> None:
    data, rates = planted(), {"LM": np.random.default_rng(0).random((STIMULI, 2, 3))}
    scoring = Scoring((0.0, 0.1, 0.2))
    with pytest.raises(ValueError, match=r"test people: EVC: CKA compares responses, and only"):
        score_model(rates, data, {"cka": CKA()}, scoring)
    with pytest.raises(ValueError, match=r"test people: dissimilarities have no time: leave out"):
        score_model(rates, data, {"rsa": RSA()}, Scoring((0.0, 0.1, 0.2), (0.0, 0.1)))
    with pytest.raises(ValueError, match=r"test people: no area 'V1': there are \['EVC', 'IT'\]"):
        data.of(areas=["IT", "V1"])


def test_npz_files_hold_all_of_the_matrices(tmp_path: Path) -> None:
    data = planted()
    write_npz_matrices(data, tmp_path / "m.npz")
    again = read_npz_matrices(tmp_path / "m.npz")
    for field in ("matrices", "areas", "stimuli", "subjects", "sessions"):
        assert np.array_equal(getattr(again, field), getattr(data, field))
    assert (again.measure, again.source) == (data.measure, data.source)
    np.save(tmp_path / "few.npy", np.zeros((STIMULI - 1, 4, 4)))
    experiment = NpzMatrices(str(tmp_path / "m.npz"), str(tmp_path / "few.npy"), [0.0, 0.3])
    with pytest.raises(ValueError, match=r"test people: frames of 14 stimuli for a recording of 1"):
        experiment.read()


def test_the_92_images_score_as_they_are_told_to(recordings: Path) -> None:
    data, stimuli = Images92(str(recordings / "images92")).read()
    assert data.area_names == ["human IT", "monkey IT"] and stimuli.frames.shape[0] == 92
    gray = {"gray pixels": stimuli.frames.mean(4).reshape(92, 1, -1)}
    scoring = Scoring((0.0, 0.3), bootstraps=0)
    human, monkey = score_model(gray, data, {"rsa": SpearmanRSA()}, scoring)
    assert human.score == pytest.approx(0.024, abs=5e-4)
    assert human.ceiling_low == pytest.approx(0.372, abs=5e-4)
    assert human.ceiling_high == pytest.approx(0.666, abs=5e-4)
    assert (human.parts, monkey.parts, monkey.ceiling_high) == (4, 1, None)
