"""RFLO carries what a leaky unit's own leak carries, and nothing else."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from areas import LSTM, Feedback, GivenFeedback, Leaky, Predictor, RandomFeedback
from brainmodel.brain import Brain
from brainmodel.learning import FBPTT, RFLO, Rule
from brainmodel.scopes import Global, Local
from objectives import Regression, SquaredError
from tests import lessons, toy
from tests.literal import Literal


def brain_of(rule: Rule, alpha: float = 0.4, **others) -> Brain:
    return toy.lone(Leaky(alpha), rule=rule, predictor=Predictor(torch.tanh), **others)


def signals(brain: Brain, inputs: dict[str, Tensor], reset: Tensor) -> Tensor:
    """L(t), [time, batch, unit]: the loss by each rate, directly and by the prediction it makes."""
    course = Literal(brain, inputs, reset, local=True, cut=lambda name: True)
    activity = course.activity("V1")
    leaves = [a.detach().requires_grad_() for a in activity[:4]]
    loss = lessons.total(brain, {"V1": toy.Activity(*leaves, valid=activity.valid)})
    by = torch.autograd.grad(loss, leaves, allow_unused=True)
    drive, prediction, error, rate = (
        torch.zeros_like(a) if g is None else g for a, g in zip(leaves, by, strict=True)
    )
    predictor = brain.area("V1").predictor
    assert predictor is not None
    found = rate.clone()
    slope = 1 - activity.prediction.detach() ** 2
    back = ((prediction - error) * slope) @ predictor.synapses["rate"].weight.detach()
    found[:-1] += back[1:] * (~reset[1:]).double()[..., None]
    return found


def literally(brain: Brain, inputs: dict[str, Tensor], reset: Tensor) -> dict[str, Tensor]:
    """sum_t L(t) p(t) with p moved on step by step, as the docstring has it."""
    area, said = brain.area("V1"), signals(brain, inputs, reset)
    course, alpha = Literal(brain, inputs, reset), area.cell.alpha  # type: ignore[attr-defined]
    found: dict[str, Tensor] = {}
    traces: dict[str, Tensor] = {}
    with torch.no_grad():
        for t in range(len(reset)):
            rate, did = course.state("V1", t)["rate"], course.at("V1", t)
            sources = {"recurrent": rate, "drive": did["drive"]}
            current = area.bias + sum(x @ area.synapses[n].weight.T for n, x in sources.items())
            slope = 1 - torch.tanh(current) ** 2
            leak = (1 - alpha) * (~reset[t]).double()[:, None, None]
            for n, source in sources.items():
                before = traces.get(n, torch.zeros(()))
                traces[n] = leak * before + alpha * slope[:, :, None] * source[:, None]
                name = f"areas.V1.synapses.{n}.weight"
                found[name] = found.get(name, 0) + (said[t][:, :, None] * traces[n]).sum(0)
    return found


@pytest.mark.parametrize("resets", [False, True])
def test_the_window_form_is_the_trace_moved_on_step_by_step(resets: bool) -> None:
    brain = brain_of(RFLO(), afferents=["drive"])
    inputs, reset = toy.stream(brain, steps=8, resets=resets)
    expected = literally(brain, inputs, reset)
    for lengths in ([8], [1], [3, 2]):
        found = lessons.learn(brain, inputs, reset, lengths)
        lessons.assert_same({name: found[name] for name in expected}, expected)


def test_at_alpha_1_the_immediate_influence_remains() -> None:
    brain = brain_of(RFLO(), alpha=1.0)
    inputs, reset = toy.stream(brain, steps=8)
    found = lessons.learn(brain, inputs, reset, [3])
    immediate = lessons.learn(brain_of(FBPTT(1), alpha=1.0), inputs, reset, [3])
    own = [n for n in found if "predictor" not in n]
    lessons.assert_same({n: found[n] for n in own}, {n: immediate[n] for n in own})
    slow = [lessons.learn(brain_of(rule), inputs, reset, [3]) for rule in (RFLO(), FBPTT(1))]
    assert lessons.distance(*({n: g[n] for n in own} for g in slow)) > 1e-3


def test_the_slope_scales_rows_of_the_recurrent_weights_not_columns() -> None:
    """df(u) W with the slope on the presynaptic side is the error that public code has made."""
    brain = brain_of(RFLO(), afferents=["drive"])
    inputs, reset = toy.stream(brain, steps=1, resets=False)
    inputs["eye"] *= 3
    _, state = brain(inputs, reset)
    before = state.areas["V1"].rate
    said = torch.randn(1, 2, 3, dtype=torch.float64)
    activities, after = brain(inputs, reset, state._replace(memories={"V1": None}))
    gradient = torch.autograd.grad(
        (activities["V1"].rate * said).sum(), brain.area("V1").synapses["recurrent"].weight
    )[0]
    phi = (after.areas["V1"].rate - 0.6 * before) / 0.4
    post = 0.4 * (1 - phi**2) * said[0]
    torch.testing.assert_close(gradient, post.T @ before, rtol=1e-9, atol=1e-12)
    pre = said[0].T @ (0.4 * (1 - phi**2) * before)
    assert (gradient - pre).abs().max() > 1e-3


def test_the_input_of_a_trace_is_that_of_its_own_step() -> None:
    brain = brain_of(RFLO(), alpha=1.0, afferents=["drive"])
    inputs, reset = toy.stream(brain, steps=3, resets=False)
    found = {}
    for t in range(3):
        shone = {"eye": inputs["eye"] * 0}
        shone["eye"][t] = inputs["eye"][t]
        activities, _ = brain(shone, reset)
        weight = brain.area("V1").synapses["drive"].weight
        found[t] = torch.autograd.grad(activities["V1"].rate[1].sum(), weight)[0]
    assert found[1].any() and not found[0].any() and not found[2].any()


@pytest.mark.parametrize("lengths", [[6], [1], [2, 3]], ids=str)
def test_under_scope_global_it_is_autograd_with_the_recurrent_path_cut(lengths: list[int]) -> None:
    brain = toy.ladder(lambda name: RFLO(), Global(), [Leaky] * 3)
    inputs, reset = toy.stream(brain, steps=6)
    expected = lessons.learn_literally(brain, inputs, reset, lengths, cut=lambda name: True)
    lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), expected)


def test_rflo_refuses_other_cells_and_names_the_rule_for_them() -> None:
    with pytest.raises(ValueError, match=r"areas\.V1: rule RFLO: needs the cell Leaky.*EProp"):
        toy.lone(LSTM(), rule=RFLO())


def murray(x: NDArray, wanted: NDArray, w: dict[str, NDArray], back: NDArray, alpha: float):
    """RFLO as Murray (2019) has it, eqs. 1, 2 and 4 to 6, of one stream, with 1/tau = alpha.

    u(t) = W_rec h(t-1) + W_in x(t) + b,    h(t) = h(t-1) + alpha ( phi(u(t)) - h(t-1) )
    p(t) = alpha phi'(u(t)) (x) h(t-1) + (1 - alpha) p(t-1),    q(t) likewise of x(t)
    y(t) = W_out h(t) + b_out,    e(t) = y*(t) - y(t)
    dW_rec = sum_t B e(t) p(t),    dW_in = sum_t B e(t) q(t),    dW_out = sum_t e(t) (x) h(t)

    Args:
        x: [time, source] what drives the units.
        wanted: [time, output] y*(t); errors of steps beyond its end are not known.
        w: weights by the names above.
        back: [unit, output] B.
        alpha: 1/tau.
    """
    n, m = w["in"].shape
    h, p, q = np.zeros(n), np.zeros((n, n)), np.zeros((n, m))
    moved = {name: np.zeros_like(values) for name, values in w.items()}
    for t in range(len(wanted)):
        slope = np.zeros(n)
        u = w["rec"] @ h + w["in"] @ x[t] + w["bias"]
        for i in range(n):
            slope[i] = 1 - np.tanh(u[i]) ** 2
            for j in range(n):
                p[i, j] = alpha * slope[i] * h[j] + (1 - alpha) * p[i, j]
            for j in range(m):
                q[i, j] = alpha * slope[i] * x[t, j] + (1 - alpha) * q[i, j]
        h = h + alpha * (np.tanh(u) - h)
        error = wanted[t] - (w["out"] @ h + w["bias_out"])
        for i in range(n):
            moved["rec"][i] += (back @ error)[i] * p[i]
            moved["in"][i] += (back @ error)[i] * q[i]
        moved["out"] += np.outer(error, h)
    return moved


def in_his_words(brain: Brain, out: str) -> dict[str, NDArray]:
    """The weights by Murray's names; those of the output lie at `out`."""
    names = {
        "rec": "areas.V1.synapses.recurrent.weight",
        "in": "areas.V1.synapses.drive.weight",
        "bias": "areas.V1.bias",
        "out": f"{out}.weight",
        "bias_out": "areas.V1.predictor.bias" if "predictor" in out else f"{out}.bias",
    }
    return {name: brain.get_parameter(path).detach().numpy() for name, path in names.items()}


def assert_as_published(found: dict[str, Tensor], moved: list[dict], out: str, size: int) -> None:
    """The loss is a mean over outputs, so its gradient is -2 / size of what Murray moves."""
    names = {"rec": "synapses.recurrent", "in": "synapses.drive"}
    paths = {name: f"areas.V1.{path}.weight" for name, path in names.items()}
    for name, path in (paths | {"out": f"{out}.weight"}).items():
        expected = -2 / size * sum(one[name] for one in moved)
        np.testing.assert_allclose(found[path].numpy(), expected, rtol=1e-9, atol=1e-12)
        assert np.abs(expected).max() > 1e-3, "a control"


@pytest.mark.parametrize("lengths", [[7], [1], [3, 2]], ids=str)
@pytest.mark.parametrize("scope", [Local, Global])
def test_with_random_feedback_it_is_the_rule_as_published(scope: type, lengths: list[int]) -> None:
    """The output foretells the next drive: y*(t) = x(t + 1). The first prediction, of nothing, is
    an error of the output's bias alone."""
    rule, objectives = RFLO(feedback=RandomFeedback(seed=4)), {"next": SquaredError()}
    said = {"afferents": ["drive"], "objectives": objectives, "scope": scope()}
    brain = toy.lone(Leaky(0.4), rule=rule, predictor=Predictor(), **said)
    inputs, reset = toy.stream(brain, steps=7, resets=False)
    found = lessons.learn(brain, inputs, reset, lengths)
    out, eye = "areas.V1.predictor.synapses.rate", inputs["eye"].numpy()
    w, back = in_his_words(brain, out), brain.get_buffer("areas.V1.predictor.feedback.weight")
    moved = [murray(x, x[1:], w, back.numpy().T, 0.4) for x in eye.transpose(1, 0, 2)]
    assert_as_published(found, moved, out, size=4)
    usual = toy.lone(Leaky(0.4), rule=RFLO(), predictor=Predictor(), **said)
    symmetric = lessons.learn(usual, inputs, reset, lengths)
    recurrent = "areas.V1.synapses.recurrent.weight"
    assert (found[recurrent] - symmetric[recurrent]).abs().max() > 1e-3, "a control"
    assert torch.equal(found[f"{out}.weight"], symmetric[f"{out}.weight"])


def test_a_task_by_a_read_out_with_random_feedback_is_the_rule_as_published() -> None:
    task = Regression("place", 2, RandomFeedback(seed=4))
    brain = toy.lone(
        Leaky(0.4), rule=RFLO(), predictor=None, afferents=["drive"], objectives={"task": task}
    )
    inputs, reset = toy.stream(brain, steps=7, resets=False)
    label = torch.randn(7, 2, 2, dtype=torch.float64)
    activities, _ = brain(inputs, reset)
    loss = task(activities["V1"]._replace(labels={"place": label})).sum()
    grads = torch.autograd.grad(loss, lessons.learnt(brain), allow_unused=True)
    out = next(n for n, p in brain.named_parameters() if p is task.readout.synapses[1].weight)  # type: ignore[index, union-attr]
    out = out.removesuffix(".weight")
    w, back = in_his_words(brain, out), task.readout.feedback.weight.numpy().T  # type: ignore[union-attr, operator]
    streams = zip(
        inputs["eye"].numpy().transpose(1, 0, 2), label.numpy().transpose(1, 0, 2), strict=True
    )
    moved = [murray(x, wanted, w, back, 0.4) for x, wanted in streams]
    assert_as_published(lessons.complete(brain, grads), moved, out, size=2)


def test_each_area_has_a_copy_of_the_rules_feedback() -> None:
    brains = [brain_of(rule) for rule in [RFLO(feedback=RandomFeedback())] * 2]
    weights = [b.area("V1").predictor.feedback.weight for b in brains]  # type: ignore[union-attr]
    assert weights[0] is not weights[1] and torch.equal(*weights)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feedback", "others", "sentence"),
    [
        (RandomFeedback(), {"predictor": None, "afferents": ["drive"]}, "and there is none; give"),
        (RandomFeedback(), {"predictor": Predictor(feedback=RandomFeedback())}, "one of the two"),
        (GivenFeedback([[1.0]]), {}, r"rule RFLO: feedback\.weight: need the shape"),
    ],
)
def test_a_feedback_that_has_no_place_is_refused(
    feedback: Feedback, others: dict, sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"areas\.V1: .*{sentence}"):
        toy.lone(Leaky(), rule=RFLO(feedback=feedback), **others)
