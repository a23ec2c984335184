"""RFLO carries what a leaky unit's own leak carries, and nothing else."""

import pytest
import torch
from torch import Tensor

from areas import LSTM, Leaky, Predictor
from brainmodel.brain import Brain
from brainmodel.learning import FBPTT, RFLO, Rule
from brainmodel.scopes import Global
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
