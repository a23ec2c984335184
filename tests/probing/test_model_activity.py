"""A recorded model did what the brain does when it is stepped by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from areas import Leaky
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import EProp
from brainmodel.pathways.pathway import Pathway
from brainmodel.probing.activity import Presentation, record_model, to_eye
from brainmodel.probing.activity.following import SIGNALS
from tests.probing.brains import looking, pictures

SHOWN = Presentation(20.0, seconds=0.3, warm_up=0.1)


def stepped(brain: Brain) -> dict[str, dict[str, np.ndarray]]:
    """By signal, by area, [stimulus, step, unit]: all stimuli at once, literally step by step."""
    movies = to_eye(SHOWN.movies(pictures(), np.arange(20), eye=6), (1, 6, 6))
    state, found = brain.initial_state(20), {}
    for eye in movies:
        inputs = {"eye": eye, "motion": torch.zeros(20, 2)}
        reports, state = brain.step(inputs, torch.zeros(20, dtype=torch.bool), state)
        for area, report in reports.items():
            shown = {name: getattr(report, name) for name in ("rate", "error", "prediction")}
            shown |= {f"state.{n}": value for n, value in state.areas[area]._asdict().items()}
            for name, value in shown.items():
                found.setdefault(name, {}).setdefault(area, []).append(value.flatten(1).detach())
    return {
        name: {area: torch.stack(values, 1)[:, 2:].numpy() for area, values in areas.items()}
        for name, areas in found.items()
    }


def test_all_signals_are_those_of_stepping_by_hand() -> None:
    brain = looking()
    recorded, expected = record_model(brain, pictures(), SHOWN, SIGNALS, batch=7), stepped(brain)
    assert set(recorded) == set(expected) >= {"rate", "error", "prediction", "state.rate"}
    for name, areas in expected.items():
        assert set(areas) == {"V1", "LM"}
        for area, values in areas.items():
            np.testing.assert_allclose(recorded[name][area], values, atol=1e-5, err_msg=name)
            assert np.ptp(values) > 0 or name == "prediction"


def test_rates_alone_are_the_same_as_with_states_and_go_to_disk_if_asked(tmp_path: Path) -> None:
    kept = record_model(looking(), pictures(), SHOWN, folder=tmp_path / "rates")["rate"]
    everything = record_model(looking(), pictures(), SHOWN, SIGNALS)["rate"]
    for area, values in kept.items():
        assert isinstance(values, np.memmap)
        np.testing.assert_allclose(values, everything[area], atol=1e-5)
    assert list((tmp_path / "rates").iterdir()) == [], "killed, it leaves nothing"
    other = record_model(looking(seed=1), pictures(), SHOWN)["rate"]
    assert not np.allclose(other["V1"], kept["V1"])


def test_what_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(ValueError, match=r"signals: there is no 'rates': choose among"):
        record_model(looking(), pictures(), SHOWN, ["rates"])
    plan = AreaPlan(Leaky(0.5), [3], EProp())
    route = {"motion_V1": Pathway("motion", "V1", signal="rate")}
    with pytest.raises(ValueError, match=r"pictures need exactly one that takes them"):
        record_model(Brain({"V1": plan}, route, {"motion": [2]}), pictures(), SHOWN)
