"""The retina and patches: closed forms of what they do to pictures."""

from math import erf, sqrt

import pytest
import torch

from areas import Leaky, Predictor
from brainmodel import AreaPlan, Brain, Pathway
from brainmodel.figures import views
from brainmodel.learning import BPTT
from brainmodel.pathways import Flatten, Patches, Pool, Retina
from brainmodel.pathways.route import Route
from brainmodel.scopes import Global
from objectives import SquaredError
from tests import toy


def frame(*values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)[None, None]


def test_a_constant_gives_nothing_up_to_the_border() -> None:
    seen = Retina()(torch.full((2, 3, 9, 12), 0.7, dtype=torch.float64))
    assert seen.shape == (2, 6, 9, 12) == (2, *Retina().shape((3, 9, 12)))
    assert seen.abs().max() < 1e-12


def test_contrast_far_above_the_floor_does_not_matter() -> None:
    picture = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    sharp = Retina(floor=1e-9)
    torch.testing.assert_close(sharp(picture), sharp(0.1 * picture + 0.5), rtol=1e-9, atol=0)
    assert (Retina(floor=1.0)(picture) - Retina(floor=1.0)(0.1 * picture)).abs().max() > 0.01


def test_an_edge_is_the_difference_of_two_error_functions() -> None:
    """A high floor is all that divides, and an edge gives what Gaussians integrate to."""
    centre, surround = 2.0, 5.0
    edge = (torch.arange(80, dtype=torch.float64) >= 40).double().expand(1, 1, 80, 80)
    seen = Retina(centre, surround, pool=1.0, floor=1e6)(edge)[0, :, 40] * 1e6
    for place in range(30, 50):
        beyond = (place - 39.5) / sqrt(2)
        expected = 0.5 * (erf(beyond / centre) - erf(beyond / surround))
        on, off = float(seen[0, place]), float(seen[1, place])
        assert on - off == pytest.approx(expected, abs=2e-3)  # pixels, and Gaussians cut at 3 sigma
        assert min(on, off) == 0


def test_a_negative_is_seen_by_the_other_cells() -> None:
    picture = torch.rand(2, 2, 8, 8, dtype=torch.float64)
    on, off = Retina()(picture).chunk(2, 1)
    assert on.any() and off.any() and not (on * off).any()
    torch.testing.assert_close(Retina()(1 - picture), torch.cat([off, on], 1))


def test_patches_lose_nothing_and_keep_neighbours_together() -> None:
    picture = torch.arange(2 * 4 * 6, dtype=torch.float64).view(1, 2, 4, 6)
    seen = Patches(2)(picture)
    assert seen.shape[1:] == (8, 2, 3) == Patches(2).shape((2, 4, 6))
    assert seen[0, :4, 1, 2].tolist() == picture[0, 0, 2:4, 4:6].flatten().tolist()
    assert sorted(seen.flatten().tolist()) == sorted(picture.flatten().tolist())


def test_learning_signals_go_back_through_both() -> None:
    """Between areas; the gradient of the lower area is that of finite differences of its bias."""
    plans = {
        "V1": toy.plan(units=[1, 4, 4], rule=BPTT()),
        "LM": toy.plan(units=[2, 2, 2], rule=BPTT()),
    }
    up = Pathway("V1", "LM", signal="rate", adapters=[Retina(pool=2.0, floor=0.5), Patches(2)])
    pathways = {"eye": Pathway("eye", "V1"), "up": up}
    brain = toy.brain(plans, pathways, {"eye": [1, 4, 4]}, Global())
    inputs, reset = toy.stream(brain, steps=1)

    def loss() -> torch.Tensor:
        return brain(inputs, reset)[0]["LM"].error.square().sum()

    loss().backward()
    bias = brain.area("V1").bias
    assert bias.grad is not None
    found, step = bias.grad[0].item(), 1e-6
    with torch.no_grad():
        bias[0] += step
        high = loss()
        bias[0] -= 2 * step
        low = loss()
    assert found == pytest.approx(float(high - low) / (2 * step), rel=1e-5)
    assert found != 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Retina(2.0, 1.0),
            "Retina: need 0 < centre < surround, in pixels, got 2.0 and 1.0",
        ),
        (lambda: Retina(pool=0.0), "Retina.pool: need > 0, in pixels, got 0.0"),
        (lambda: Retina(floor=0.0), "Retina.floor: need > 0, a contrast, got 0.0"),
        (lambda: Retina().shape((3,)), "Retina needs a map [channel, height, width], got [3]"),
        (lambda: Patches(0), "Patches.size: need 1 or more pixels, got 0"),
        (
            lambda: Patches(4).shape((1, 8, 6)),
            "Patches(4) needs a map divisible by it, got [1, 8, 6]",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        make()
    assert str(refused.value) == message


def test_pictures_show_pixels_at_their_places() -> None:
    eye = torch.rand(2, 1, 8, 8)
    assert torch.equal(Patches(4).picture(Patches(4)(eye)), eye)
    route = Route([Retina(), Patches(2)], [1, 8, 8], [3, 4, 4])
    on, off = Retina()(eye).chunk(2, dim=1)
    torch.testing.assert_close(route.picture(route(eye)), 0.5 + 0.25 * (on - off))
    gray = route.picture(route(torch.full((1, 1, 8, 8), 0.3)))
    assert gray is not None and (gray - 0.5).abs().max() < 1e-3  # contrast is 0 but for rounding


def test_what_lies_at_no_places_is_no_picture() -> None:
    for adapters, picture in (([Patches(2), Flatten()], False), ([Retina(), Pool(2)], True)):
        units = [3] if isinstance(adapters[-1], Flatten) else [3, 4, 4]
        plan = AreaPlan(Leaky(), units, BPTT(), {"next": SquaredError()}, Predictor(), ["drive"])
        pathway = Pathway("eye", "V1", signal="rate", adapters=adapters)
        brain = Brain({"V1": plan}, {"eye_V1": pathway}, {"eye": [1, 8, 8]})
        eye, reset = torch.rand(3, 2, 1, 8, 8), torch.zeros(3, 2, dtype=torch.bool)
        found = views(brain, brain({"eye": eye}, reset)[0])
        assert set(found) == ({"V1"} if picture else set())
        for signal in found.get("V1", ()):
            assert signal.shape == (3, 2, 1, 4, 4)
