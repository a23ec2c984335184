"""Virtual assays on planted weights: what is there is found, as often as the method would."""

import pytest
import torch

from brainmodel.plasticity import active, by_tuning, potentiated


def planted() -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of both signs before and after: 3,000 of 10,000 are strengthened, 2,000 weakened."""
    before = torch.randn(100, 100, generator=torch.Generator().manual_seed(0)).double()
    growth = torch.zeros(10_000).double()
    growth[:3000], growth[3000:5000] = 0.2, -0.05
    return before, before + before.sign() * growth.view(100, 100)


def test_synapses_that_were_strengthened_are_labelled_and_no_others() -> None:
    before, after = planted()
    found = potentiated(before, after, 0.1)
    assert found.true.flatten()[:3000].all() and found.true.sum() == 3000
    assert torch.equal(found.true, found.detected) and found.estimate == 3000
    assert potentiated(before, after, 0.3).true.sum() == 0


def test_a_detection_rate_misses_and_a_false_rate_invents_synapses() -> None:
    before, after = planted()
    generator = torch.Generator().manual_seed(1)
    found = potentiated(before, after, 0.1, 0.6, 0.1, generator)
    hits = found.detected[found.true].double().mean()
    false = found.detected[~found.true].double().mean()
    assert float(hits) == pytest.approx(0.6, abs=4 * (0.24 / 3000) ** 0.5)
    assert float(false) == pytest.approx(0.1, abs=4 * (0.09 / 7000) ** 0.5)
    error = (0.24 * 3000 + 0.09 * 7000) ** 0.5 / 0.5
    assert found.estimate == pytest.approx(3000, abs=4 * error)
    assert abs(float(found.detected.sum()) - 3000) > 2 * error, "the control: labels alone mislead"
    again = potentiated(before, after, 0.1, 0.6, 0.1, torch.Generator().manual_seed(1))
    other = potentiated(before, after, 0.1, 0.6, 0.1, torch.Generator().manual_seed(2))
    assert torch.equal(again.detected, found.detected)
    assert not torch.equal(other.detected, found.detected)


def test_synapses_are_active_where_both_sides_are_at_the_same_step_of_a_stream() -> None:
    pre, post = torch.zeros(4, 2, 3), torch.zeros(4, 2, 2)
    pre[1, 0, 0] = pre[1, 1, 1] = pre[2, 0, 2] = 1.0
    post[1, 0, 0] = post[2, 0, 0] = post[2, 1, 1] = 1.0  # the second unit meets nobody
    pre[3, 1, 0] = post[3, 1, 0] = 1.0
    found = active(pre, post, 0.5)
    assert found.true.tolist() == [[True, False, True], [False, False, False]]
    assert active(pre, post, 0.5, share=1 / 8).true.tolist() == [[True, False, False], [False] * 3]
    assert active(pre, torch.ones(4, 2, 2), 0.5).true.all(), "axons: every one of them spoke"
    assert not active(pre, post, 1.0).true.any()


def test_changes_are_read_by_the_tuning_of_presynaptic_cells() -> None:
    change = torch.tensor([[1.0, 3.0, 0.0, -1.0], [1.0, -1.0, 0.0, -3.0]])
    tuning = torch.tensor([5.0, 10.0, 20.0, 40.0])
    low, middle, high, none = by_tuning(change, tuning, [5, 15, 40, 41, 50])
    assert low[:2] == (5, 15) and low[2:] == (4, 1.0, 0.75, 0.25)
    assert middle[2:] == (2, 0.0, 0.0, 0.0) and high[2:] == (2, -2.0, 0.0, 1.0)
    assert none.synapses == 0 and none.mean != none.mean
    assert by_tuning(change, tuning, [5, 15], change > 1)[0][2:] == (1, 3.0, 1.0, 0.0)


W = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: potentiated(W, W[0], 0.1), r"after: need the shape of before, \(2, 3\), got \(3,"),
        (lambda: potentiated(W, W, -1), "threshold: need 0 or more, got -1"),
        (lambda: potentiated(W, W, 0, 1.5), "detection_rate: need more than 0 and 1 at most"),
        (lambda: potentiated(W, W, 0, 0.5, 0.5), "false_rate: need 0 or more and less than det"),
        (lambda: potentiated(W, W, 0, 0.5), "generator: is needed where chance decides"),
        (lambda: active(W[None], W[:1, None], 0), "presynaptic: need the steps and streams of"),
        (lambda: active(W[None], W[None], 0, share=1), "share: need 0 or more and less than 1"),
        (lambda: by_tuning(W, torch.ones(2), [0, 1]), "tuning: need one number for each of 3"),
        (lambda: by_tuning(W, torch.ones(3), [1, 1]), "edges: need two or more that rise"),
        (lambda: by_tuning(W, torch.ones(3), [0, 1], W[0] > 0), r"meant: need shape \(2, 3\)"),
    ],
)
def test_assays_that_make_no_sense_are_refused(wrong, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()
