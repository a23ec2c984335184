"""Pathways deliver what they carry, when they should, in the shape that is asked for."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from areas import GRU, Leaky
from areas.message import Onto
from brainmodel.brain import Brain
from brainmodel.pathways.adapters import Adapter, Flatten, MaxPool, Mix, Pool, Upsample
from brainmodel.pathways.learnt_mix import LearntMix
from brainmodel.pathways.pathway import Kind, Pathway
from brainmodel.pathways.route import Route, infer
from brainmodel.scopes import Global, Scope
from tests import lessons, toy
from tests.literal import Literal

STEPS = 9


def relay(delay: int, kind: Kind, to_map: bool = False) -> Brain:
    """V1 repeats its input; LM repeats what the pathway `link` brings it, and nothing else."""
    plain = {"predictor": None, "afferents": ["drive"]}
    pathways = {
        "up": Pathway("eye", "V1"),
        "blank": Pathway("dark", "LM"),
        "link": Pathway("V1", "LM", kind, "rate", delay),
    }
    units = [1, 2, 2] if to_map else [1]
    plans = {
        "V1": toy.plan(Leaky(1.0, torch.relu), [1], **plain),
        "LM": toy.plan(Leaky(1.0, torch.relu), units, **plain),
    }
    brain = toy.brain(plans, pathways, {"eye": [1], "dark": [1]})
    with torch.no_grad():
        for name, parameter in brain.named_parameters():
            parameter.fill_(0.0 if "recurrent" in name or "bias" in name else 1.0)
    return brain


def arrivals(brain: Brain, lengths: list[int], reset_at: int | None = None) -> list[int]:
    """Steps at which LM fires when the eye sees a flash at step 2."""
    flash, dark = torch.zeros(STEPS, 1, 1), torch.zeros(STEPS, 1, 1)
    flash[2] = 1.0
    reset = torch.zeros(STEPS, 1, dtype=torch.bool)
    if reset_at is not None:
        reset[reset_at] = True
    state, rates = None, []
    for first, last in lessons.windows(STEPS, lengths):
        window = {"eye": flash[first:last], "dark": dark[first:last]}
        activities, state = brain(window, reset[first:last], state)
        rates.append(activities["LM"].rate.flatten(1).amax(1))
    return torch.cat(rates).nonzero().flatten().tolist()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("lengths", [[STEPS], [1], [2], [4, 1]], ids=str)
@pytest.mark.parametrize("kind", ["feedforward", "feedback", "lateral"])
@pytest.mark.parametrize("delay", [0, 1, 2, 3, 6])
def test_an_impulse_arrives_exactly_when_it_should(
    delay: int, kind: Kind, lengths: list[int]
) -> None:
    for to_map in (False, True):
        assert arrivals(relay(delay, kind, to_map), lengths) == [2 + delay]


@pytest.mark.parametrize("lengths", [[STEPS], [1], [2], [4, 1]], ids=str)
@pytest.mark.parametrize("reset_at", range(STEPS))
def test_a_reset_loses_what_was_under_way_and_nothing_else(
    reset_at: int, lengths: list[int]
) -> None:
    lost = 2 < reset_at <= 5
    assert arrivals(relay(3, "lateral"), lengths, reset_at) == ([] if lost else [5])


def test_delays_unless_given_are_none_forward_and_one_step_else() -> None:
    assert Pathway("a", "b").steps == 0
    assert Pathway("a", "b", "feedback").steps == 1
    assert Pathway("a", "b", "lateral").steps == 1
    assert Pathway("a", "b", "feedback", delay=0).steps == 0


MAP = torch.arange(2 * 3 * 4 * 4, dtype=torch.float64).view(2, 3, 4, 4)


@pytest.mark.parametrize(
    ("adapter", "signal", "expected"),
    [
        (Pool(2), MAP, F.avg_pool2d(MAP, 2)),
        (Pool(1), MAP, MAP),
        (Upsample(3), MAP, F.interpolate(MAP, scale_factor=3, mode="nearest")),
        (Upsample(2), MAP[:, :, 0, 0], MAP[:, :, :1, :1].expand(2, 3, 2, 2)),
        (MaxPool(2), MAP, MAP.view(2, 3, 2, 2, 2, 2).amax((3, 5))),
        (Flatten(), MAP, MAP.view(2, 48)),
        (Flatten(), MAP[:, :, 0, 0], MAP[:, :, 0, 0]),
    ],
)
def test_adapters_do_what_they_say(adapter: Adapter, signal: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(adapter(signal), expected, rtol=1e-12, atol=0)
    assert adapter.shape(tuple(signal.shape[1:])) == tuple(expected.shape[1:])


@pytest.mark.parametrize(
    ("adapter", "source"),
    [
        *[
            (kind(factor), (2, 12, 12))
            for kind in (Pool, MaxPool, Upsample)
            for factor in (1, 2, 3)
        ],
        (Upsample(3), (5,)),
        (Flatten(), (2, 3, 3)),
        (Mix(2, 3), (2, 3, 3)),
    ],
)
def test_adapters_write_what_they_make(adapter: Adapter, source: tuple[int, ...]) -> None:
    signal = torch.randn(4, *source, dtype=torch.float64)
    adapter.double()
    out = torch.full((4, *adapter.shape(source)), torch.nan, dtype=torch.float64)
    adapter.into(signal, out)
    torch.testing.assert_close(out, adapter(signal), rtol=0, atol=1e-14)


def test_an_adapter_made_of_another_writes_what_it_makes_itself() -> None:
    class Halved(Pool):
        """Half of the mean."""

        def forward(self, signal: Tensor) -> Tensor:
            """See `Adapter.forward`."""
            return super().forward(signal) / 2

    signal, out = torch.rand(2, 1, 4, 4), torch.zeros(2, 1, 2, 2)
    Halved(2).into(signal, out)
    torch.testing.assert_close(out, F.avg_pool2d(signal, 2) / 2)


def test_a_mixture_is_a_seeded_convolution_of_one_pixel_with_rows_of_unit_length() -> None:
    mix = Mix(3, 2, seed=4).double()
    torch.testing.assert_close(mix(MAP), F.conv2d(MAP, mix.weight[:, :, None, None]))
    torch.testing.assert_close(mix(MAP[:, :, 0, 0]), mix(MAP)[:, :, 0, 0])
    torch.testing.assert_close(mix.weight.norm(dim=1), torch.ones(2, dtype=torch.float64))
    state = torch.random.get_rng_state()
    assert torch.equal(mix.weight, Mix(3, 2, seed=4).double().weight)
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.equal(mix.weight, Mix(3, 2, seed=5).double().weight)
    assert not list(mix.parameters())


@pytest.mark.parametrize(
    ("source", "units", "found"),
    [
        ((3,), (5,), []),
        ((2, 4, 4), (5,), [Flatten]),
        ((2, 4, 4), (3, 4, 4), []),
        ((2, 4, 6), (3, 4, 6), []),
        ((2, 8, 8), (3, 4, 4), [Pool]),
        ((2, 4, 4), (3, 8, 8), [Upsample]),
        ((2,), (3, 4, 4), [Upsample]),
        ((2,), (3, 1, 1), [Upsample]),
        ((2, 4, 4), (3, 1, 1), [Pool]),
    ],
)
def test_adapters_are_found_from_the_shapes(source, units, found) -> None:
    assert [type(adapter) for adapter in infer(source, units)] == found
    route = Route([], source, units)
    assert route(torch.rand(2, *source)).shape == (2, *route.shape)
    assert len(route.shape) == len(units) and route.shape[1:] == units[1:]


@pytest.mark.parametrize(
    ("source", "units"), [((2, 8, 8), (3, 4, 4)), ((2,), (3, 4, 4)), ((2, 4, 4), (5,))]
)
def test_routes_are_linear_and_gradients_go_back_along_their_transpose(source, units) -> None:
    route, signal = Route([], source, units), torch.rand(2, *source, dtype=torch.float64)
    signal.requires_grad_()
    message = route(signal)
    target = torch.rand_like(message)
    (back,) = torch.autograd.grad(message, signal, target)
    torch.testing.assert_close((back * signal).sum(), (target * message).sum())
    torch.testing.assert_close(route(2 * signal), 2 * message)


@pytest.mark.parametrize("onto", [["units"], ["predictor"], ["units", "predictor"]])
def test_a_message_ends_where_it_is_said_to_with_fields_as_wide(onto: list[Onto]) -> None:
    down = Pathway("top", "V1", "feedback", "rate", onto=onto, kernel=3)
    plans = {"V1": toy.plan(units=[2, 4, 4], afferents=["drive"])}
    inputs = {"eye": [1, 4, 4], "top": [3, 4, 4]}
    brain = toy.brain(plans, {"up": Pathway("eye", "V1"), "down": down}, inputs)
    area = brain.area("V1")
    assert area.predictor is not None
    held = {"units": area.synapses, "predictor": area.predictor.synapses}
    for end, synapses in held.items():
        assert ("down" in synapses) == (end in onto)
        if end in onto:
            assert synapses["down"].weight.shape[1:] == (3, 3, 3)
    seen, reset = toy.stream(brain, resets=False)
    silent = seen | {"top": torch.zeros_like(seen["top"])}
    heard, unheard = (brain(window, reset)[0]["V1"] for window in (seen, silent))
    assert torch.equal(heard.rate[1], unheard.rate[1]) == ("units" not in onto)
    assert torch.equal(heard.prediction[1], unheard.prediction[1]) == ("predictor" not in onto)


def between(scope: Scope, maps: bool = True) -> Brain:
    """V1 and LM; what V1 sends is mixed by synapses on the way, bent, and the largest remain."""
    shapes = ([2, 4, 4], [3, 2, 2]) if maps else ([3], [4])
    way: list[Adapter] = [LearntMix(5, activation=torch.tanh), *([MaxPool()] if maps else [])]
    pathways = {
        "up": Pathway("eye", "V1"),
        "on": Pathway("V1", "LM", adapters=way),
        "down": Pathway("LM", "V1", "feedback", "rate", adapters=[LearntMix(2), *up_again(maps)]),
    }
    plans = {name: toy.plan(GRU(), size) for name, size in zip(("V1", "LM"), shapes, strict=True)}
    return toy.brain(plans, pathways, {"eye": shapes[0]}, scope)


def up_again(maps: bool) -> list[Adapter]:
    return [Upsample(2)] if maps else []


@pytest.mark.parametrize("maps", [False, True])
def test_synapses_on_the_way_learn_by_autograd_end_to_end(maps: bool) -> None:
    brain = between(Global(), maps)
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    lessons.assert_same(found, lessons.learn_literally(brain, inputs, reset))
    own = {name for name in found if name.startswith("routes.")}
    assert len(own) == 4 and all(found[name].any() for name in own)
    course = Literal(brain, inputs, reset)
    torch.testing.assert_close(brain(inputs, reset)[0]["LM"], course.activity("LM"))


def test_synapses_on_the_way_begin_as_others_do() -> None:
    torch.manual_seed(0)
    made = Route([LearntMix(64)], [16, 8, 8], [64, 8, 8]).adapters[0]
    assert isinstance(made, LearntMix) and not made.bias.any()
    weight = made.synapses["signal"].weight
    assert weight.shape == (64, 16, 3, 3)
    assert 0.99 / 12 < weight.abs().max() <= 1 / 12
