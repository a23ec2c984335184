"""Messages of another time: which are heard, by whom, and that nobody learns back over them."""

import copy

import pytest
import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.learning import BPTT, EProp, Rule
from brainmodel.perturbation import ShuffleSteps, Silence, StreamSteps, perturbed
from brainmodel.scopes import Adjacent, Global, Local, Scope
from brainmodel.wiring.outside import gain_of
from brainmodel.wiring.perturbed_inputs import clamp_of
from tests import lessons, toy

WAY = "down_V1"


def ladder(
    scope: Scope | None = None, rule: type[Rule] = EProp
) -> tuple[Brain, dict[str, Tensor], Tensor]:
    brain = toy.ladder(lambda _: rule(), scope)
    inputs, reset = toy.stream(brain, steps=12, batch=3, resets=False)
    return brain, inputs, reset


def cut(inputs: dict[str, Tensor], first: int, last: int) -> dict[str, Tensor]:
    return {name: signal[first:last] for name, signal in inputs.items()}


def sent(brain: Brain, activities) -> Tensor:
    """What LM sent to V1 in a window, written out."""
    way, route = brain.pathways[WAY], brain.route(WAY)
    signal = getattr(activities[way.source], way.carries)
    return torch.stack([route(now) for now in signal]).detach()


def test_each_step_hears_one_of_the_window_before() -> None:
    brain, inputs, reset = ladder()
    with perturbed(brain, {"other": ShuffleSteps(WAY)}) as within, torch.no_grad():
        activities, state = brain(cut(inputs, 0, 8), reset[:8])
        before = sent(brain, activities)
        found, _ = within.act(reset[8:], {}, state.perturbed)
        assert not found[gain_of(WAY)].any()
        heard = found[clamp_of(WAY)]
        assert heard.shape == before[:4].shape and heard.any()
        same = (heard[:, None] == before[None]).flatten(3).all(3)  # [step, step before, stream]
        assert same.any(1).all()
        chosen = same.long().argmax(1)  # [step, stream]
        assert len({tuple(own) for own in chosen.T.tolist()}) == 3  # each stream draws for itself
        assert (chosen.diff(dim=0) != 1).any()


def test_in_its_first_window_a_stream_hears_nothing_and_then_only_of_itself() -> None:
    brain, inputs, reset = ladder()
    reset[5, 0] = reset[9, 1] = True  # in the first of two windows, in the second
    with perturbed(brain, {"other": ShuffleSteps(WAY)}) as within, torch.no_grad():
        silent, _ = within.act(reset[:8], {}, None)
        assert not silent[clamp_of(WAY)].any() and not silent[gain_of(WAY)].any()
        activities, state = brain(cut(inputs, 0, 8), reset[:8])
        before = sent(brain, activities)
        found, _ = within.act(reset[8:], {}, state.perturbed)
        heard = found[clamp_of(WAY)]
        same = (heard[:, None] == before[None]).flatten(3).all(3)
        assert same[:, 5:, 0].any(1).all()  # of the steps since it began anew
        assert same[0, :, 1].any() and not heard[1:, 1].any()  # and nothing from then on


def test_the_first_window_is_that_of_a_silent_pathway() -> None:
    ways: list[tuple[Scope, type[Rule]]]
    ways = [(Local(), EProp), (Adjacent(hops=2), EProp), (Global(), BPTT)]
    for scope, rule in ways:
        brain, inputs, reset = ladder(scope, rule)
        other = copy.deepcopy(brain)
        with perturbed(brain, ShuffleSteps(WAY)):
            found = lessons.learn(brain, inputs, reset)
        with perturbed(other, Silence(WAY)):
            lessons.assert_same(lessons.learn(other, inputs, reset), found)


def test_it_acts_when_it_is_told_to_and_comes_back_from_a_copy() -> None:
    brain, inputs, reset = ladder()
    usual = brain(inputs, reset)[0]["V1"].rate
    with perturbed(brain, ShuffleSteps(WAY, when=StreamSteps(9))), torch.no_grad():
        first, state = brain(cut(inputs, 0, 8), reset[:8])
        kept = copy.deepcopy(state)  # as a checkpoint keeps it
        rates = [brain(cut(inputs, 8, 12), reset[8:], s)[0]["V1"].rate for s in (state, kept)]
    assert torch.equal(*rates)
    torch.testing.assert_close(first["V1"].rate, usual[:8], rtol=0, atol=1e-12)
    torch.testing.assert_close(rates[0][0], usual[8], rtol=0, atol=1e-12)
    assert (rates[0][2:] - usual[10:]).abs().max() > 1e-6


def test_what_it_does_not_act_on_is_refused_in_one_sentence() -> None:
    brain, _, _ = ladder()
    for what in ("V1", "up_V1", "nowhere"):
        with pytest.raises(ValueError, match=f"what: {what}: "):
            perturbed(brain, ShuffleSteps(what)).__enter__()
    with pytest.raises(ValueError, match="seed: need a whole number from 0"):
        ShuffleSteps(WAY, seed=-1)
