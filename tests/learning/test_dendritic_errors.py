"""The self-predicting microcircuit: its equations, its equilibrium, and what it learns."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from areas import (
    Alike,
    Block,
    Dendritic,
    Leaky,
    OneToOne,
    Population,
    Populations,
    Projection,
)
from brainmodel.brain import AreaPlan, Brain
from brainmodel.learning import DendriticErrors
from brainmodel.pathways import Pathway
from objectives import Energy
from tests import lessons, toy

EYE, PYRAMIDAL, SST = 4, 5, 3
ONE_TO_ONE = Projection([Block(connectivity=OneToOne())], Alike(1.0))


def circuit(lateral: float = 0.7, nudge: float = 0.15) -> Brain:
    """H, pyramidal cells and interneurons, below O, whose units teach the interneurons."""
    units = PYRAMIDAL + SST
    column = Populations(
        {
            "P": Population(Dendritic(), PYRAMIDAL / units),
            "SST": Population(Dendritic(0.1, 0.4, 0.2, taught=True), SST / units),
        }
    )
    own = Projection([Block("P", "SST.basal"), Block("SST", "P.apical")])
    told = {
        "drive": Projection([Block(target="P.basal")]),
        "recurrent": own,
        "down": Projection([Block(target="P.apical")]),
        "teach": Projection([Block(target="SST.teaching", connectivity=OneToOne())], Alike(1.0)),
    }
    hidden = AreaPlan(column, [units], DendriticErrors(lateral), predictor=None)
    hidden.afferents, hidden.projections = ["drive"], told
    top = Dendritic(0.05, 0.5, nudge, taught=True)
    above = AreaPlan(top, [SST], DendriticErrors(), {"energy": Energy()}, predictor=None)
    above.afferents, above.projections = ["drive"], {"recurrent": silent(), "nudge": ONE_TO_ONE}
    above.plastic = {"recurrent": False}
    ways = {
        "up": Pathway("eye", "H"),
        "on": Pathway("H", "O", signal="rate", population="P", delay=1),
        "down": Pathway("O", "H", "feedback", "rate"),
        "teach": Pathway("O", "H", "feedback", "somatic"),
        "nudge": Pathway("teacher", "O", "lateral", "rate", delay=0),
    }
    torch.manual_seed(0)
    shapes = {"eye": [EYE], "teacher": [SST]}
    return Brain({"H": hidden, "O": above}, ways, shapes).double()


def silent() -> Projection:
    return Projection(begin=Alike(0.0))


def phi(u: NDArray) -> NDArray:
    return np.log1p(np.exp(u))


class Circuit:
    """The same from the paper: Euler's scheme, learning included, for streams [batch, unit]."""

    def __init__(self, brain: Brain, batch: int):
        weights = {n: p.detach().numpy().copy() for n, p in brain.named_parameters()}
        p = PYRAMIDAL
        self.up = weights["areas.H.synapses.drive.weight"][:p]
        own = weights["areas.H.synapses.recurrent.weight"]  # [basal of all, apical of all] x [all]
        self.ip, self.pi = own[p : p + SST, :p], own[p + SST : 2 * p + SST, p:]
        self.down = weights["areas.H.synapses.down.weight"][:p]
        self.on = weights["areas.O.synapses.drive.weight"]
        self.bias = {"P": np.zeros(p), "I": np.zeros(SST), "O": np.zeros(SST)}
        self.u = {k: np.zeros((batch, len(b))) for k, b in self.bias.items()}
        self.r = {k: np.zeros_like(u) for k, u in self.u.items()}  # silent before the first step
        self.apical = np.zeros((batch, p))

    def step(self, eye: NDArray, teacher: NDArray, rate: float, lateral: float) -> None:
        r, u, b = dict(self.r), dict(self.u), self.bias
        basal = {
            "P": eye @ self.up.T + b["P"],
            "I": r["P"] @ self.ip.T + b["I"],
            "O": r["P"] @ self.on.T + b["O"],
        }
        self.apical = r["O"] @ self.down.T + r["I"] @ self.pi.T
        outer = {"P": self.apical, "I": u["O"], "O": teacher}
        gains = {"P": (0.05, 0.5, 0.3), "I": (0.1, 0.4, 0.2), "O": (0.05, 0.5, 0.15)}
        beyond = {}
        for k, (leak, inner, other) in gains.items():
            flow = -leak * u[k] + inner * (basal[k] - u[k]) + other * (outer[k] - u[k])
            self.u[k] = u[k] + flow
            self.r[k] = phi(self.u[k])
            whole = leak + inner + (other if k == "P" else 0.0)
            beyond[k] = self.r[k] - phi(inner / whole * basal[k])
        batch = len(eye)
        self.up = self.up + rate * beyond["P"].T @ eye / batch
        self.on = self.on + rate * beyond["O"].T @ r["P"] / batch
        self.ip = self.ip + rate * beyond["I"].T @ r["P"] / batch
        self.pi = self.pi - rate * lateral * self.apical.T @ r["I"] / batch
        self.bias = {k: b[k] + rate * beyond[k].mean(0) for k in b}


def scenes(steps: int, batch: int = 2, held: int = 1, seed: int = 0) -> dict[str, Tensor]:
    """Random inputs and teachers, each held for some steps."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"eye": EYE, "teacher": SST}
    return {
        name: torch.rand(steps // held, batch, size, generator=generator, dtype=torch.float64)
        .repeat_interleave(held, 0)
        .contiguous()
        for name, size in shapes.items()
    }


def live(brain: Brain, seen: dict[str, Tensor], rate: float, window: int = 1) -> list[Tensor]:
    """Let a brain see and learn, a step of the optimizer a window; apical potentials by step."""
    optimizer = torch.optim.SGD(lessons.learnt(brain), lr=rate)
    state, apical, hears = None, [], []
    handle = brain.listen(lambda passage, *_: hears.append(passage.records["H"].currents))
    with handle:
        for first in range(0, len(seen["eye"]), window):
            piece = {name: signal[first : first + window] for name, signal in seen.items()}
            reset = torch.zeros(*piece["eye"].shape[:2], dtype=torch.bool)
            activities, state = brain(piece, reset, state)
            optimizer.zero_grad()
            lessons.total(brain, activities).backward()
            optimizer.step()
            brain.after_step()
    units = PYRAMIDAL + SST
    apical = [step[:, units : units + PYRAMIDAL] for currents in hears for step in currents]
    return apical


def test_it_is_its_published_equations_learning_included() -> None:
    brain, seen = circuit(), scenes(300, held=10)
    literal = Circuit(brain, 2)
    before = literal.ip, literal.pi, literal.up, literal.on
    found = live(brain, seen, 0.05)
    for t in range(300):
        literal.step(seen["eye"][t].numpy(), seen["teacher"][t].numpy(), 0.05, 0.7)
        np.testing.assert_allclose(found[t].numpy(), literal.apical, rtol=1e-9, atol=1e-12)
    after = Circuit(brain, 2)
    for name in ("up", "on", "ip", "pi", "down"):
        expected = getattr(literal, name)
        np.testing.assert_allclose(getattr(after, name), expected, rtol=1e-9, atol=1e-12)
    now = literal.ip, literal.pi, literal.up, literal.on
    assert all(np.abs(b - a).max() > 0.01 for a, b in zip(before, now, strict=True))
    bias = brain.area("H").bias.detach().numpy()
    np.testing.assert_allclose(bias[:PYRAMIDAL], literal.bias["P"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(bias[PYRAMIDAL : PYRAMIDAL + SST], literal.bias["I"], rtol=1e-9)
    assert not bias[PYRAMIDAL + SST :].any(), "apical dendrites have none"
    teach = brain.area("H").synapses["teach"].weight[-SST:]
    assert teach.equal(torch.eye(SST, dtype=torch.float64)), "what teaches stays as it is"


def self_predicting(brain: Brain) -> None:
    """The analytic solution: interneurons foresee the units above, and cancel what these send."""
    hidden, above = brain.area("H"), brain.area("O")
    own, units = hidden.synapses["recurrent"].weight.data, PYRAMIDAL + SST
    interneuron = hidden.cell.of["SST"].cell  # type: ignore[attr-defined]
    scale = above.cell.share / interneuron.share  # type: ignore[attr-defined]
    own[PYRAMIDAL:units, :PYRAMIDAL] = scale * above.synapses["drive"].weight.data
    down = hidden.synapses["down"].weight.data[:PYRAMIDAL]
    own[units : units + PYRAMIDAL, PYRAMIDAL:] = -down


@pytest.mark.slow
def test_in_the_self_predicting_state_there_is_no_apical_error() -> None:
    brain = circuit(nudge=0.0)
    seen = scenes(300, held=300)
    wrong = live(brain, seen, 0.0)[-1]
    self_predicting(brain)
    right = live(brain, seen, 0.0)[-1]
    assert right.abs().max() < 1e-6 < 1e-2 < wrong.abs().max()
    before = brain.area("H").synapses["recurrent"].weight.clone()
    live(brain, seen, 0.0)
    assert before.equal(brain.area("H").synapses["recurrent"].weight)


@pytest.mark.slow
def test_learning_drives_the_apical_potential_towards_zero() -> None:
    brain = circuit(nudge=0.0)
    brain.area("H").synapses["drive"].weight.requires_grad_(False)  # as in self-prediction
    brain.area("O").synapses["drive"].weight.requires_grad_(False)
    seen = scenes(20_000, batch=8, held=20)
    sizes = [float(step.abs().mean()) for step in live(brain, seen, 0.3, window=20)[19::20]]
    assert max(sizes[-50:]) < 0.02 * sizes[0]


def test_apical_errors_are_those_of_backpropagation() -> None:
    """Weakly nudged, from the self-predicting state, feedback weights the transposed ones."""
    brain = circuit(nudge=0.01)
    hidden, above = brain.area("H"), brain.area("O")
    hidden.synapses["down"].weight.data[:PYRAMIDAL] = above.synapses["drive"].weight.data.t()
    self_predicting(brain)
    seen = scenes(300, batch=1, held=300)
    told = [change(brain, seen), descent(brain, seen)]
    cosine = torch.nn.functional.cosine_similarity(told[0].flatten(), told[1].flatten(), dim=0)
    assert cosine > 0.9


def change(brain: Brain, seen: dict[str, Tensor]) -> Tensor:
    """What the drive's synapses would learn at the last step."""
    reset = torch.zeros(*seen["eye"].shape[:2], dtype=torch.bool)
    early, late = ({n: s[at] for n, s in seen.items()} for at in (slice(-1), slice(-1, None)))
    _, state = brain(early, reset[:-1])
    activities, _ = brain(late, reset[-1:], state)
    lessons.total(brain, activities).backward()
    gradient = brain.area("H").synapses["drive"].weight.grad
    assert gradient is not None
    return -gradient[:PYRAMIDAL]


def descent(brain: Brain, seen: dict[str, Tensor]) -> Tensor:
    """Minus the gradient of the squared distance between what O foresees and its teacher."""
    hidden, above = brain.area("H"), brain.area("O")
    share = hidden.cell.of["P"].cell.share  # type: ignore[attr-defined]
    up = hidden.synapses["drive"].weight.detach()[:PYRAMIDAL].clone().requires_grad_()
    rate = torch.nn.functional.softplus(share * (seen["eye"][-1] @ up.t()))
    top = above.cell.share * (rate @ above.synapses["drive"].weight.detach().t())  # type: ignore[attr-defined]
    loss = (seen["teacher"][-1] - top).square().sum() / 2
    return -torch.autograd.grad(loss, up)[0]


@pytest.mark.parametrize(("cell", "who"), [(Leaky(), "Leaky"), (None, "Leaky in B")])
def test_other_cells_are_refused(cell: Leaky | None, who: str) -> None:
    mixed = {"A": Population(Dendritic(), 0.5), "B": Population(Leaky(), 0.5)}
    said = rf"rule DendriticErrors: needs cells with dendrites, areas\.Dendritic, got {who}; use"
    with pytest.raises(ValueError, match=said):
        toy.lone(cell or Populations(mixed), units=[4], rule=DendriticErrors())


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rule\.lateral: need a factor above 0, got 0\.0"):
        DendriticErrors(0.0)
    with pytest.raises(ValueError, match="conductances .* add up to 1 at most, got leak 0.5, bas"):
        Dendritic(leak=0.5, basal=0.6)
