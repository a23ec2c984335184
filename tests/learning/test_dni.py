"""DNI: synthetic gradients as they are defined; what the synthesizer sees and what it learns."""

import pytest
import torch
from torch import Tensor

from areas import LSTM, Leaky, SubLSTM
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, DNI, DNILearnt
from brainmodel.learning.credit.synthetic_gradients import SyntheticGradients
from brainmodel.learning.learning_signal import LearningSignal
from brainmodel.pathways import Pathway
from brainmodel.roll_out.sweep import Sweep
from tests import lessons, toy
from tests.learning.literal_influences import Matrices, Moment, direct, moments, of_area, signals

KINDS: list[type[SyntheticGradients]] = [DNI, DNILearnt]


def own(found: lessons.Gradients) -> Matrices:
    return {n.removeprefix("rules.V1."): g for n, g in found.items() if n.startswith("rules.")}


def synthesizer(brain: Brain) -> Tensor:
    rule = brain.rule("V1")
    assert isinstance(rule, SyntheticGradients)
    return rule.synthesizer


def seen(now: Moment, drive: bool) -> Tensor:
    return torch.cat([now.after, *([now.drive] if drive else []), torch.ones(1).double()])


def literally(
    brain: Brain, inputs: Matrices, reset: Tensor, drive: bool
) -> tuple[Matrices, Tensor]:
    """(gradients of V1, gradient of the synthesizer) of a mean loss, step by step."""
    a, rule = synthesizer(brain), brain.rule("V1")
    found, losses = direct(brain, inputs, reset, lessons.mean), []
    said, count = signals(brain, inputs, reset, mean=True), reset.numel()
    for b, course in enumerate(moments(brain, inputs, reset)):
        for t, now in enumerate(course):
            credit = said[t, b] + (a @ seen(now, drive)).detach() / count
            for name, immediate in now.immediate.items():
                found[name] += torch.tensordot(credit, immediate, 1)
            if t > 0:
                jacobian = now.jacobian
                if isinstance(rule, DNILearnt):
                    jacobian = now.keep * rule.transition[:, : len(a)].detach()
                target = jacobian.T @ credit * count
                missed = a @ seen(course[t - 1], drive) - target
                losses.append(missed.square().sum() / 2)
    (taught,) = torch.autograd.grad(torch.stack(losses).sum() / count, [a])
    return found, taught


@pytest.mark.parametrize("drive", [False, True])
@pytest.mark.parametrize("cell", [Leaky, LSTM])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_it_is_defined_to_be(kind, cell, drive: bool) -> None:
    for afferents in (["error"], ["drive"]):
        brain = toy.lone(cell(), rule=kind(drive), afferents=afferents)
        inputs, reset = toy.stream(brain, steps=5)
        reset[3, 0] = True
        expected, taught = literally(brain, inputs, reset, drive)
        found = lessons.learn(brain, inputs, reset, loss_of=lessons.mean)
        lessons.assert_same(of_area(found), expected)
        lessons.assert_same({"": own(found)["synthesizer"]}, {"": taught})


@pytest.mark.parametrize("drive", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_length_of_windows_does_not_change_the_gradient(kind, drive: bool) -> None:
    """Of a loss that is a mean over a window, weighted by the length of the window."""
    brain = toy.lone(SubLSTM(), rule=kind(drive))
    inputs, reset = toy.stream(brain, steps=6)
    reset[3, 0] = True
    found = []
    for length in (6, 3, 1):
        made = lessons.learn(brain, inputs, reset, [length], loss_of=lessons.mean)
        found.append({name: gradient * length for name, gradient in made.items()})
    lessons.assert_same(found[1], found[0])
    lessons.assert_same(found[2], found[0])
    assert min(float(g.abs().max()) for g in found[0].values()) > 1e-4


def told(brain: Brain, kind: type[SyntheticGradients], drive: bool, label: float) -> Matrices:
    """What LM learns if the drive it is taught by, and does not feel, is shifted by so much."""
    inputs, reset = toy.stream(brain)
    with torch.no_grad():
        sweep = Sweep(brain, inputs, reset, brain.initial_state(2))
        sweep.run()
        record, area, rule = sweep.records()["LM"], brain.area("LM"), brain.rule("LM")
        record.sources["drive"] = record.sources["drive"] + label
        rate, prediction = record.fields["rate"][1:].sin(), record.prediction.sin()
        memory = rule.remember(area, record, None)
        return rule.gradients(area, record, LearningSignal(rate, prediction), memory)


@pytest.mark.parametrize("kind", KINDS)
def test_no_label_leaks_into_the_synthesizer_unless_asked_for(
    kind: type[SyntheticGradients],
) -> None:
    """An area that learns to predict a label from messages, and is told the same of it."""
    for drive in (False, True):
        plans = {
            "V1": toy.plan(rule=kind(drive)),
            "LM": toy.plan(units=[4], rule=kind(drive), afferents=[]),
        }
        pathways = {
            "up": Pathway("eye", "V1"),
            "up_LM": Pathway("V1", "LM"),
            "across": Pathway("V1", "LM", "lateral", "rate"),
        }
        brain = toy.brain(plans, pathways, {"eye": [3]})
        first, second = (told(brain, kind, drive, label) for label in (0.0, 1.0))
        if drive:  # the control: it would be seen
            assert lessons.distance(first, second) > 1e-3
        else:
            lessons.assert_same(first, second, atol=0)


def aligned(found: Matrices, exact: Matrices) -> float:
    pair = [torch.cat([g[n].flatten() for n in sorted(exact)]) for g in (found, exact)]
    return float(torch.nn.functional.cosine_similarity(pair[0], pair[1], dim=0))


def test_a_synthesizer_that_has_learnt_points_where_backpropagation_does() -> None:
    """Weights held still while it learns; then nearer to BPTT than without it."""
    found: dict[str, Matrices] = {}
    for name, rule in {"exact": BPTT(), "learnt": DNI(), "without": DNI()}.items():
        brain = toy.lone(Leaky(alpha=0.2), rule=rule, afferents=["drive"])
        inputs, reset = toy.stream(brain, steps=40, batch=20, resets=False)
        if isinstance(rule, DNI):
            rule.synthesizer.data.zero_()
        if name == "learnt":
            optimizer = torch.optim.SGD([synthesizer(brain)], lr=0.5)
            for _ in range(150):
                optimizer.zero_grad()
                lessons.mean(brain, brain(inputs, reset)[0]).backward()
                optimizer.step()
        learnt = lessons.learn(brain, inputs, reset, loss_of=lessons.mean)
        found[name] = {n: g for n, g in of_area(learnt).items() if "predictor" not in n}
    learnt, without = (aligned(found[n], found["exact"]) for n in ("learnt", "without"))
    assert learnt > 0.9 and learnt > without + 0.05


def linear_area(rule) -> Brain:
    """Leaky units with the identity for activation: s(t) = ((1 - a) + a R) s(t-1) + a (W u + b)."""
    brain = toy.lone(Leaky(alpha=0.4, activation=torch.clone), rule=rule, afferents=["drive"])
    return brain


def test_a_learnt_jacobian_that_is_true_teaches_the_same() -> None:
    rule = DNILearnt()
    brain, other = linear_area(rule), linear_area(DNI())
    area = brain.area("V1")
    weights = [area.synapses[name].weight.detach() for name in ("recurrent", "drive")]
    own_state = 0.6 * torch.eye(3).double() + 0.4 * weights[0]
    true = torch.cat([own_state, 0.4 * weights[1], 0.4 * area.bias.detach()[:, None]], dim=1)
    inputs, reset = toy.stream(brain, steps=6)
    far = own(lessons.learn(brain, inputs, reset))["transition"]
    rule.transition.data.copy_(true)
    synthesizer(other).data.copy_(synthesizer(brain).data)
    found, expected = (lessons.learn(b, inputs, reset, [2, 1]) for b in (brain, other))
    rest = own(found)["transition"]
    assert rest.abs().max() < 1e-12 < 1e-3 < far.abs().max()
    del found["rules.V1.transition"]
    lessons.assert_same(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_maps_are_refused(kind: type[SyntheticGradients]) -> None:
    with pytest.raises(ValueError, match=rf"rule {kind.__name__}: needs dense.*\[2, 4, 4\].*use"):
        toy.lone(maps=True, rule=kind())
