"""Pairs of steps of one stream, counted by hand."""

import pytest
import torch

from objectives.parts.pairs import at_later_step, check_horizons, earlier, later, unbroken

VALID = torch.tensor([[0, 1], [1, 1], [1, 0], [0, 1], [1, 1]]).bool()  # [time, batch]


@pytest.mark.parametrize(
    ("steps", "joined"),
    [
        (0, [[1, 1]] * 5),
        (1, [[1, 1], [1, 0], [0, 1], [1, 1]]),
        (2, [[1, 0], [0, 0], [0, 1]]),
        (3, [[0, 0], [0, 0]]),
        (7, []),
    ],
)
def test_a_pair_is_broken_by_a_reset_after_its_first_step(steps: int, joined: list) -> None:
    expected = torch.tensor(joined).view(-1, 2).bool()
    assert torch.equal(unbroken(VALID, steps), expected)


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 5, 9])
def test_pairs_lie_so_many_steps_apart_and_losses_stand_at_the_later(steps: int) -> None:
    clock = torch.arange(5.0).unsqueeze(1).expand(5, 2)
    first, second = earlier(clock, steps), later(clock, steps)
    assert first.shape == second.shape == (max(5 - steps, 0), 2)
    assert (second - first == steps).all()
    placed = at_later_step(second + 1, torch.ones(5, 2).bool(), steps)
    assert torch.equal(placed, torch.where(clock >= steps, clock + 1, 0.0))


def test_a_loss_across_a_reset_is_zero_and_no_other() -> None:
    placed = at_later_step(torch.ones(4, 2), VALID, 1)
    assert torch.equal(placed, torch.tensor([[0, 0], [1, 1], [1, 0], [0, 1], [1, 1.0]]))


def test_a_horizon_that_is_not_in_the_future_is_refused() -> None:
    check_horizons([1, 3])
    for horizons in ([], [0], [2, -1]):
        with pytest.raises(ValueError, match="horizons: need"):
            check_horizons(horizons)
