"""What is said of synapses: where they end, their signs, how they begin, whether they learn."""

import re
import warnings

import pytest
import torch
from torch import Tensor, nn

from areas import (
    LIF,
    LSTM,
    Alike,
    Area,
    Beginning,
    Block,
    Leaky,
    LogNormal,
    OneToOne,
    Population,
    Populations,
    Projection,
    Pyramidal,
    Sparse,
    SpectralRadius,
)
from areas.projections.projection import require_sign
from brainmodel.brain import Brain
from brainmodel.learning import EProp
from brainmodel.pathways import Pathway
from brainmodel.schedules import Alternating
from tests import lessons, toy

OPTIMIZERS = [
    torch.optim.SGD,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.RMSprop,
    torch.optim.Adagrad,
]


def column(signed: bool = False) -> Populations:
    """Pyramidal-like cells of four currents, and two kinds of interneurons of one."""
    return Populations(
        {
            "E": Population(LSTM(), 0.5, "excitatory" if signed else None),
            "PV": Population(Leaky(), 0.25, "inhibitory" if signed else None),
            "SST": Population(Leaky(0.2), 0.25, "inhibitory" if signed else None),
        }
    )


BLOCKS = [
    Block("E", "E.input", strength=2.0),
    Block("E", "PV"),
    Block("PV", "E.output", sign="inhibitory"),
    Block("SST", "PV", sign="inhibitory", connectivity=Sparse(0.5, seed=3)),
    Block("PV", "SST", connectivity=OneToOne()),
]
PLACES = {"E": range(4), "PV": range(4, 6), "SST": range(6, 8)}


def area_of(blocks: list[Block], begin: Beginning | None = None, cell=None) -> Area:
    told = {"recurrent": Projection(blocks, begin)}
    return Area(cell or column(), [8], [3], {"down": [5]}, None, ["drive"], projections=told)


def test_currents_are_the_sums_over_blocks_synapse_by_synapse() -> None:
    torch.manual_seed(0)
    area = area_of(BLOCKS)
    source = torch.randn(2, 8)
    found = area.synapses["recurrent"](source).view(2, 4, 8)
    weight = area.synapses["recurrent"].weight.detach().view(4, 8, 8)
    expected = torch.zeros(2, 4, 8)
    for block in BLOCKS:
        population, _, current = block.target.partition(".")
        row = LSTM.currents.index(current) if current else 0
        for i in PLACES[population]:
            for j in PLACES[block.source]:
                expected[:, row, i] += weight[row, i, j] * source[:, j]
    torch.testing.assert_close(found, expected)
    assert found[:, 1:, 4:].eq(0).all(), "interneurons have one current"
    assert (weight != 0).sum() == 16 + 8 + 8 + int(Sparse(0.5, seed=3).mask(2, 2, ()).sum()) + 2
    output = LSTM.currents.index("output")
    assert (weight[output, :4, 4:6] < 0).all() and (weight[0, 4:6, 6:] <= 0).all()


def test_synapses_are_made_for_the_currents_on_which_they_end_alone() -> None:
    told = {"drive": Projection([Block(target="E.candidate"), Block(target="PV")])}
    how = {"units": [8], "afferents": ["drive", "error"], "projections": told}
    brain = toy.lone(column(), rule=EProp(), **how)
    area, first = brain.area("V1"), LSTM.currents.index("candidate")
    assert area.reach("drive") == slice(0, first + 1) and area.reach("error") == slice(0, 4)
    assert area.synapses["drive"].weight.shape == (8 * (first + 1), 4)
    inputs, reset = toy.stream(brain)
    found = lessons.learn(brain, inputs, reset)
    cut = {"local": True, "cut": lambda area: True}
    lessons.assert_same(found, lessons.learn_literally(brain, inputs, reset, **cut))


def test_weights_begin_by_the_sources_that_each_unit_has() -> None:
    torch.manual_seed(4)
    blocks = [Block("E", "PV"), Block("PV", "E.input")]
    area = Area(column(), [400], [3], {}, None, ["drive"], projections=recurrent(*blocks))
    weight = area.synapses["recurrent"].weight.detach().view(-1, 400, 400)
    for rows, sources in ((slice(200, 300), 200), (slice(0, 200), 100)):
        most = weight[:, rows].abs().max().item()
        assert most == pytest.approx(sources**-0.5, rel=0.01)


def test_a_current_that_does_not_come_back_keeps_its_strength() -> None:
    """Of two kinds of synapses one has a way around: that is scaled, the other stays."""
    blocks = [Block("E", "E.input"), Block("PV", "E.output")]
    torch.manual_seed(5)
    plain = area_of(blocks).synapses["recurrent"].weight.detach().view(4, 8, 8)
    torch.manual_seed(5)
    made = area_of(blocks, SpectralRadius(0.5)).synapses["recurrent"].weight.detach()
    made = made.view(4, 8, 8)
    first, last = LSTM.currents.index("input"), LSTM.currents.index("output")
    assert radius(made[first]) == pytest.approx(0.5, rel=1e-6)
    assert made[last].any() and torch.equal(made[last] != 0, plain[last] != 0)


def test_by_dales_law_all_synapses_of_a_population_do_the_same() -> None:
    weight = area_of([Block()], cell=column(signed=True)).synapses["recurrent"].weight.detach()
    assert (weight[:, :4] >= 0).all() and (weight[:, 4:] <= 0).all() and weight.ne(0).any(0).all()


def lesson(brain: Brain, optimizer: torch.optim.Optimizer, steps: int) -> None:
    inputs, reset = toy.stream(brain, steps=3)
    for _ in range(steps):
        optimizer.zero_grad()
        activities, _ = brain(inputs, reset)
        lessons.total(brain, activities).backward()
        optimizer.step()
        brain.after_step()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_signs_masks_and_constants_hold_to_the_last_bit(optimizer) -> None:
    """A thousand steps of a large rate, with decay of weights: every weight would cross 0."""
    cell = Populations(
        {
            "E": Population(toy.CELLS["alif"](), 0.5, "excitatory"),
            "I": Population(LIF(), 0.5, "inhibitory"),
        }
    )
    drive = Projection([Block(sign="excitatory", connectivity=Sparse(0.5))])
    how = {"afferents": ["drive"], "units": [4], "projections": {"drive": drive}}
    brain = toy.lone(cell, rule=EProp(), **how)
    area = brain.area("V1")
    for synapses in area.synapses.values():
        synapses.project()
    constants, masks = area.constants.clone(), {n: m.clone() for n, m in brain.masks().items()}
    before = area.synapses["recurrent"].weight.detach().clone()
    lesson(brain, optimizer(brain.parameters(), lr=0.05, weight_decay=0.01), 1000)
    for synapses in area.synapses.values():
        assert synapses.sign is not None and not (synapses.weight * synapses.sign < 0).any()
    for name, mask in masks.items():
        assert not brain.get_parameter(name)[mask == 0].any()
    assert torch.equal(area.constants, constants)
    assert not torch.equal(area.synapses["recurrent"].weight, before)


PLACE = {
    "recurrent": "synapses.recurrent.",
    "drive": "synapses.drive.",
    "bias": "bias",
    "predictor": "predictor.",
}


@pytest.mark.parametrize("group", PLACE)
def test_what_is_not_plastic_does_not_move_by_one_bit(group: str) -> None:
    brain = toy.lone(rule=EProp(), afferents=["drive", "error"], plastic={group: False})
    before = {name: p.detach().clone() for name, p in brain.named_parameters()}
    lesson(brain, torch.optim.AdamW(brain.parameters(), lr=0.1, weight_decay=0.1), 5)
    moved = {name for name, p in brain.named_parameters() if not torch.equal(p, before[name])}
    still = {name for name in before if name.startswith(f"areas.V1.{PLACE[group]}")}
    assert still and not moved & still and moved == before.keys() - still


def test_a_schedule_says_how_much_a_group_learns() -> None:
    brain = toy.lone(rule=EProp(), plastic={"recurrent": Alternating(1, 2)})
    inputs, reset = toy.stream(brain)
    name = "areas.V1.synapses.recurrent.weight"
    usual = lessons.learn(brain, inputs, reset)
    assert not brain.still()
    brain.after_step()
    later = lessons.learn(brain, inputs, reset)
    assert brain.still() == [brain.get_parameter(name)]
    assert usual[name].any() and not later[name].any()
    lessons.assert_same(later | {name: usual[name]}, usual)


def radius(matrix: Tensor) -> float:
    return float(torch.linalg.eigvals(matrix.double()).abs().max())


def test_recurrent_synapses_begin_with_a_spectral_radius() -> None:
    area = area_of([Block(connectivity=Sparse(0.5))], SpectralRadius(0.7), Leaky())
    assert radius(area.synapses["recurrent"].weight.detach()) == pytest.approx(0.7, rel=1e-6)
    gates = area_of([Block()], SpectralRadius(0.9), LSTM()).synapses["recurrent"].weight.detach()
    assert [radius(m) for m in gates.split(8)] == pytest.approx([0.9] * 4, rel=1e-6)
    with pytest.warns(UserWarning, match=r"SpectralRadius\.radius is 1\.2; from 1 on"):
        SpectralRadius(1.2)


def test_weights_begin_log_normal_or_alike() -> None:
    torch.manual_seed(1)
    area = Area(
        Leaky(),
        [200],
        [200],
        {},
        None,
        ["drive"],
        projections={
            "recurrent": Projection([Block(sign="inhibitory")], LogNormal(0.1, 0.5)),
            "drive": Projection([Block(connectivity=OneToOne(), strength=3.0)], Alike(0.5)),
        },
    )
    sizes = area.synapses["recurrent"].weight.detach()
    assert (sizes < 0).all()
    logs = (-sizes).log()
    assert logs.median().exp().item() == pytest.approx(0.1, rel=0.02)
    assert logs.std().item() == pytest.approx(0.5, rel=0.02)
    assert torch.equal(area.synapses["drive"].weight, 1.5 * torch.eye(200))


def test_a_pathway_carries_the_rates_of_one_population() -> None:
    plans = {"A": toy.plan(column(), [8]), "B": toy.plan(units=[4])}
    ways = {"up": Pathway("eye", "A"), "A_B": Pathway("A", "B", population="PV")}
    ways["B_A"] = Pathway("B", "A", "feedback")
    brain = toy.brain(plans, ways, {"eye": [3]})
    inputs, reset = toy.stream(brain)
    did, _ = brain(inputs, reset)
    assert torch.equal(did["B"].drive, did["A"].rate[..., 4:6])
    lessons.assert_same(
        lessons.learn(brain, inputs, reset),
        lessons.learn_literally(brain, inputs, reset, local=True),
    )


def recurrent(*blocks: Block, begin: Beginning | None = None) -> dict[str, Projection]:
    return {"recurrent": Projection(list(blocks), begin)}


def drive(*blocks: Block, begin: Beginning | None = None) -> dict[str, Projection]:
    return {"drive": Projection(list(blocks), begin)}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (recurrent(Block("L5")), "recurrent.source: there is no population 'L5'; there are E"),
        (recurrent(Block("E", "L5")), "recurrent.target: there is no population 'L5'"),
        (drive(Block(target="PV.apical")), "drive.target: Leaky has no current 'apical'"),
        (drive(Block("E")), "drive.source: only recurrent synapses know"),
        (recurrent(Block("E"), Block("E", "PV")), "recurrent.blocks.1.target: some of these"),
        (recurrent(), "recurrent.blocks: are none"),
        ({"up": Projection()}, "up: there are no such synapses onto the units; there are drive"),
        (recurrent(Block("E", sign="inhibitory")), "recurrent.sign: E cannot be inhibitory"),
        (
            recurrent(Block(sign="inhibitory")),
            "recurrent.sign: some of its sources cannot be",
        ),
        (drive(Block(), begin=SpectralRadius()), "drive.begin: SpectralRadius is for recurrent"),
        (
            recurrent(Block("E", "PV"), begin=SpectralRadius()),
            "recurrent.begin: SpectralRadius needs synapses by which activity comes back",
        ),
    ],
)
def test_what_does_not_fit_is_refused(told: dict, names: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"areas.V1: projections.{names}")):
        toy.lone(column(signed=True), units=[8], afferents=["drive"], projections=told)


def test_a_refused_target_is_told_with_those_that_there_are() -> None:
    told = r"drive\.target: synapses of drive cannot end on apical, but on basal"
    with pytest.raises(ValueError, match=told):
        toy.lone(Pyramidal(), afferents=["drive"], projections=drive(Block(target="apical")))


@pytest.mark.parametrize("level", ["no", 0, 3.0, None])
def test_what_says_no_more_than_perhaps_whether_synapses_learn_is_refused(level: object) -> None:
    told = f"plastic.recurrent: need true, false or a schedule, got {level!r}"
    with pytest.raises(ValueError, match=re.escape(told)):
        toy.lone(plastic={"recurrent": level})


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="sign: need excitatory, inhibitory or none, got 'exc'"):
        require_sign("exc")
    with pytest.raises(ValueError, match=r"begin: need a finite Alike\.value, got nan"):
        Alike(float("nan"))
    for strength in (float("inf"), float("nan"), -1.0):
        with pytest.raises(ValueError, match="strength: need a number above 0, got"):
            Block(strength=strength)
    with pytest.raises(ValueError, match="strength: need a number above 0, got 0"):
        Block(strength=0.0)
    for bad in (lambda: LogNormal(0.0), lambda: LogNormal(1.0, -1.0), lambda: SpectralRadius(0)):
        with pytest.raises(ValueError, match=r"begin: need .* > 0.*, got"):
            bad()
    with pytest.raises(ValueError, match=r"begin: need LogNormal\.median .* finite, got inf and 1"):
        LogNormal(float("inf"))
    with pytest.raises(
        ValueError, match=r"recurrent\.begin: LogNormal\.spread 1000\.0 is too wide"
    ):
        toy.lone(projections={"recurrent": Projection(begin=LogNormal(1.0, 1000.0))})
    with pytest.raises(ValueError, match="SpectralRadius is for dense units, and these are maps"):
        toy.lone(maps=True, projections={"recurrent": Projection(begin=SpectralRadius())})
    with pytest.raises(ValueError, match="connectivity: leave it out, as projections.recurrent"):
        toy.lone(connectivity=Sparse(0.5), projections={"recurrent": Projection()})
    with pytest.raises(ValueError, match=r"V1: plastic\.down: there are no such synapses;"):
        toy.lone(plastic={"down": False})
    ways = {"up": Pathway("eye", "V1", population="E")}
    with pytest.raises(ValueError, match=r"pathways\.up: population: only what areas' units do"):
        toy.brain({"V1": toy.plan()}, ways, {"eye": [3]})


def test_nothing_is_said_of_synapses_that_are_as_ever() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.manual_seed(2)
        plain = Area(LSTM(), [6], [3], {}, None, ["drive"])
        torch.manual_seed(2)
        told = Area(LSTM(), [6], [3], {}, None, ["drive"], projections={"drive": Projection()})
    assert all(s.mask is None and s.sign is None for s in told.synapses.values())
    assert all(map(torch.equal, plain.parameters(), told.parameters()))
    assert isinstance(told, nn.Module)
