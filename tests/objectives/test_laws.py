"""Laws that every objective keeps; those in configs/objectives are found by their files.

Each law is a function that raises AssertionError; below it is an objective that breaks it.
"""

from pathlib import Path
from typing import ClassVar

import jsonargparse
import pytest
import torch
import yaml
from torch import Tensor, nn

import brainmodel
from objectives import Activity, GroupObjective, Objective
from tests.objectives.activities import DENSE, MAPS, make_activity, stream_of

CONFIGS = sorted((brainmodel.CONFIGS / "objectives").glob("*.yaml"))
SHAPES = [pytest.param(DENSE, id="dense"), pytest.param(MAPS, id="maps")]

Shapes = tuple[tuple[int, ...], tuple[int, ...]]


class Shared(nn.Module):
    """An objective of several areas as one of a single area, which plays the second part too."""

    def __init__(self, group: GroupObjective):
        super().__init__()
        self.group = group
        self.couples_batch = group.couples_batch
        self.stops_gradient = group.stops_gradient
        self.draws = group.draws

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        areas = self.group.areas
        self.group.build(dict.fromkeys(areas, drive), dict.fromkeys(areas, units))

    def forward(self, activity: Activity) -> Tensor:
        return self.group(self.areas(activity))

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        return self.group.terms(self.areas(activity))

    def areas(self, activity: Activity) -> dict[str, Activity]:
        second = activity._replace(
            rate=activity.rate.flip(2).square(), prediction=0.5 * activity.prediction
        )
        return dict(zip(self.group.areas, (activity, second), strict=True))


def load(path: Path) -> Objective | GroupObjective:
    """The objective of a config, built as the command line builds it."""
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--objective", type=Objective | GroupObjective)
    config = parser.parse_object({"objective": yaml.safe_load(path.read_text())})
    return parser.instantiate(config)["objective"]


def made(path: Path, shapes: Shapes) -> Objective | Shared:
    """The objective of a config with the parameters that an area of these shapes gives it."""
    objective = load(path)
    if isinstance(objective, GroupObjective):
        objective = Shared(objective)
    objective.build(*shapes)
    return objective.double()


def gradients(loss: Tensor, activity: Activity) -> dict[str, Tensor]:
    """Gradient of a loss by each field of the activity that it depends on."""
    fields = ("drive", "prediction", "rate")
    leaves = [getattr(activity, name) for name in fields]
    found = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
    return {name: g for name, g in zip(fields, found, strict=True) if g is not None}


def check_shape(objective: nn.Module, shapes: Shapes) -> None:
    loss = objective(make_activity(*shapes, time=5, batch=3))
    assert loss.shape == (5, 3) and loss.dtype == torch.float64


def check_liveness(objective: nn.Module, shapes: Shapes) -> None:
    """Prediction or rate has a gradient somewhere, and every parameter."""
    activity = make_activity(*shapes)
    loss = (activity.valid * objective(activity)).mean()
    signals = gradients(loss, activity)
    assert any(signals[name].any() for name in ("prediction", "rate") if name in signals)
    for name, parameter in objective.named_parameters():
        if not parameter.requires_grad:
            continue
        (gradient,) = torch.autograd.grad(loss, parameter, retain_graph=True, allow_unused=True)
        assert gradient is not None and gradient.any(), f"{name} learns nothing"


def check_finite(objective: nn.Module, shapes: Shapes) -> None:
    """Loss and gradients are finite for silence, saturation and exact prediction, valid or not."""
    for level in (0.0, 1.0):
        made = make_activity(*shapes)
        drive, prediction, _, rate = (torch.full_like(x, level) for x in made[:4])
        for leaf in (drive, prediction, rate):
            leaf.requires_grad_()
        for valid in (made.valid, torch.zeros_like(made.valid)):
            error = drive - prediction
            activity = Activity(drive, prediction, error, rate, valid, made.labels)
            loss = objective(activity)
            assert loss.isfinite().all()
            if loss.requires_grad:
                found = gradients(loss.sum(), activity).values()
                assert all(gradient.isfinite().all() for gradient in found)


def check_samples_do_not_meet(objective: nn.Module, shapes: Shapes) -> None:
    activity = make_activity(*shapes)
    for name, gradient in gradients(objective(activity)[:, 0].sum(), activity).items():
        assert gradient[:, 0].any() or name == "drive"
        assert not gradient[:, 1:].any(), f"{name} of other samples matters"
    if not getattr(objective, "draws", False):  # other numbers are drawn for other batches
        alone = objective(stream_of(activity, 0))
        torch.testing.assert_close(alone, objective(activity)[:, :1])


def check_gradient(objective: nn.Module, shapes: Shapes) -> None:
    """The slope by prediction and rate, along a random direction, is that of finite differences."""
    activity = make_activity(*shapes, time=4, batch=2)
    weight, step = torch.rand(4, 2).double(), 1e-6
    leaves = (activity.prediction, activity.rate)
    ways = [torch.randn_like(leaf) for leaf in leaves]

    def loss(far: float) -> Tensor:
        torch.manual_seed(0)
        moved = (leaf + far * way for leaf, way in zip(leaves, ways, strict=True))
        changed = activity._replace(**dict(zip(("prediction", "rate"), moved, strict=True)))
        return (weight * objective(changed)).sum()

    slopes = torch.autograd.grad(loss(0.0), leaves, allow_unused=True)
    pairs = zip(slopes, ways, strict=True)
    found = torch.stack([(slope * way).sum() for slope, way in pairs if slope is not None]).sum()
    expected = (loss(step) - loss(-step)) / (2 * step)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-8)


def check_terms(objective: nn.Module, shapes: Shapes) -> None:
    """What is logged are finite numbers, also where nothing is valid; it needs no gradients."""
    activity = make_activity(*shapes)
    with torch.no_grad():
        for valid in (activity.valid, torch.zeros_like(activity.valid)):
            terms = objective.terms(activity._replace(valid=valid))  # type: ignore[operator]
            assert all(term.shape == () and term.isfinite() for term in terms.values())


def check_chance(objective: nn.Module, shapes: Shapes) -> None:
    """The same loss each time."""
    activity = make_activity(*shapes)
    assert torch.equal(objective(activity), objective(activity))


def check_resets(objective: nn.Module, shapes: Shapes) -> None:
    """What a stream did before a reset has nothing to do with its losses after, and conversely."""
    activity = make_activity(*shapes)
    middle = len(activity.valid) // 2
    assert not activity.valid[middle, 1]
    loss = activity.valid * objective(activity)
    before = gradients(loss[:middle, 1].sum(), activity)
    after = gradients(loss[middle:, 1].sum(), activity)
    for name, gradient in before.items():
        assert not gradient[middle:, 1].any(), f"{name} of the next stream matters"
    for name, gradient in after.items():
        assert not gradient[:middle, 1].any(), f"{name} of the previous stream matters"


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
class TestObjectives:
    def test_the_loss_is_per_step_and_sample(self, path: Path, shapes: Shapes) -> None:
        check_shape(made(path, shapes), shapes)

    def test_it_teaches_the_area_and_all_of_its_own(self, path: Path, shapes: Shapes) -> None:
        check_liveness(made(path, shapes), shapes)

    def test_loss_and_gradient_are_finite(self, path: Path, shapes: Shapes) -> None:
        check_finite(made(path, shapes), shapes)

    def test_samples_do_not_meet_unless_it_is_said(self, path: Path, shapes: Shapes) -> None:
        objective = made(path, shapes)
        if objective.couples_batch:
            with pytest.raises(AssertionError):
                check_samples_do_not_meet(objective, shapes)
        else:
            check_samples_do_not_meet(objective, shapes)

    def test_its_gradient_is_its_derivative_unless_it_is_said(
        self, path: Path, shapes: Shapes
    ) -> None:
        objective = made(path, shapes)
        if objective.stops_gradient:
            with pytest.raises(AssertionError):
                check_gradient(objective, shapes)
        else:
            check_gradient(objective, shapes)

    def test_chance_has_no_part_unless_it_is_said(self, path: Path, shapes: Shapes) -> None:
        objective = made(path, shapes)
        if objective.draws:
            with pytest.raises(AssertionError):
                check_chance(objective, shapes)
        else:
            check_chance(objective, shapes)

    def test_its_terms_are_numbers(self, path: Path, shapes: Shapes) -> None:
        check_terms(made(path, shapes), shapes)

    def test_it_can_be_looked_at_without_learning(self, path: Path, shapes: Shapes) -> None:
        activity = make_activity(*shapes)
        with torch.inference_mode():
            held_out = Activity(
                *(values.clone() for values in activity[:5]), labels=activity.labels
            )
            assert made(path, shapes)(held_out).isfinite().all()

    def test_nothing_crosses_a_reset(self, path: Path, shapes: Shapes) -> None:
        objective = made(path, shapes)
        if not objective.couples_batch:  # there the streams meet anyway, and so do old and new ones
            check_resets(objective, shapes)


class Reduced(nn.Module):
    """Breaks the shape law, and lets samples meet."""

    def forward(self, activity: Activity) -> Tensor:
        return (activity.drive - activity.prediction).square().mean()


class Deaf(nn.Module):
    """Breaks liveness: its parameter and the area learn nothing."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, activity: Activity) -> Tensor:
        return (self.weight * activity.error.detach()).flatten(2).mean(2)


class Rooted(nn.Module):
    """Breaks finiteness: the root of zero has no slope."""

    def forward(self, activity: Activity) -> Tensor:
        return (activity.drive - activity.prediction).square().flatten(2).mean(2).sqrt()


class Centred(nn.Module):
    """Lets samples meet: the mean of the batch is subtracted."""

    couples_batch: ClassVar[bool] = True

    def forward(self, activity: Activity) -> Tensor:
        error = activity.drive - activity.prediction
        return (error - error.mean(1, keepdim=True)).square().flatten(2).mean(2)


class Running(nn.Module):
    """Crosses resets: the mean of the rates so far, wherever they come from."""

    def forward(self, activity: Activity) -> Tensor:
        return activity.rate.flatten(2).mean(2).cumsum(0)


class Noisy(nn.Module):
    """Breaks the laws of chance and of terms."""

    def forward(self, activity: Activity) -> Tensor:
        return activity.rate.flatten(2).mean(2) + torch.rand(()).double()

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        return {"loss": self(activity)}


class HalfGradient(nn.Module):
    """Has the value of the squared error and the gradient of half of it."""

    def forward(self, activity: Activity) -> Tensor:
        squared = (activity.drive - activity.prediction).square().flatten(2).mean(2)
        return 0.5 * squared + 0.5 * squared.detach()


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        (check_shape, Reduced()),
        (check_liveness, Deaf()),
        (check_finite, Rooted()),
        (check_samples_do_not_meet, Centred()),
        (check_gradient, HalfGradient()),
        (check_resets, Running()),
        (check_chance, Noisy()),
        (check_terms, Noisy()),
    ],
)
def test_each_law_is_broken_by_something(law, broken: nn.Module) -> None:
    with pytest.raises((AssertionError, RuntimeError)):
        law(broken, DENSE)


def test_the_control_that_couples_samples_keeps_the_other_laws() -> None:
    check_shape(Centred(), DENSE)
    check_liveness(Centred(), DENSE)
    check_finite(Centred(), DENSE)
    check_gradient(Centred(), DENSE)


def test_there_are_objectives_to_hold_to_the_laws() -> None:
    assert {"squared_error", "poisson"} <= {path.stem for path in CONFIGS}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_is_called_as_the_file_of_its_class(path: Path) -> None:
    assert type(load(path)).__module__ == f"objectives.{path.stem}"
    assert path.read_text().startswith("# ")
