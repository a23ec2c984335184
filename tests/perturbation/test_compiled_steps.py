"""Perturbations under compiled steps are those under steps as they are written."""

import pytest
import torch
from torch import Tensor

from areas import Leaky
from brainmodel.engines import Compiled
from brainmodel.perturbation import Clamp, Opsin, Perturbation, Scale, StreamSteps, perturbed
from brainmodel.scopes import Global
from tests import lessons, toy


@pytest.mark.slow  # torch.compile traces the step and its derivative
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # which torch looks at where it traces
def test_compiled_steps_see_the_perturbation_and_nothing_of_it_stays() -> None:
    brain, engine = toy.lone(Leaky(), scope=Global()), Compiled("aot_eager")
    inputs, reset = toy.stream(brain, steps=4, resets=False)
    reset[0] = True
    found: list[Perturbation] = [
        Scale("V1", 0.5, StreamSteps(1, 3)),
        Clamp("V1", 0.3, StreamSteps(2)),
        Opsin("V1", 0.7, onset=2.0, decay=3.0),
    ]

    def learn(perturbation: Perturbation | None) -> list[Tensor]:
        with perturbed(brain, perturbation or {}):
            activities, _ = brain(inputs, reset)
            return list(
                torch.autograd.grad(lessons.total(brain, activities), lessons.learnt(brain))
            )

    each = [None, *found, None]
    expected = [learn(one) for one in each]
    brain.engine = engine
    for one, wanted in zip(each, expected, strict=True):
        torch.testing.assert_close(learn(one), wanted, rtol=1e-9, atol=1e-12)
    assert engine.missing is None, "none of it was taken as it is written"
    assert all(not torch.equal(own[0], expected[0][0]) for own in expected[1:-1])
