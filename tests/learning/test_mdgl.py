"""MDGL is e-prop and what partners say one step later, in windows of any length."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from areas import Leaky, Population, Populations, Sparse
from areas.synapses import Dense
from brainmodel.brain import Brain
from brainmodel.learning import BPTT, MDGL, Diffuse, EProp, Partners, TrueWeights, TypeMeans
from objectives import Activity
from tests import lessons, toy
from tests.literal import Literal

KINDS: list[Callable[[], Partners]] = [TrueWeights, TypeMeans, Diffuse]


def area_of(cell: str, rule, maps: bool = False) -> Brain:
    """One area whose recurrent synapses are the only way from unit to unit."""
    return toy.lone(toy.CELLS[cell](), maps, rule, afferents=["drive"])


def heard(brain: Brain, inputs: dict[str, Tensor], reset: Tensor) -> list[Tensor]:
    """L(t), the loss by each rate, directly and by its next prediction."""
    course = Literal(brain, inputs, reset)
    leaves = [course.at("V1", t)["rate"].detach().requires_grad_() for t in range(len(reset))]
    area, eye = brain.area("V1"), inputs["eye"]
    keep = (~reset).double().view(*reset.shape, *[1] * (leaves[0].dim() - 1))
    before = [torch.zeros_like(leaves[0]), *leaves[:-1]]
    predictions = [area.predict(k * h, {}) for k, h in zip(keep, before, strict=True)]
    prediction = torch.stack(predictions)
    activity = Activity(eye, prediction, eye - prediction, torch.stack(leaves), ~reset)
    (objective,) = brain.objectives["V1"].values()  # type: ignore[operator]
    return list(torch.autograd.grad(objective(activity).sum(), leaves))


def one_step(brain: Brain, inputs, reset, weights: Tensor) -> lessons.Gradients:
    """sum_t L(t) dh(t)/dw, the recurrent path open in the last step only, through `weights`."""
    area, signals = brain.area("V1"), heard(brain, inputs, reset)
    learnt = {n: p for n, p in area.named_parameters() if "predictor" not in n}
    found = {n: torch.zeros_like(p) for n, p in learnt.items()}
    keep = (~reset).double()
    for last, signal in enumerate(signals):
        state = area.initial_state(reset.shape[1])
        for t in range(last + 1):
            shape = (-1, *[1] * (state[0].dim() - 1))
            state = type(state)(*(field * keep[t].view(shape) for field in state))
            emitted = getattr(state, area.cell.emitted)
            currents = area.currents({"drive": inputs["eye"][t], "recurrent": emitted.detach()})
            if t == last:
                way = area.synapses["recurrent"](emitted, weights.detach())
                reached = area.reached("recurrent")
                added = torch.zeros_like(currents)
                added[:, reached] = way - way.detach()
                currents = currents + added
            state = area.cell.step(currents.chunk(len(area.cell.currents), dim=1), state)
        loss = (signal * state.rate).sum()
        made = torch.autograd.grad(loss, list(learnt.values()), allow_unused=True)
        for name, gradient in zip(learnt, made, strict=True):
            found[name] += 0.0 if gradient is None else gradient
    masks = brain.masks()
    return {f"areas.V1.{n}": g * masks.get(f"areas.V1.{n}", 1.0) for n, g in found.items()}


def synaptic(found: lessons.Gradients) -> lessons.Gradients:
    return {n: g for n, g in found.items() if "predictor" not in n}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("cell", toy.POINTWISE)
def test_by_true_weights_it_is_the_gradient_truncated_after_one_step(cell: str, maps: bool) -> None:
    brain = area_of(cell, MDGL(TrueWeights(), filtered=False), maps)
    inputs, reset = toy.stream(brain)
    expected = one_step(brain, inputs, reset, brain.area("V1").synapses["recurrent"].weight)
    found = synaptic(lessons.learn(brain, inputs, reset))
    lessons.assert_same(found, expected)
    for rule in (EProp(), BPTT()):
        other = lessons.learn(area_of(cell, rule, maps), inputs, reset)
        assert lessons.distance(other, found) > 1e-5


@pytest.mark.parametrize("kind", [TypeMeans, Diffuse])
@pytest.mark.parametrize("cell", ["lif", "gru", "sublstm"])
def test_by_types_it_goes_back_through_their_mean_weights(cell: str, kind) -> None:
    brain = area_of(cell, MDGL(kind((0.7, 0.3)), filtered=False))
    inputs, reset = toy.stream(brain)
    recurrent = brain.area("V1").synapses["recurrent"]
    means = torch.empty_like(recurrent.weight)
    exist = torch.ones_like(means) if recurrent.mask is None else recurrent.mask
    for first in range(0, len(means), 3):  # unit by unit: types are {0, 1} and {2}
        for i in range(3):
            for j in range(3):
                pairs = [
                    recurrent.weight[first + k, m]
                    for k in range(3)
                    for m in range(3)
                    if (k == 2) == (i == 2) and (m == 2) == (j == 2) and exist[first + k, m]
                ]
                means[first + i, j] = sum(pairs) / max(1, len(pairs))  # type: ignore[assignment]
    means = (means if kind is Diffuse else means * exist).detach()
    expected = one_step(brain, inputs, reset, means)
    found = synaptic(lessons.learn(brain, inputs, reset))
    lessons.assert_same(found, expected)
    true = one_step(brain, inputs, reset, recurrent.weight)
    assert lessons.distance(found, true) > 1e-5


def published(brain: Brain, inputs, reset, weights: Tensor) -> lessons.Gradients:
    """Liu et al. (2021) by hand, of LIF and ALIF: sum_t dE/dz(t) e(t) + ( a(t) w ) e(t-1).

    dE/dz is by way of the leaky read-out to the end of the stream; a = dE/dz psi.
    """
    area, course = brain.area("V1"), Literal(brain, inputs, reset)
    membrane, signals, keep = area.cell.membrane, heard(brain, inputs, reset), (~reset).double()  # type: ignore[attr-defined]
    kappa, beta, steps = membrane.smoothing, area.constants, len(reset)
    did = [course.at("V1", t) for t in range(steps)]
    heard_of_spike, later = [torch.zeros_like(signals[0])] * steps, torch.zeros_like(signals[0])
    for t in reversed(range(steps)):
        later = (1 - kappa) * signals[t] + (
            kappa * keep[t + 1][:, None] * later if t + 1 < steps else 0
        )
        heard_of_spike[t] = later
    of = {
        "bias": "bias",
        "drive": "synapses.drive.weight",
        "recurrent": "synapses.recurrent.weight",
    }
    found = {f"areas.V1.{name}": torch.zeros_like(area.get_parameter(name)) for name in of.values()}
    for source, name in of.items():
        potential = adaptation = eligible = torch.zeros(())
        for t in range(steps):
            before, alive = course.state("V1", t), keep[t][:, None, None]
            presynaptic = {"drive": inputs["eye"][t], "recurrent": before["spike"]}
            x = presynaptic.get(source, torch.ones(reset.shape[1], 1))[:, None]
            earlier = alive * eligible
            potential = membrane.decay * alive * potential + x
            threshold = torch.full_like(before["rate"], membrane.threshold)
            if "adaptation" in before:
                adaptation = area.cell.rho * alive * adaptation + earlier  # type: ignore[attr-defined]
                threshold = threshold + beta * did[t]["state.adaptation"]
            excess = (did[t]["state.potential"] - threshold) / membrane.threshold
            psi = membrane.damp / membrane.threshold * (1 - excess.abs()).clamp(min=0)
            psi = psi * (before["refractory"] <= 0)
            strength = beta[:, None] if len(beta) else 0.0
            eligible = psi[..., None] * (potential - strength * adaptation)
            taken_up = (heard_of_spike[t] * psi) @ weights
            gradient = heard_of_spike[t][..., None] * eligible + taken_up[..., None] * earlier
            found[f"areas.V1.{name}"] += gradient.sum(0).view_as(found[f"areas.V1.{name}"])
    return lessons.existing(brain, {name: gradient.detach() for name, gradient in found.items()})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", ["lif", "alif"])
def test_of_filtered_spikes_it_is_what_liu_et_al_published(cell: str, kind) -> None:
    brain = area_of(cell, MDGL(kind()))
    inputs, reset = toy.stream(brain, steps=9)
    expected = published(
        brain, inputs, reset, kind().weights(brain.area("V1").synapses["recurrent"])
    )
    found = synaptic(lessons.learn(brain, inputs, reset))
    lessons.assert_same(found, expected)
    immediate = area_of(cell, MDGL(kind(), filtered=False))
    assert lessons.distance(synaptic(lessons.learn(immediate, inputs, reset)), found) > 1e-4


def test_of_filtered_spikes_a_window_hears_what_is_said_in_it() -> None:
    """The read-out of a window's last spikes is heard in the next window, that of others is not."""
    brain, whole = area_of("lif", MDGL(TrueWeights())), area_of("lif", MDGL(TrueWeights()))
    inputs, reset = toy.stream(brain, steps=9, resets=False)
    expected = lessons.learn(whole, inputs, reset)
    gaps = [lessons.distance(lessons.learn(brain, inputs, reset, [n]), expected) for n in (8, 4, 1)]
    immediate = area_of("lif", MDGL(TrueWeights(), filtered=False))
    gaps.append(lessons.distance(lessons.learn(immediate, inputs, reset, [1]), expected))
    assert gaps == sorted(gaps) and gaps[0] > 0


def test_without_a_filter_its_option_says_nothing() -> None:
    inputs, reset = toy.stream(area_of("gru", EProp()))
    found, immediate = (
        lessons.learn(area_of("gru", MDGL(filtered=filtered)), inputs, reset, [2, 3])
        for filtered in (True, False)
    )
    lessons.assert_same(found, immediate)


def test_types_of_one_unit_each_know_the_true_weights() -> None:
    synapses = Dense(5, 15)
    synapses.prune(Sparse(0.6).mask(5, 5, ()).repeat(3, 1))
    torch.testing.assert_close(TypeMeans([0.2] * 5).weights(synapses), synapses.weight)
    torch.testing.assert_close(Diffuse([0.2] * 5).weights(synapses), synapses.weight)
    assert not torch.allclose(TypeMeans().weights(synapses), synapses.weight)
    assert not torch.allclose(TypeMeans().weights(synapses), Diffuse().weights(synapses))


@pytest.mark.parametrize("kind", [TypeMeans, Diffuse])
def test_types_are_the_populations_of_the_area(kind: Callable[..., Partners]) -> None:
    def learnt(shares: list[float] | None) -> lessons.Gradients:
        cells = Populations({"E": Population(Leaky(), 0.8), "I": Population(Leaky(0.5), 0.2)})
        brain = toy.lone(cells, rule=MDGL(kind(shares)), units=[5])
        return lessons.learn(brain, *toy.stream(brain))

    lessons.assert_same(learnt(None), learnt([0.8, 0.2]))
    assert lessons.distance(learnt(None), learnt([0.5, 0.5])) > 1e-4


@pytest.mark.sampled(2)
@pytest.mark.parametrize("cell", toy.CELLS)
def test_windows_of_any_length_give_the_same(cell: str) -> None:
    brain = area_of(cell, MDGL(TrueWeights(), filtered=False))
    inputs, reset = toy.stream(brain, steps=9)
    whole = lessons.learn(brain, inputs, reset, [9])
    for lengths in ([1], [2], [4, 1]):
        lessons.assert_same(lessons.learn(brain, inputs, reset, lengths), whole)
    forgetful = area_of(cell, MDGL(TrueWeights(), carry=False, filtered=False))
    assert lessons.distance(lessons.learn(forgetful, inputs, reset, [2]), whole) > 1e-5


def test_partners_that_are_not_heard_leave_e_prop() -> None:
    for cell in ("alif", "lstm"):
        inputs, reset = toy.stream(area_of(cell, EProp()))
        found = [
            lessons.learn(area_of(cell, rule), inputs, reset, [2, 3])
            for rule in (MDGL(gain=0.0), EProp())
        ]
        lessons.assert_same(found[0], found[1])


@pytest.mark.parametrize("shares", [[0.5, 0.6], [], [1.5, -0.5]], ids=str)
def test_shares_that_are_none_are_refused(shares: list[float]) -> None:
    for kind in (TypeMeans, Diffuse):
        with pytest.raises(ValueError, match=r"partners\.shares: need shares that sum to 1, got"):
            kind(shares)


def test_a_negative_gain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rule\.gain: need 0 or more, got -1"):
        MDGL(gain=-1)
