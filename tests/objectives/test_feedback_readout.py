"""A read-out with random feedback reads out as ever, learns as ever, and tells the rates else."""

import pytest
import torch

from objectives.parts.feedback_readout import FeedbackReadout
from objectives.parts.readout import Readout


@pytest.mark.parametrize(
    ("source", "target"), [([5], [3]), ([2, 4, 4], [3, 2, 2]), ([2, 4, 4], [3])], ids=str
)
def test_only_what_the_rates_hear_is_another(source: list[int], target: list[int]) -> None:
    bent = FeedbackReadout(source, target, seed=7).double()
    plain = Readout(source, target).double()
    plain.load_state_dict(bent.there.state_dict())
    back = Readout(source, target).double()
    back.load_state_dict(bent.back.state_dict())
    rate = torch.randn(4, 2, *source, dtype=torch.float64, requires_grad=True)
    bar = torch.randn(4, 2, *target, dtype=torch.float64)
    assert bent(rate).equal(plain(rate))
    said = [torch.autograd.grad(module(rate), rate, bar)[0] for module in (bent, back, plain)]
    torch.testing.assert_close(said[0], said[1])
    assert not torch.allclose(said[0], said[2])
    learnt = [
        torch.autograd.grad(module(rate), [p for p in module.parameters() if p.requires_grad], bar)
        for module in (bent, plain)
    ]
    torch.testing.assert_close(learnt[0], learnt[1])
    bent.back.load_state_dict(bent.there.state_dict())
    torch.testing.assert_close(torch.autograd.grad(bent(rate), rate, bar)[0], said[2])


def test_the_way_back_is_that_of_the_seed_and_draws_no_other_random_numbers() -> None:
    torch.manual_seed(3)
    first = FeedbackReadout([4], [2], seed=1)
    after = torch.rand(1)
    torch.manual_seed(3)
    Readout([4], [2])
    assert after.equal(torch.rand(1))
    again, other = FeedbackReadout([4], [2], seed=1), FeedbackReadout([4], [2], seed=2)
    weight = "synapses.1.weight"
    assert first.back.state_dict()[weight].equal(again.back.state_dict()[weight])
    assert not first.back.state_dict()[weight].equal(other.back.state_dict()[weight])
