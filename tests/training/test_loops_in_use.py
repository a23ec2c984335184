"""A run says what takes the steps of each area, and warns once of each reason for a slow way."""

import warnings
from importlib.util import find_spec

import pytest
import torch

from areas import Leaky
from areas.loops.compiled import Unsuited, find_compiler, which_loops
from brainmodel.brain import Brain
from brainmodel.command_line.steps_told import steps_on, steps_told
from brainmodel.engines import Compiled
from brainmodel.pathways.pathway import Pathway
from brainmodel.scopes import Global, Local
from brainmodel.training.loops_in_use import steps_taken, warn_of_slow
from tests import toy

GELU = "tensor calls (no C expression is known of the operation 'gelu')"


def trio(*activations) -> Brain:
    """V1, LM and AL, with these activations."""
    names = ["V1", "LM", "AL"]
    plans = {n: toy.plan(Leaky(0.5, a)) for n, a in zip(names, activations, strict=True)}
    pathways = {f"up_{name}": Pathway("eye", name) for name in names}
    return toy.brain(plans, pathways, {"eye": [3]}, Local())


def warned(brain: Brain) -> list[str]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        warn_of_slow(brain)
    return [str(warning.message) for warning in told]


@pytest.mark.skipif(find_compiler() is None, reason="no C compiler")
def test_areas_whose_loops_differ_are_named() -> None:
    mixed = trio(torch.tanh, torch.nn.functional.gelu, torch.nn.functional.gelu)
    assert steps_taken(mixed) == f"{GELU} in AL, LM; by {which_loops()} in V1"
    assert warned(mixed) == ["no native loops, tensor calls are slower: " + GELU[14:-1]]
    alike = trio(torch.tanh, torch.tanh, torch.tanh)
    assert steps_taken(alike) == which_loops() and not warned(alike)


def test_numbers_that_have_no_loops_are_said_once() -> None:
    half = trio(torch.tanh, torch.tanh, torch.tanh).bfloat16()
    assert steps_taken(half).startswith("tensor calls (native loops take numbers of type float32")
    assert len(warned(half)) == 1


def test_whoever_switched_loops_off_is_not_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    brain = trio(torch.tanh, torch.tanh, torch.tanh)
    assert steps_taken(brain) == which_loops() and "BRAINMODEL_NATIVE=0" in which_loops()
    assert not warned(brain)


def test_triton_is_said_where_it_takes_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("triton")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    said = steps_taken(trio(torch.tanh, torch.nn.functional.gelu, torch.tanh))
    assert said.startswith("native loops (compiled by Triton 3.")
    gelu = "tensor calls (no Triton expression is known of the operation 'gelu')"
    assert said.endswith(f" in AL, V1; by {gelu} in LM")


def test_global_says_what_takes_the_steps_that_it_learns_from() -> None:
    brain = toy.lone(scope=Global())
    end = "where the brain learns (scope Global), else by " + which_loops()
    assert steps_taken(brain) == f"tensor calls under autograd {end}"
    model = {"scope": {"class_path": "brainmodel.scopes.Global"}, "engine": None}
    assert steps_on("cpu", model) == f"tensor calls {end}"
    brain.engine = Compiled("eager")
    assert steps_taken(brain) == f"compiled code (torch.compile, eager) under autograd {end}"
    model["engine"] = {"class_path": "brainmodel.engines.Compiled"}
    assert steps_on("cpu", model) == f"the engine Compiled {end}"
    assert steps_on("cpu", {"scope": None}) == which_loops()


def test_a_config_tells_the_loops_of_the_devices_that_it_may_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(accelerator: str | None) -> list[str]:
        return list(steps_told({"trainer": {"accelerator": accelerator}, "model": {}}))

    here = f"On the CPU, steps are taken by {which_loops()}."
    assert told("cpu") == [here] and told(None) == told("auto") and told("auto")[0] == here
    assert told("mps") == [
        "On mps, steps are taken by tensor calls (there are no native loops for mps)."
    ]
    (there,) = told("gpu")
    assert there.startswith("On a graphics processor, steps are taken by ") and there in told(None)
    if find_spec("triton") is None:
        assert "tensor calls (there is no Triton;" in there
        return
    assert "native loops (compiled by Triton 3." in there
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert steps_taken(trio(*[torch.tanh] * 3)) + "." == told("cpu")[0].partition(" by ")[2]
    monkeypatch.setenv("BRAINMODEL_NATIVE", "0")
    assert "BRAINMODEL_NATIVE=0" in told("gpu")[0]


def test_what_loops_are_not_made_for_is_no_fault_of_the_compiler() -> None:
    loops = toy.lone().area("V1").dynamics.loops_in_use(torch.device("meta"), torch.float32)
    assert isinstance(loops.missing, Unsuited) and "no native loops for meta" in str(loops)
