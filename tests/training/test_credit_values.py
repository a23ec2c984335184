"""Curves of credit, and pictures of what areas do: each against its definition."""

import torch
from torch import Tensor

from brainmodel.figures import dissimilarities, draw_brain
from brainmodel.learning import EProp
from brainmodel.training.callbacks.portraits import Portraits, seeing, signal_sizes
from brainmodel.training.credit_values import carried, norms_of_signals, squared_signals
from tests import lessons, toy


def heard(steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """Norms of learning signals over a window, and of derivatives by rates alone."""
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain, steps, resets=False)
    squares: dict[str, Tensor] = {}
    brain.listen(lambda passage, own, _: squares.update(squared_signals(brain, passage, own)))
    activities, _ = brain(inputs, reset)
    rates = [own.rate for own in activities.values()]
    asked = [*lessons.learnt(brain), *rates]
    found = torch.autograd.grad(lessons.mean(brain, activities), asked)[-len(rates) :]
    alone = dict(zip(activities, found, strict=True))
    return norms_of_signals(squares), {name: float(own.norm()) for name, own in alone.items()}


def test_a_learning_signal_is_the_derivative_by_the_rate_and_by_what_it_predicts() -> None:
    once, alone = heard(1)  # there is no step that the rate predicts
    for name, norm in once.items():
        torch.testing.assert_close(norm, alone[name], rtol=1e-9, atol=0)
        assert norm > 1e-3
    often, alone = heard(4)
    assert all(abs(norm - alone[name]) > 1e-4 for name, norm in often.items())


def test_what_is_carried_is_told_of_one_stream_however_many_there_are() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain, batch=1)
    _, state = brain(inputs, reset)
    _, same = brain({"eye": inputs["eye"].repeat(1, 3, 1)}, reset.repeat(1, 3))
    one, three = carried(state.memories, 1), carried(same.memories, 3)
    assert one.keys() == three.keys() == {"V1", "LM", "PM"} and min(one.values()) > 1e-3
    for name, norm in one.items():
        torch.testing.assert_close(three[name], norm, rtol=1e-9, atol=0)
    assert carried({"V1": None}, 2) == {}


def test_arrows_are_as_wide_as_the_signals_of_their_pathways() -> None:
    brain = toy.ladder(lambda name: EProp())
    inputs, reset = toy.stream(brain)
    activities, _ = brain(inputs, reset)
    sizes = signal_sizes(brain, activities, inputs)
    assert sizes.keys() == brain.pathways.keys()
    for name, signal in (("up", inputs["eye"]), ("down_LM", activities["PM"].error)):
        expected = float(signal.detach().square().mean()) ** 0.5
        torch.testing.assert_close(sizes[name], expected, rtol=1e-6, atol=0)
    arrows = draw_brain(brain, {"up": 2.0, "far_V1": 1.0}).axes[0].patches
    widths = sorted({p.get_linewidth() for p in arrows if hasattr(p, "get_arrowstyle")})
    assert widths == [0.6, 3.5, 7.0]  # none, half, all of the largest


def test_dissimilarities_are_ranks_of_distances_between_scaled_patterns() -> None:
    rate = torch.tensor([[0.0, 0, 5], [1, 0, 5], [4, 0, 5], [9, 0, 5]], dtype=torch.float64)
    found = dissimilarities(rate)  # one unit varies: distances 1, 4, 9, 3, 8, 5
    ranks = torch.tensor([[0, 0, 2, 5], [0, 0, 1, 4], [2, 1, 0, 3], [5, 4, 3, 0]])
    torch.testing.assert_close(found, ranks.double() / 5, rtol=1e-9, atol=1e-12)
    assert not dissimilarities(torch.ones(4, 3)).any()


def test_what_is_off_is_not_drawn_and_fields_are_of_areas_that_see() -> None:
    brain = toy.ladder(lambda name: EProp(), maps=True)
    assert seeing(brain) == []  # the eye of this brain has two colours
    inputs, reset = toy.stream(brain)
    for off in (("rdm", "receptive_fields"), ("signals", "receptive_fields")):
        portraits = Portraits(off)
        portraits.see(brain(inputs, reset)[0], inputs)
        (name,) = portraits.draw(brain)
        assert name not in off and not portraits.draw(brain), "each window is drawn once"
