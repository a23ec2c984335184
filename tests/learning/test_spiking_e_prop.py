"""e-prop on spiking units is the rule of Bellec et al. (2020), computed as it was published."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from areas import ALIF, LIF, Cell, Membrane, Sparse
from brainmodel.brain import Brain
from brainmodel.learning import EProp
from objectives import Activity, Objective
from tests import lessons, toy
from tests.literal import Literal

MEMBRANE = Membrane(decay=0.8, threshold=0.5, refractory=1, damp=0.3, smoothing=0.7)


class Wanted(Objective):
    """Half the squared distance of a leaky read-out from a target, with read-out weights."""

    def __init__(self, units: int, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weight = torch.randn(2, units, generator=generator, dtype=torch.float64)
        self.target = torch.randn(99, 1, 2, generator=generator, dtype=torch.float64)

    def miss(self, rate: Tensor) -> Tensor:
        """y - y*, [time, batch, output]; y = W_out h is leaky because h is."""
        return rate @ self.weight.T - self.target[: len(rate)]

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""
        return self.miss(activity.rate).square().sum(2) / 2


def made(cell: Cell) -> tuple[Brain, Wanted, dict[str, Tensor], Tensor]:
    objective = Wanted(3)
    brain = toy.lone(
        cell, rule=EProp(), objectives={"out": objective}, predictor=None, afferents=["drive"]
    )
    return brain, objective, *toy.stream(brain, steps=20, resets=False)


@torch.no_grad()
def published(brain: Brain, objective: Wanted, inputs: dict[str, Tensor], reset: Tensor):
    """Sum over time and streams of L_j(t) times e_ji(t) filtered by kappa, loop by loop.

    Bellec et al. (2020), Methods, "Eligibility traces": of LIF units e = psi eps_v with
    eps_v(t+1) = alpha eps_v(t) + z_i; of ALIF units e = psi (eps_v - beta eps_a) with
    eps_a(t+1) = psi eps_v + (rho - psi beta) eps_a; psi = 0 while refractory. Sources: spikes
    of the step before for recurrent synapses, the input of the step for the others.
    """
    area = brain.area("V1")
    course, membrane, units = Literal(brain, inputs, reset), area.cell.membrane, 3  # type: ignore[attr-defined]
    steps, batch = reset.shape
    adapts = isinstance(area.cell, ALIF)
    found = {n: torch.zeros_like(p) for n, p in area.named_parameters()}
    miss = objective.miss(torch.stack([course.at("V1", t)["rate"] for t in range(steps)]))
    for b in range(batch):
        for j in range(units):
            beta = area.constants[j].item() if adapts else 0.0
            rho = area.cell.rho if adapts else 0.0  # type: ignore[attr-defined]
            traces: dict[str, list[Tensor]] = {}
            psi = 0.0
            for t in range(steps):
                state, did = course.state("V1", t), course.at("V1", t)
                presynaptic = {
                    "drive": inputs["eye"][t, b],
                    "recurrent": state["spike"][b],
                    "bias": torch.ones(1, dtype=torch.float64),
                }
                if t == 0:
                    traces = {k: [torch.zeros_like(x)] * 3 for k, x in presynaptic.items()}
                signal = sum(objective.weight[k, j] * miss[t, b, k] for k in range(2))
                v, threshold = did["state.potential"][b, j].item(), membrane.threshold
                a = did["state.adaptation"][b, j].item() if adapts else 0.0
                height = membrane.damp / threshold
                now = height * max(0.0, 1 - abs((v - threshold - beta * a) / threshold))
                now *= state["refractory"][b, j].item() <= 0
                for name, x in presynaptic.items():
                    eps_v, eps_a, filtered = traces[name]
                    eps_a = psi * eps_v + (rho - psi * beta) * eps_a if adapts else eps_a
                    eps_v = membrane.decay * eps_v + x
                    kappa = membrane.smoothing
                    filtered = kappa * filtered + (1 - kappa) * now * (eps_v - beta * eps_a)
                    traces[name] = [eps_v, eps_a, filtered]
                    key = "bias" if name == "bias" else f"synapses.{name}.weight"
                    found[key][j] += signal * (filtered if name != "bias" else filtered[0])
                psi = now
    mask = area.synapses["recurrent"].mask
    assert mask is not None
    found["synapses.recurrent.weight"] *= mask
    return {f"areas.V1.{name}": gradient for name, gradient in found.items()}


@pytest.mark.parametrize("lengths", [[20], [1], [3, 7]], ids=str)
@pytest.mark.parametrize("cell", [LIF, ALIF])
def test_e_prop_is_the_published_rule(cell: type, lengths: list[int]) -> None:
    brain, objective, inputs, reset = made(cell(MEMBRANE))
    expected = published(brain, objective, inputs, reset)
    places = lessons.windows(20, lengths)
    starts = [slice(first, last) for first, last in places]
    state, found = None, []
    for part in starts:
        whole, objective.target = objective.target, objective.target[part.start :]
        activities, state = brain({"eye": inputs["eye"][part]}, reset[part], state)
        loss = lessons.total(brain, activities)
        made_ = torch.autograd.grad(loss, lessons.learnt(brain))
        found.append(lessons.complete(brain, made_))
        objective.target = whole
    lessons.assert_same(lessons.add(found), expected)
    assert all(gradient.any() for gradient in expected.values())


@pytest.mark.parametrize(
    "other", [{"smoothing": 0.0}, {"reset_credit": 1.0}, {"refractory": 0}], ids=str
)
def test_filter_reset_and_refractory_time_each_matter(other: dict[str, float]) -> None:
    brain, objective, inputs, reset = made(ALIF(MEMBRANE))
    expected = published(brain, objective, inputs, reset)
    changed = made(ALIF(replace(MEMBRANE, **other)))[0]  # type: ignore[arg-type]
    assert lessons.distance(lessons.learn(changed, inputs, reset), expected) > 1e-3


def test_sparse_spiking_areas_learn_like_dense_ones_where_they_have_synapses() -> None:
    inputs, reset = made(LIF(MEMBRANE))[2:]
    objective = Wanted(3)
    brain = toy.lone(
        LIF(MEMBRANE),
        rule=EProp(),
        objectives={"out": objective},
        predictor=None,
        afferents=["drive"],
        connectivity=Sparse(0.7),
    )
    expected = published(brain, objective, inputs, reset)
    lessons.assert_same(lessons.learn(brain, inputs, reset), expected)
    assert 0 < brain.masks()["areas.V1.synapses.recurrent.weight"].sum() < 6
