"""Small brains to test with: drawn at random or built by hand, in float64, and streams for them."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any
from zlib import crc32

import torch
import yaml
from jsonargparse import ArgumentParser
from torch import Tensor

import areas
from areas import Area, Cell, DriveComparison, Predictor
from areas.message import Onto
from brainmodel import CONFIGS, learning
from brainmodel.brain import AreaPlan, Brain
from brainmodel.environments import Environment
from brainmodel.learning import BPTT, Rule
from brainmodel.pathways.adapters import Adapter, Flatten, Mix, Pool
from brainmodel.pathways.pathway import Kind, Pathway, Signal
from brainmodel.pathways.presynaptic_inhibition import PresynapticInhibition
from brainmodel.pathways.route import infer
from brainmodel.scopes import Scope
from brainmodel.wiring.order import acts
from brainmodel.wiring.pathway_plans import written_out
from objectives import Activity, Objective

KERNELS: dict[tuple, dict] = {}  # native loops of cells that are alike, so that each is made once


def from_config(text: str, base: type) -> Any:
    """The object a config describes, built as the command line builds it."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(base, "part")
    return parser.instantiate(parser.parse_object({"part": yaml.safe_load(text)})).part


def parts(folder: str, base: type, package: Any) -> dict[str, Callable[[], Any]]:
    """Makers of all parts of a kind: every config by its name, other classes by their file's."""
    made: dict[str, Callable[[], Any]] = {}
    named = ""
    for path in sorted((CONFIGS / folder).glob("*.yaml")):
        text = path.read_text()
        named += text
        made[path.stem] = lambda text=text: from_config(text, base)
    for name in sorted(vars(package)):
        part = getattr(package, name)
        concrete = inspect.isclass(part) and issubclass(part, base) and not inspect.isabstract(part)
        if concrete and f"{package.__name__}.{name}" not in named.split():
            made.setdefault(part.__module__.rpartition(".")[2], part)
    return made


CELLS: dict[str, Callable[[], Cell]] = parts("areas", Cell, areas)
POINTWISE = [name for name, make in CELLS.items() if not make().normalised]
"""Of cells whose units find no statistics of all units."""
RULES: dict[str, Callable[[], Rule]] = parts("learning", Rule, learning)


def fit(rule: str) -> Callable[[], Cell]:
    """A cell for a rule: subLSTM, or the first that the rule does not refuse."""
    for name in sorted(CELLS, key=lambda name: name != "sublstm"):
        try:
            lone(CELLS[name](), rule=RULES[rule]())
        except ValueError:
            continue
        return CELLS[name]
    raise ValueError(f"no cell fits the rule {rule}")


class Whole(Objective):
    """A loss that depends on everything an activity shows, differently at each unit."""

    def forward(self, activity: Activity) -> Tensor:
        """Loss [time, batch]."""

        def slanted(signal: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
            flat = function(signal).flatten(2)
            return (flat * torch.linspace(0.5, 1.5, flat.shape[2], dtype=flat.dtype)).mean(2)

        return (
            slanted(activity.error, torch.square)
            + slanted(activity.prediction * activity.drive, torch.sin)
            + slanted(activity.rate + 0.2, torch.sin)
        )


def brain(
    plans: Mapping[str, AreaPlan],
    pathways: Mapping[str, Pathway],
    inputs: Mapping[str, Sequence[int]],
    scope: Scope | None = None,
    seed: int = 0,
    environments: Mapping[str, Environment] | None = None,
) -> Brain:
    """A brain in float64 with its own random weights."""
    made = Brain(plans, pathways, inputs, scope, environments=environments).double()
    for name, parameter in made.named_parameters():  # by name: whatever else the brain may hold
        generator = torch.Generator().manual_seed(seed + crc32(name.encode()))
        random = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data = random * (0.2 if parameter.dim() == 1 else parameter[0].numel() ** -0.5)
    for name in made.areas:
        dynamics = made.area(name).dynamics
        settle(made.area(name))
        alike = (
            type(dynamics.cell),
            repr(vars(dynamics.cell)),
            os.environ.get("BRAINMODEL_NATIVE"),
            os.environ.get("TRITON_INTERPRET"),
        )
        dynamics._kernels = KERNELS.setdefault(alike, dynamics._kernels)
    return made


def settle(area: Area) -> None:
    """No synapses where there are none; few spiking units neither at rest nor saturated."""
    for _, synapses in area.synapses.items():
        if area.cell.surrogate:
            synapses.weight.data *= 0.4
        if synapses.mask is not None:
            synapses.weight.data *= synapses.mask
    if area.cell.surrogate:
        area.bias.data[: area.units[0]] += 0.5


def plan(
    cell: Cell | None = None,
    units: Sequence[int] = (3,),
    rule: Rule | None = None,
    **others: Any,
) -> AreaPlan:
    """What a small area is to be, with an objective that looks at everything."""
    others = {"objectives": {"whole": Whole()}} | others
    return AreaPlan(cell or areas.SubLSTM(), list(units), rule or BPTT(), **others)


def lone(
    cell: Cell | None = None,
    maps: bool = False,
    rule: Rule | None = None,
    scope: Scope | None = None,
    **others: Any,
) -> Brain:
    """One area that sees an input."""
    units, eye = ([2, 4, 4], [2, 4, 4]) if maps else ([3], [4])
    others = {"units": units} | others
    plans = {"V1": plan(cell, rule=rule, **others)}
    return brain(plans, {"up": Pathway("eye", "V1")}, {"eye": eye}, scope)


def ladder(
    rules: Callable[[str], Rule],
    scope: Scope | None = None,
    cells: Sequence[Callable[[], Cell]] = (areas.SubLSTM, areas.LSTM, areas.GRU),
    maps: bool = False,
    **others: Any,
) -> Brain:
    """V1, LM and PM: errors go up, errors and predictions come down, rates across."""
    names = ("V1", "LM", "PM")
    units = ([2, 4, 4], [3, 2, 2], [3]) if maps else ([3], [4], [2])
    pathways = {
        "up": Pathway("eye", "V1"),
        "up_LM": Pathway("V1", "LM"),
        "up_PM": Pathway("LM", "PM"),
        "skip_PM": Pathway("V1", "PM", signal="rate"),
        "down_V1": Pathway("LM", "V1", "feedback", "prediction"),
        "down_LM": Pathway("PM", "LM", "feedback", "error"),
        "far_V1": Pathway("PM", "V1", "feedback", "rate", delay=2),
        "across": Pathway("V1", "LM", "lateral", "rate", delay=0),
    }
    plans = {
        name: plan(cell(), size, rules(name), **others)
        for name, cell, size in zip(names, cells, units, strict=True)
    }
    return brain(plans, pathways, {"eye": [2, 4, 4] if maps else [3]}, scope)


def random_brain(
    seed: int,
    rules: Callable[[Random, bool], Rule] = lambda draw, maps: BPTT(),
    scope: Scope | None = None,
    reverse: bool = False,
    down: bool = False,
    comparisons: Sequence[Callable[[], DriveComparison]] = (),
    gated: bool = False,
) -> Brain:
    """A brain with areas, pathways, delays, signals and adapters drawn at random.

    With `reverse` the same brain, everything given in the opposite order. With `down` messages end
    on units, predictors or both, and some come down onto units in the very step (see `_sent_down`).
    Areas that predict compare in one of the ways given, by default by their difference. With
    `gated` areas gate pathways, their own included.
    """
    draw = Random(seed)
    names = ["A", "B", "C", "D"][: draw.randint(2, 4)]
    shapes = {name: draw.choice([[3], [2], [2, 4, 4], [3, 2, 2]]) for name in names}
    inputs = {"eye": draw.choice([[2, 4, 4], [3], [1, 4, 4]]), "motion": [2]}
    plans = {name: _random_plan(draw, shapes[name], rules) for name in names}
    pathways: dict[str, Pathway] = {}
    for k, name in enumerate(names):
        for source in draw.sample(["eye", *names[:k]], draw.randint(1, min(2, k + 1))):
            delay = draw.choice([None, None, 0, 1, 2])
            pathways[f"up_{source}_{name}"] = Pathway(source, name, delay=delay)
        for source in draw.sample(["motion", *names], draw.randint(0, 3)):
            free = source == "motion" or source in names[:k]  # no cycle can arise: may be instant
            delay = draw.choice([None, 0, 2] if free else [None, 1, 2, 3])
            kind: Kind = draw.choice(["feedback", "lateral"])
            pathways[f"to_{name}_from_{source}"] = Pathway(source, name, kind, delay=delay)
    if draw.random() < 0.3:
        pathways["late"] = Pathway(names[-1], names[0], signal="rate", delay=draw.randint(1, 3))
    for name, pathway in pathways.items():
        pathway.signal = "rate" if name == "late" else draw.choice(["error", "rate", "prediction"])
        if pathway.source in inputs or plans[pathway.source].predictor is None:
            pathway.signal = "rate"  # there is no other
        known = inputs | (shapes if pathway.signal == "rate" else {})
        if pathway.source in known and draw.random() < 0.4:
            pathway.adapters = _mixed(draw, known[pathway.source], shapes[pathway.target])
    for name, made in plans.items() if comparisons else ():
        if made.predictor is not None:
            plans[name] = replace(made, predictor=_comparing(Random(f"{seed}{name}"), comparisons))
    if down:
        pathways = _sent_down(Random(seed), plans, pathways, inputs)
    if gated:
        pathways = _gated(Random(seed), names, pathways, scope)
    if reverse:
        plans = dict(reversed(plans.items()))
        pathways = dict(reversed(pathways.items()))
        inputs = dict(reversed(inputs.items()))
    return brain(plans, pathways, inputs, scope, seed)


def _comparing(draw: Random, comparisons: Sequence[Callable[[], DriveComparison]]) -> Predictor:
    """A predictor whose predictions are above 0, as some comparisons need."""
    activation = draw.choice([torch.sigmoid, torch.nn.functional.softplus])
    return Predictor(activation, draw.choice([1, 3]), comparison=draw.choice(comparisons)())


def _sent_down(
    draw: Random,
    plans: Mapping[str, AreaPlan],
    pathways: Mapping[str, Pathway],
    inputs: Mapping[str, Sequence[int]],
) -> dict[str, Pathway]:
    """Pathways with ends of their own, and as many instant ones down onto units as can be had."""
    predicting = {name for name, plan in plans.items() if plan.predictor is not None}
    ends: list[list[Onto]] = [["units"], ["predictor"], ["predictor", "units"]]
    found = {}
    for name, pathway in pathways.items():
        there = ends if pathway.target in predicting else ends[:1]
        if pathway.kind == "feedforward":
            found[name] = pathway
        else:
            found[name] = replace(pathway, onto=draw.choice(there), kernel=draw.choice([None, 3]))
    names = sorted(plans)
    for high, low in [(b, a) for k, b in enumerate(names) for a in names[:k]]:
        signal: Signal = draw.choice(["rate", "error"]) if high in predicting else "rate"
        down = Pathway(high, low, "feedback", signal, 0, onto=["units"], kernel=draw.choice([1, 3]))
        try:
            ways = found | {f"down_{high}_{low}": down}
            acts(names, written_out(ways, inputs, predicting, {}))
        except ValueError:
            continue
        found[f"down_{high}_{low}"] = down
    return found


def _gated(
    draw: Random, names: Sequence[str], pathways: Mapping[str, Pathway], scope: Scope | None
) -> dict[str, Pathway]:
    """Pathways of which most are gated by an area, whichever."""
    learns = scope is not None and scope.teaches_pathways
    return {
        name: replace(pathway, gate=PresynapticInhibition(draw.choice(names), learns=learns))
        if draw.random() < 0.7
        else pathway
        for name, pathway in pathways.items()
    }


def _mixed(draw: Random, source: Sequence[int], target: Sequence[int]) -> list[Adapter]:
    """Adapters by hand: a mixture of channels, and what the shapes need."""
    mix = Mix(source[0], 2, seed=draw.randint(0, 9))
    if len(source) == 3 and len(target) == 1:
        return [Pool(2), mix, Flatten()]
    return [mix, *infer((2, *source[1:]), tuple(target))]


def _random_plan(draw: Random, shape: list[int], rules: Callable[[Random, bool], Rule]) -> AreaPlan:
    afferents = draw.choice([["error"], ["drive"], ["drive", "error"]])
    activation = draw.choice([None, torch.sigmoid, torch.tanh])
    predictor: Predictor | None = Predictor(activation, draw.choice([1, 3]))
    if draw.random() < 0.2:
        afferents, predictor = ["drive"], None
    # one word of chance, so that a new cell leaves what is drawn later alone; without those that
    # multiply what they receive: rates that go round would grow without end
    cells = sorted(CELLS.keys() - {"divisive_input"})
    cell = CELLS[cells[draw.getrandbits(32) % len(cells)]]()
    kernel = draw.choice([1, 3])
    rule = rules(draw, len(shape) > 1)
    return plan(cell, shape, rule, predictor=predictor, afferents=afferents, kernel=kernel)


def stream(
    brain: Brain, steps: int = 6, batch: int = 2, resets: bool = True, seed: int = 0
) -> tuple[dict[str, Tensor], Tensor]:
    """Random inputs of a brain, and where streams begin anew: at the first step and at others."""
    generator = torch.Generator().manual_seed(seed)
    inputs = {
        name: torch.rand(steps, batch, *shape, generator=generator, dtype=torch.float64)
        for name, shape in sorted(brain.inputs.items())
    }
    reset = torch.rand(steps, batch, generator=generator) < (0.2 if resets else 0.0)
    reset[0] = resets
    return inputs, reset
