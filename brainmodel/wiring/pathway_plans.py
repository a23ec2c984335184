"""Pathways as a plan gives them: held against the areas, and what they leave open written out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from torch import nn

from areas import Cell
from areas.message import Onto
from brainmodel.errors import named
from brainmodel.pathways.pathway import COMPARED, Pathway


def check_pathways(
    areas: Iterable[str],
    inputs: Mapping[str, Sequence[int]],
    pathways: Mapping[str, Pathway],
    environments: Collection[str] = (),
) -> None:
    """Refuse pathways that do not fit the areas.

    Args:
        areas: names.
        inputs: shapes by name.
        pathways: by name.
        environments: names, which are among those of the inputs.

    Raises:
        ValueError: for an unknown source or target, a negative delay, a name that is not an
            identifier or is taken, a gain that no input tells, or an area without a feedforward
            pathway.
    """
    areas = list(areas)
    _check_names(areas, inputs, pathways)
    for name, pathway in pathways.items():
        where = f"pathways.{name}"
        if pathway.source not in [*areas, *inputs]:
            raise ValueError(
                f"{where}.source: there is no {pathway.source!r}; areas: {', '.join(areas)}; "
                f"inputs: {', '.join(inputs)}"
            )
        if pathway.target not in [*areas, *environments]:
            raise ValueError(
                f"{where}.target: there is no area {pathway.target!r}; there are "
                f"{', '.join([*areas, *environments])}"
            )
        if pathway.steps < 0:
            raise ValueError(f"{where}.delay: need 0 or more steps, got {pathway.delay}")
        if name in ("drive", "error", "recurrent", "rate", "bias"):
            raise ValueError(f"{where}: the name {name!r} is taken by the area's own synapses")
        with named(where):
            _check_gain(pathway, inputs)
            _check_gate(pathway, areas)
    for area in areas:
        if not any(p.target == area and p.kind == "feedforward" for p in pathways.values()):
            raise ValueError(
                f"areas.{area}: has no drive; add a feedforward pathway that ends there"
            )


def _check_gain(pathway: Pathway, inputs: Mapping[str, Sequence[int]]) -> None:
    if pathway.gain is None:
        return
    if pathway.source not in inputs:
        raise ValueError(
            f"gain: is for pathways from an input, and {pathway.source} is an area; leave it out"
        )
    by, there = pathway.gain.by, ", ".join(inputs)
    if by not in inputs:
        raise ValueError(
            f"gain.by: there is no input {by!r}; there are {there}; photographs have the movement "
            "of the eye if data.motion is true"
        )
    if len(inputs[by]) != 1 or inputs[by][0] < 2:
        raise ValueError(
            f"gain.by: need an input of 2 values or more, dx and dy, got {by} of shape "
            f"{list(inputs[by])}"
        )


def _check_gate(pathway: Pathway, areas: Collection[str]) -> None:
    if pathway.gate is not None and pathway.gate.by not in areas:
        raise ValueError(
            f"gate.by: there is no area {pathway.gate.by!r}; there are {', '.join(areas)}"
        )


def written_out(
    pathways: Mapping[str, Pathway],
    inputs: Iterable[str],
    predicting: Iterable[str],
    cells: Mapping[str, Cell],
    environments: Collection[str] = (),
) -> dict[str, Pathway]:
    """Pathways, sorted by name, with what each carries and where it ends written out.

    Args:
        pathways: by name.
        inputs: names of the inputs.
        predicting: names of the areas that have predictions and errors.
        cells: of the areas.
        environments: names.

    Raises:
        ValueError: for a signal that the source does not have, or an end that the target has not.
    """
    inputs, predicting = set(inputs), set(predicting)
    found = {}
    for name, pathway in sorted(pathways.items()):
        errs = pathway.source in predicting and not (pathway.population or pathway.read_out)
        usual = "observation" if pathway.source in environments else "error" if errs else "rate"
        whole = replace(pathway, signal=pathway.signal or usual)
        if pathway.target in environments:
            whole = replace(whole, delay=1 if pathway.delay is None else pathway.delay)
        with named(f"pathways.{name}"):
            if pathway.source in environments:
                _require_reply(whole)
            else:
                _check_signal(whole, inputs, predicting, cells)
            found[name] = _with_ends(whole, pathway.target in predicting)
    return found


def _require_reply(pathway: Pathway) -> None:
    """Refuse a signal that an environment does not have."""
    if pathway.population is not None:
        raise ValueError("population: an environment has none; leave it out")
    if pathway.signal not in ("observation", "reward"):
        raise ValueError(
            f"signal: {pathway.source} is an environment and has no {pathway.signal!r}; give "
            "observation or reward"
        )


def _check_signal(
    pathway: Pathway,
    inputs: Collection[str],
    predicting: Collection[str],
    cells: Mapping[str, Cell],
) -> None:
    """Refuse a signal that the source does not have, and one of a population that it is not of."""
    source, signal = pathway.source, pathway.carries
    if pathway.population is not None and (not pathway.moved or source in inputs):
        raise ValueError(
            "population: only what areas' units do is of populations, and this carries the "
            f"{signal} of {source}; leave it out"
        )
    if source in inputs and signal != "rate":
        raise ValueError(f"signal: {source} is an input and has no {signal}; give rate")
    if not pathway.moved and source not in predicting:
        raise ValueError(
            f"signal: {source} is an area without a predictor and has no {signal}; give rate"
        )
    if pathway.moved and source in cells:
        with named("population"):
            fields = cells[source].fields(pathway.population)
        if signal not in fields:
            compared = COMPARED if source in predicting and not pathway.population else ()
            who = " of ".join(filter(None, (pathway.population, source)))
            raise ValueError(
                f"signal: {who} has no {signal!r}; there are {', '.join((*fields, *compared))}"
            )


def _with_ends(pathway: Pathway, predicted: bool) -> Pathway:
    """A pathway with where it ends written out; its target predicts its drive, or does not."""
    if pathway.kind == "feedforward":
        for field in ("onto", "kernel"):
            if (given := getattr(pathway, field)) is not None:
                raise ValueError(
                    f"{field}: {given} is for messages, but a feedforward pathway is part of the "
                    f"drive of {pathway.target}; leave it out, and see that area's afferents, "
                    "kernel and predictor"
                )
        return pathway
    both: list[Onto] = ["units", "predictor"]
    there = both if predicted else both[:1]
    onto = there if pathway.onto is None else pathway.onto
    if not onto or len(set(onto)) < len(onto) or not set(onto) <= set(both):
        raise ValueError(f"onto: need units, predictor or both, each once, got {onto}")
    if not set(onto) <= set(there):
        raise ValueError(
            f"onto: {pathway.target} has no predictor to end on; give it one, or set onto: [units]"
        )
    kernel = 1 if pathway.kernel is None else pathway.kernel
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"kernel: need an odd width in pixels, got {kernel}")
    return replace(pathway, onto=onto, kernel=kernel)


def _check_names(areas: list[str], inputs: Iterable[str], pathways: Iterable[str]) -> None:
    for name in [*areas, *pathways]:
        if not name.isidentifier():
            raise ValueError(f"name {name!r}: areas and pathways need letters, digits, underscores")
        if name == "groups" or hasattr(nn.ModuleDict(), name):
            raise ValueError(f"name {name!r}: it is taken; choose another for this area or pathway")
    for name in areas:
        if name in inputs:
            raise ValueError(f"areas.{name}: an input has this name; choose another")
