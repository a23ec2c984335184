"""Drives that come from inputs alone: no learning changes them, so that rivals can foresee them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from brainmodel.brain import Brain
from brainmodel.pathways.pathway import told


def from_inputs(brain: Brain, name: str) -> bool:
    """Whether an area predicts a drive that comes from inputs alone, and without delay."""
    own = [brain.pathways[pathway] for pathway in brain.arrivals(name)["drive"]]
    known = brain.inputs.keys() - brain.environments.keys()  # these answer to what areas do
    alone = all(
        pathway.source in known and pathway.steps == 0 and pathway.gate is None for pathway in own
    )
    return bool(own) and alone and brain.area(name).predictor is not None


def drive_of(brain: Brain, name: str, inputs: Mapping[str, Tensor]) -> Tensor | None:
    """The drive [time, batch, *drive] that inputs [time, batch, ...] make of such an area.

    None if an input that it needs is not given.
    """
    parts = []
    for pathway in brain.arrivals(name)["drive"]:
        way = brain.pathways[pathway]
        source = way.source
        if source not in inputs or (way.gain and way.gain.by not in inputs):
            return None
        by = told(way, inputs)
        known = None if by is None else by.flatten(0, 1)
        sent = brain.route(pathway)(inputs[source].flatten(0, 1), known)
        parts.append(sent.detach().unflatten(0, inputs[source].shape[:2]))
    return torch.cat(parts, dim=2)
