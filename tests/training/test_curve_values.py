"""Curves of areas: dimensions of rates, weights and updates, and the page that lays them out."""

import re

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2

from brainmodel.training.callbacks import Monitor
from brainmodel.training.curve_values import dimensionality
from tests.training.runs import EVERY_STEP, fit, saved


@pytest.mark.parametrize("units", [5, 40])
def test_dimensionality_is_the_participation_ratio_of_the_covariance(units: int) -> None:
    rate = torch.randn(4, 3, units, dtype=torch.float64) * torch.rand(units, dtype=torch.float64)
    values = torch.linalg.eigvalsh(torch.cov(rate.flatten(0, 1).T))
    expected = float(values.sum() ** 2 / values.square().sum())
    assert dimensionality(rate) == pytest.approx(expected, rel=1e-9)
    assert dimensionality(rate[..., :1] * torch.ones(units)) == pytest.approx(1, rel=1e-9)
    assert dimensionality(torch.ones(4, 3, units)) == 0


def test_weights_and_updates_are_those_of_the_checkpoints_and_the_layout_finds_them() -> None:
    often = ("--trainer.log_every_n_steps=1", "--trainer.max_steps=3", "--monitor.off=[gate,speed]")
    often += ("--trainer.val_check_interval=3",)
    run = fit(*EVERY_STEP, *often)
    events = EventAccumulator(str(run))
    events.Reload()
    scalars = events.Tags()["scalars"]
    assert not any(tag.startswith(("gate/", "speed/")) for tag in scalars)
    assert {f"{kind}/PM" for kind in ("learning_signal", "eligibility")} <= {*scalars}
    assert events.Tags()["histograms"] == ["histogram/V1", "histogram/PM"]
    assert {"signals", "rdm", "receptive_fields/V1"} <= {*events.Tags()["images"]}
    weights = {step: saved(run, step)["state_dict"] for step in (2, 3)}
    sizes = {name: value.double().norm() for name, value in weights[3].items()}
    moved = {k: (v.double() - weights[2][k].double()).norm() for k, v in weights[3].items()}
    for kind, expected in (("weight", sizes), ("update", moved)):
        found = events.Scalars(f"{kind}/V1.recurrent")[-1].value
        (own,) = [v for k, v in expected.items() if k.endswith("V1.synapses.recurrent.weight")]
        assert found == pytest.approx(float(own), rel=1e-5) and found > 0
    (event,) = events.Tensors("custom_scalars__config__")
    layout = layout_pb2.Layout  # type: ignore[attr-defined]
    page = layout.FromString(event.tensor_proto.string_val[0])
    assert page.category[0].title == "what areas learn"
    charts = {chart.title: chart.multiline.tag for each in page.category for chart in each.chart}
    for tag in ("weight/V1.recurrent", "update/V1.recurrent", "dimensionality/V1", "rate/V1"):
        (title,) = [t for t, shown in charts.items() if any(re.search(p, tag) for p in shown)]
        assert title == f"V1: {tag.split('/')[0]}"
    for title, shown in charts.items():  # none stays empty
        assert any(re.search(p, tag) for p in shown for tag in scalars), title


def test_a_kind_of_curve_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="monitor.off: need some of .* got 'rats'"):
        Monitor(off=["rats"])
