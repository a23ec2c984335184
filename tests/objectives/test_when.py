"""Steps that do not count: no loss, no gradient and no accuracy is theirs, to the last bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from brainmodel.command_line.needs import require_labels
from brainmodel.data.window import Label
from brainmodel.learning import BPTT, RTRL, EProp, Rule
from objectives import (
    Activity,
    CrossEntropy,
    Gated,
    GroupObjective,
    InfoNCE,
    Objective,
    PairedViews,
    Regression,
    Reinforce,
    SelfPrediction,
    Slowness,
    SquaredError,
    TargetRate,
    VICReg,
    When,
)
from tests import toy
from tests.objectives.activities import DENSE, dense, make_activity
from tests.objectives.test_laws import CONFIGS, load

FIELDS = ("drive", "prediction", "rate")


def fits(path: Path) -> bool:
    """Whether it is an objective that When takes."""
    objective = load(path)
    return not (isinstance(objective, GroupObjective) or objective.couples_batch)


ONES = [path for path in CONFIGS if fits(path) and path.stem != "when"]


def built(objective: Objective) -> Objective:
    torch.manual_seed(1)
    objective.build(*DENSE)
    return objective.double()


def otherwise(activity: Activity) -> Activity:
    """The same where `saccade` is true; elsewhere all is different, labels included."""
    other, kept = make_activity(), activity.labels["saccade"]

    def mixed(one: Tensor, another: Tensor) -> Tensor:
        return torch.where(kept.view(*kept.shape, *[1] * (one.dim() - 2)), one, another)

    leaves = [
        mixed(getattr(activity, name), 3 + 2 * getattr(other, name)).detach().requires_grad_()
        for name in FIELDS
    ]
    drive, prediction, rate = leaves
    labels = {name: mixed(label, other.labels[name]) for name, label in activity.labels.items()} | {
        "saccade": kept
    }
    return Activity(drive, prediction, drive - prediction, rate, activity.valid, labels)


def found(objective: Objective, activity: Activity) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Loss of the window, its gradients by what the area did, and by the objective's parameters."""
    torch.manual_seed(0)
    loss = (activity.valid * objective(activity)).mean()
    leaves = [getattr(activity, name) for name in FIELDS]
    parameters = [p for p in objective.parameters() if p.requires_grad]
    slopes = torch.autograd.grad(loss, [*leaves, *parameters], allow_unused=True)
    known = [torch.zeros(()) if slope is None else slope for slope in slopes]
    return loss, known[: len(leaves)], known[len(leaves) :]


@pytest.mark.parametrize("path", ONES, ids=lambda path: path.stem)
def test_a_step_that_does_not_count_leaves_no_mark(path: Path) -> None:
    of = load(path)
    assert isinstance(of, Objective)
    activity, objective = make_activity(), built(When("saccade", of))
    changed, kept = otherwise(activity), activity.labels["saccade"]
    (loss, slopes, own), (loss_2, slopes_2, own_2) = (
        found(objective, one) for one in (activity, changed)
    )
    assert torch.equal(loss, loss_2) and loss != 0
    assert all(map(torch.equal, own, own_2))
    for slope, slope_2 in zip(slopes, slopes_2, strict=True):
        if slope.dim():
            assert not slope[~kept].any() and not slope_2[~kept].any()
            assert torch.equal(slope[kept], slope_2[kept])
    assert any(slope.any() for slope in slopes)
    with torch.no_grad():
        terms, terms_2 = objective.terms(activity), objective.terms(changed)
    assert terms.keys() == terms_2.keys()
    assert all(torch.equal(terms[name], terms_2[name]) for name in terms)
    assert not torch.equal(loss, found(of, changed)[0]), "a control: else they matter"


def test_elsewhere_it_is_the_objective_itself() -> None:
    activity, objective = make_activity(), built(When("saccade", CrossEntropy("identity", 10)))
    assert isinstance(objective, When)
    counts = activity.labels["saccade"] & activity.valid
    whole = objective.of(activity)
    assert torch.equal(objective(activity), torch.where(counts, whole, torch.zeros_like(whole)))
    always = activity._replace(labels=activity.labels | {"saccade": torch.ones_like(counts)})
    assert torch.equal(objective(always)[activity.valid], whole[activity.valid])
    never = activity._replace(labels=activity.labels | {"saccade": torch.zeros_like(counts)})
    assert not objective(never).any() and objective.terms(never)["accuracy"] == 0


def test_accuracy_is_that_of_the_steps_that_count() -> None:
    activity, objective = make_activity(), built(When("saccade", CrossEntropy("identity", 10)))
    assert isinstance(objective, When) and isinstance(objective.of, CrossEntropy)
    for parameter in objective.parameters():
        parameter.data.zero_()
    dense(objective.of.readout).bias.data[3] = 1.0  # always says 3
    counts = activity.labels["saccade"] & activity.valid
    identity = torch.where(counts & (torch.arange(7)[:, None] > 3), 3, 5)
    said = objective.terms(activity._replace(labels=activity.labels | {"identity": identity}))
    right = ((identity == 3) & counts).sum() / counts.sum()
    assert said["accuracy"].item() == pytest.approx(right.item()) and 0 < right < 1
    assert objective.sums(activity)["steps"] == counts.sum()


def test_the_explained_variance_is_that_of_the_steps_that_count() -> None:
    activity, objective = make_activity(), built(When("saccade", Regression("position", 2)))
    assert isinstance(objective, When) and isinstance(objective.of, Regression)
    counts = activity.labels["saccade"] & activity.valid
    wanted = activity.labels["position"][counts].double()
    missed = (wanted - objective.of.readout(activity.rate)[counts]).square().mean()
    expected = 1 - missed / (wanted - wanted.mean(0)).square().mean()
    assert objective.terms(activity)["explained"].item() == pytest.approx(expected.item())


def test_joined_steps_count_only_together() -> None:
    """A stretch of steps that count is a stream of its own: its first step changes from nothing."""
    rate = torch.arange(8.0).square().view(8, 1, 1).double()
    counts = torch.tensor([1, 1, 0, 1, 1, 1, 0, 1]).bool().view(8, 1)
    valid = torch.tensor([0, 1, 1, 1, 1, 1, 1, 1]).bool().view(8, 1)
    activity = Activity(rate, rate, rate, rate, valid, {"saccade": counts})
    objective = When("saccade", Slowness())
    change = rate.flatten().diff(prepend=rate.new_zeros(1)).square()
    expected = torch.where(torch.tensor([0, 1, 0, 0, 1, 1, 0, 0]).bool(), change, 0)
    assert torch.equal(objective(activity).flatten(), expected)


def test_windows_and_processes_add_up_though_they_count_unequally() -> None:
    activity, objective = make_activity(), built(When("saccade", CrossEntropy("identity", 10)))
    loss = activity.valid * objective(activity)

    def piece(part: slice, dim: int) -> Activity:
        fields = [x[part] if dim == 0 else x[:, part] for x in activity[:5]]
        labels = {n: x[part] if dim == 0 else x[:, part] for n, x in activity.labels.items()}
        return Activity(*fields, labels=labels)

    for dim, first in ((0, 3), (1, 1)):
        parts = [piece(slice(first), dim), piece(slice(first, None), dim)]
        sums = [(part.valid * objective(part)).sum() for part in parts]
        torch.testing.assert_close(sum(sums) / loss.numel(), loss.mean())
        shares = [objective.sums(part)["steps"] / part.valid.numel() for part in parts]
        assert shares[0] != shares[1], "a control"


def test_a_gate_may_be_around_it() -> None:
    objective = Gated(["LM", "PM"], When("saccade", SelfPrediction([1])))
    objective.build(dict.fromkeys(objective.areas, (6,)), dict.fromkeys(objective.areas, (5,)))
    activities = {area: make_activity() for area in objective.areas}
    counts = activities["LM"].labels["saccade"]
    loss = objective.double()(activities)
    assert not loss[~counts].any() and loss[counts].any()


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (VICReg(["V1", "LM"]), "of: VICReg is shared by areas, and When is of one; give an"),
        (InfoNCE([1]), "of: InfoNCE compares streams, of which some may count at a step and"),
        (TargetRate(0.1), "of: TargetRate compares streams"),
        (PairedViews(VICReg(["a", "b"])), "of: PairedViews compares streams"),
    ],
)
def test_objectives_of_which_a_part_means_nothing_are_refused(of, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        When("response", of)


def test_it_takes_over_what_its_objective_says_of_itself() -> None:
    drawn, chained = (
        When("saccade", Reinforce("identity", 10)),
        When("saccade", SelfPrediction([3])),
    )
    assert drawn.draws and drawn.stops_gradient and not When("saccade", SquaredError()).draws
    assert chained.reach == 3 and When("saccade", chained).reach == 3


def test_both_labels_are_asked_of_the_data() -> None:
    made = {"answer": When("response", CrossEntropy("identity", 10))}
    brain = toy.lone(objectives=made, rule=BPTT())
    kinds = {"identity": Label((0, 9)), "response": Label((0, 1))}
    require_labels(brain, ["identity", "response"], kinds)
    with pytest.raises(
        ValueError, match=r"answer: When reads the label 'response', which the data"
    ):
        require_labels(brain, ["identity"], kinds)
    with pytest.raises(ValueError, match=r"answer: CrossEntropy reads the label 'identity'"):
        require_labels(brain, ["response"], kinds)
    wrong = kinds | {"response": Label((0, 9))}
    with pytest.raises(ValueError, match=r"answer: label: 'response' does not say true or false"):
        require_labels(brain, ["identity", "response"], wrong)
    few = kinds | {"identity": Label((0, 10))}
    with pytest.raises(ValueError, match=r"answer: classes: 'identity' has 11; need as many"):
        require_labels(brain, ["identity", "response"], few)


def gradients_of(rule: Rule, label: Tensor, counts: Tensor) -> dict[str, Tensor]:
    """Of all weights of a brain that does a task, by name, in one window; the weights are drawn."""
    torch.manual_seed(0)
    made = {"answer": When("response", CrossEntropy("identity", 3))}
    brain = toy.lone(objectives=made, rule=rule, predictor=None, afferents=["drive"])
    activities, _ = brain(*toy.stream(brain))
    labels = {"identity": label, "response": counts}
    activities = {name: a._replace(labels=labels) for name, a in activities.items()}
    brain.losses(activities)["V1"]["answer"].backward()
    return {n: p.grad for n, p in brain.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("rule", [BPTT, EProp, RTRL])
def test_no_weight_of_a_brain_learns_from_a_step_that_does_not_count(
    rule: Callable[[], Rule],
) -> None:
    shape = toy.stream(toy.lone(predictor=None, afferents=["drive"]))[1].shape
    label = torch.arange(shape.numel()).view(shape) % 3
    counts = torch.zeros(shape).bool()
    counts[-2:] = True
    found = gradients_of(rule(), label, counts)
    changed = gradients_of(rule(), torch.where(counts, label, (label + 1) % 3), counts)
    assert found.keys() == changed.keys() and any(g.any() for g in found.values())
    assert all(torch.equal(found[name], changed[name]) for name in found)
    always = gradients_of(rule(), label, torch.ones_like(counts))
    assert not all(torch.equal(found[name], always[name]) for name in found), "a control"
    never = gradients_of(rule(), label, torch.zeros_like(counts))
    assert not any(g.any() for g in never.values())
