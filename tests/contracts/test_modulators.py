"""What every neuromodulator and schedule promises: run over configs/modulation and schedules."""

import io

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from areas import Area
from brainmodel import schedules
from brainmodel.learning import modulation
from brainmodel.learning.modulation import Modulator, Moments
from brainmodel.pathways.pathway import Pathway
from brainmodel.schedules import Schedule
from brainmodel.schedules.clock import Clock
from tests import toy

MODULATORS = toy.parts("modulation", Modulator, modulation)
SCHEDULES = toy.parts("schedules", Schedule, schedules)
GROWN = 10**6  # steps of the optimizer


def built(name: str) -> tuple[Modulator, Area]:
    """The modulator of a config, for an area of a brain that sees and is rewarded."""
    cell = toy.CELLS["populations"]() if name == "by_population" else None
    plans = {"V1": toy.plan(cell, units=[8])}
    brain = toy.brain(plans, {"up": Pathway("eye", "V1")}, {"eye": [4], "reward": [1]})
    modulator = MODULATORS[name]()
    modulator.build(brain.area("V1"), brain.inputs)
    return modulator, brain.area("V1")


def moments(steps: int = 9, batch: int = 3) -> Moments:
    """Errors and rewards at random, with resets."""
    error, reward = torch.randn(steps, batch, 4).double(), torch.randn(steps, batch, 1).double()
    valid = torch.ones(steps, batch, dtype=torch.bool)
    valid[0], valid[4, 1] = False, False
    return Moments(error, {"eye": error.square(), "reward": reward}, valid, Clock(lambda: GROWN))


def part(seen: Moments, steps: slice, streams: slice) -> Moments:
    inputs = {name: signal[steps, streams] for name, signal in seen.inputs.items()}
    return Moments(seen.error[steps, streams], inputs, seen.valid[steps, streams], seen.clock)


ALL = slice(None)


@pytest.mark.parametrize("name", MODULATORS)
def test_levels_are_finite_and_fit_the_area(name: str) -> None:
    modulator, area = built(name)
    level, _ = modulator.level(moments(), None)
    assert level.shape == ((9, 3, area.units[0]) if modulator.by_unit else (9, 3))
    assert level.isfinite().all() and level.dtype == torch.float64 and level.any()


@pytest.mark.parametrize("name", MODULATORS)
def test_windows_of_any_length_give_the_same_levels(name: str) -> None:
    modulator, _ = built(name)
    seen = moments()
    whole, _ = modulator.level(seen, None)
    memory, levels = None, []
    for steps in (slice(0, 1), slice(1, 4), slice(4, 9)):
        level, memory = modulator.level(part(seen, steps, ALL), memory)
        levels.append(level)
    torch.testing.assert_close(torch.cat(levels), whole)


@pytest.mark.parametrize("name", MODULATORS)
def test_streams_do_not_meet_and_the_future_does_not_matter(name: str) -> None:
    modulator, _ = built(name)
    seen = moments()
    whole, _ = modulator.level(seen, None)
    alone, _ = modulator.level(part(seen, ALL, slice(1, 2)), None)
    early, _ = modulator.level(part(seen, slice(0, 5), ALL), None)
    torch.testing.assert_close(alone, whole[:, 1:2])
    torch.testing.assert_close(early, whole[:5])


@pytest.mark.parametrize("name", MODULATORS)
def test_what_happened_and_what_was_remembered_stay_as_they_were(name: str) -> None:
    modulator, _ = built(name)
    seen = moments()
    _, memory = modulator.level(seen, None)
    held = [leaf for leaf in tree_leaves((seen, memory)) if isinstance(leaf, torch.Tensor)]
    kept = [leaf.clone() for leaf in held]
    first, _ = modulator.level(seen, memory)
    second, _ = modulator.level(seen, memory)
    assert torch.equal(first, second)
    assert all(torch.equal(a, b) for a, b in zip(held, kept, strict=True))


@pytest.mark.parametrize("name", MODULATORS)
def test_a_memory_that_was_saved_goes_on_to_the_same_levels(name: str) -> None:
    modulator, _ = built(name)
    seen = moments()
    _, memory = modulator.level(seen, None)
    file = io.BytesIO()
    torch.save(tree_leaves(memory), file)
    file.seek(0)
    leaves = iter(torch.load(file, weights_only=True))
    loaded = tree_map_only(object, lambda leaf: next(leaves), memory)
    assert torch.equal(modulator.level(seen, loaded)[0], modulator.level(seen, memory)[0])


@pytest.mark.parametrize("name", ["surprise", "reward", "cell_types", "after_development"])
def test_the_past_matters_where_it_is_remembered(name: str) -> None:
    modulator, _ = built(name)
    seen = moments()
    _, memory = modulator.level(seen, None)
    fresh, _ = modulator.level(seen, None)
    assert not torch.allclose(modulator.level(seen, memory)[0], fresh)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_between_0_and_1_and_change(name: str) -> None:
    schedule = SCHEDULES[name]()
    levels = [schedule.level(step) for step in range(600)]
    assert all(0 <= level <= 1 for level in levels)
    assert len(set(levels)) > 1
