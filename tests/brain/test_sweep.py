"""The roll-out over a window does what the brain's definition says, for any graph of areas."""

import pytest
import torch
from torch.utils._pytree import tree_leaves

from brainmodel.learning import BPTT
from tests import lessons, toy
from tests.literal import Literal

SEEDS = range(24)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_sweep_is_the_definition_for_random_graphs(seed: int) -> None:
    brain = toy.random_brain(seed)
    inputs, reset = toy.stream(brain, steps=7, seed=seed)
    course = Literal(brain, inputs, reset)
    state, found = None, {name: [] for name in brain.areas}
    for first, last in lessons.windows(7, [1, 4, 2]):
        window = {name: signal[first:last] for name, signal in inputs.items()}
        activities, state = brain(window, reset[first:last], state)
        for name, activity in activities.items():
            found[name].append(activity)
    for name, pieces in found.items():
        joined = pieces[0]._replace(
            **{
                field: torch.cat([getattr(piece, field) for piece in pieces])
                for field in ("drive", "prediction", "error", "rate", "valid")
            }
        )
        torch.testing.assert_close(joined, course.activity(name), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("maps", [False, True])
def test_one_step_of_one_stream_leaves_parameters_inputs_and_state_as_they_were(maps: bool) -> None:
    brain = toy.ladder(lambda name: BPTT(), maps=maps)
    inputs, reset = toy.stream(brain, steps=1, batch=1, resets=False)
    _, state = brain(inputs, reset)
    carried = [leaf for leaf in tree_leaves(state) if isinstance(leaf, torch.Tensor)]
    held = [*brain.parameters(), *inputs.values(), *carried]
    kept = [tensor.clone() for tensor in held]
    lessons.learn(brain, inputs, reset)
    brain(inputs, ~reset, state)
    assert all(torch.equal(before, after) for before, after in zip(kept, held, strict=True))
