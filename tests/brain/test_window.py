"""A window that would be read otherwise than meant is refused; shared weights get all gradients."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from areas import GRU, Leaky, Predictor
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import BPTT, EProp, KeRNL
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global
from objectives import Gaussian, SquaredError

TIME, BATCH = 5, 3


def brain(rules: Callable[[], Any] = EProp, scope: Any = None, units: int = 6) -> Brain:
    """V1 and LM, both fed by the eye."""
    torch.manual_seed(0)
    plans = {n: AreaPlan(GRU(), [units], rules(), {"next": SquaredError()}) for n in ("V1", "LM")}
    ways = {"a": Pathway("eye", "V1"), "b": Pathway("eye", "LM")}
    return Brain(plans, ways, {"eye": [1, 2, 2]}, scope).double()


def window() -> tuple[Tensor, Tensor]:
    frames = torch.rand(TIME, BATCH, 1, 2, 2, generator=torch.Generator().manual_seed(1))
    return frames, torch.zeros(TIME, BATCH, dtype=torch.bool)


def learnt(made: Brain, frames: Tensor, reset: Tensor) -> dict[str, Tensor]:
    """Gradients by name, those of a parameter under all of its names."""
    made.zero_grad()
    losses = made.losses(made({"eye": frames}, reset)[0])
    torch.stack([loss for own in losses.values() for loss in own.values()]).sum().backward()
    named = made.named_parameters(remove_duplicate=False)
    return {name: p.grad.clone() for name, p in named if p.grad is not None}


REFUSED: dict[str, tuple[Callable[[Tensor, Tensor], tuple[Any, Any]], str]] = {
    "reset as whole numbers": (
        lambda frames, reset: ({"eye": frames}, reset.long()),
        r"reset is int64 of shape \(5, 3\): give bool \[time, batch\]",
    ),
    "reset as floats": (lambda f, r: ({"eye": f}, r.float()), "reset is float32"),
    "reset without time": (lambda f, r: ({"eye": f}, r[0]), r"reset is bool of shape \(3,\)"),
    "no step": (lambda f, r: ({"eye": f[:0]}, r[:0]), r"shape \(0, 3\): give one step and stream"),
    "reset with the batch first": (
        lambda f, r: ({"eye": f}, r.T),
        r"inputs.eye is float32 of shape \(5, 3, 1, 2, 2\): give real numbers \[time, batch, 1, 2",
    ),
    "frames with the batch first": (
        lambda f, r: ({"eye": f.transpose(0, 1)}, r),
        r"inputs.eye is float32 of shape \(3, 5, 1, 2, 2\): give .* as reset is \(5, 3\)",
    ),
    "channels last": (lambda f, r: ({"eye": f.movedim(2, -1)}, r), r"shape \(5, 3, 2, 2, 1\): giv"),
    "complex frames": (lambda f, r: ({"eye": f + 0j}, r), "inputs.eye is complex64"),
    "frames of numpy": (lambda f, r: ({"eye": f.numpy()}, r), "inputs.eye is ndarray: give real"),
    "frames that wait for a gradient": (
        lambda f, r: ({"eye": f.clone().requires_grad_()}, r),
        "inputs.eye requires grad, and no rule brings one to an input: detach it",
    ),
    "no frames": (lambda f, r: ({"ear": f}, r), "there is no 'eye', which .* there are ear"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_window_is_refused(name: str) -> None:
    change, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        brain()(*change(*window()))


def test_a_state_of_other_streams_or_areas_is_refused() -> None:
    frames, reset = window()
    made = brain()
    _, state = made({"eye": frames}, reset)
    made({"eye": frames}, reset, state)
    with pytest.raises(ValueError, match=r"has shape \(3, 6\): give that .* of 2 streams"):
        made({"eye": frames[:, :2]}, reset[:, :2], state)
    with pytest.raises(ValueError, match=r"has shape \(3, 6\): give .* of this brain, \(3, 7\)"):
        brain(units=7)({"eye": frames}, reset, state)
    other = state._replace(areas={"V1": state.areas["V1"]})
    with pytest.raises(ValueError, match="state is of areas V1: give one of"):
        made({"eye": frames}, reset, other)


@pytest.mark.parametrize(("rules", "scope"), [(EProp, None), (BPTT, None), (BPTT, Global)])
def test_weights_of_two_areas_get_the_gradients_of_both(rules: Any, scope: Any) -> None:
    made = brain(rules, None if scope is None else scope())
    first, second = made.area("V1"), made.area("LM")
    second.load_state_dict(first.state_dict())
    alone = learnt(made, *window())
    made.areas["LM"] = first
    tied = learnt(made, *window())
    for name, _ in first.named_parameters():
        expected = alone[f"areas.V1.{name}"] + alone[f"areas.LM.{name}"]
        assert torch.allclose(tied[f"areas.V1.{name}"], expected, atol=1e-12), name
        assert expected.abs().max() > 1e-6  # the control


@pytest.mark.parametrize(
    "change",
    [
        lambda part: prune.random_unstructured(part, "weight", amount=0.5),
        lambda part: parametrizations.weight_norm(part, "weight"),
    ],
)
def test_gradients_of_what_is_no_parameter_any_more_are_not_lost(
    change: Callable[[nn.Module], Any],
) -> None:
    made = brain()
    change(made.area("V1").synapses["recurrent"])
    with pytest.raises(RuntimeError, match="areas.V1.synapses.recurrent.weight is no parameter of"):
        learnt(made, *window())


def plans(**shared: Any) -> dict[str, AreaPlan]:
    held = {"rule": EProp(), "objectives": {"next": SquaredError()}} | shared
    return {n: AreaPlan(Leaky(0.5), [6], **held, predictor=Predictor()) for n in ("V1", "LM")}


def test_a_part_that_holds_numbers_is_that_of_one_area() -> None:
    ways = {"a": Pathway("eye", "V1"), "b": Pathway("eye", "LM")}
    Brain(plans(), ways, {"eye": [4]})  # EProp and SquaredError hold none
    for shared, name in (
        ({"rule": KeRNL()}, r"rules.\w+: the same KeRNL is rules.\w+, and holds parameters"),
        (
            {"objectives": {"next": Gaussian()}},
            r"objectives.\w+.next: the same Gaussian is objectives",
        ),
    ):
        with pytest.raises(ValueError, match=name):
            Brain(plans(**shared), ways, {"eye": [4]})
