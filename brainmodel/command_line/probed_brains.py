"""The brains that are probed: as checkpoints hold them, and as they were before training."""

from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning.cli import instantiate_module

from brainmodel.brain import Brain
from brainmodel.command_line.refusals import read_error
from brainmodel.errors import Refused
from brainmodel.probing import Trained
from brainmodel.training import checkpoint
from brainmodel.training.module import BrainModule


def brains(paths: Sequence[str], seeds: int) -> tuple[list[Trained], list[Brain]]:
    """The brains of checkpoints, and as many untrained ones as there are seeds.

    Raises:
        Refused: if a checkpoint cannot be read, or they are not of one kind of brain.
    """
    trained, first = [], None
    for path in paths:
        content = checkpoint.read_checkpoint(path)
        made = module_of(content, path)
        if first is None:
            first = content
        checkpoint.require_fit(content["state_dict"], first["state_dict"])
        made.load_state_dict(content["state_dict"])
        trained.append(Trained(path, int(content.get("global_step", 0)), made.brain.eval()))
    assert first is not None
    untrained = []
    for seed in range(seeds):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            untrained.append(module_of(first, paths[0]).brain.eval())
    return trained, untrained


def module_of(content: dict[str, Any], path: str) -> BrainModule:
    """The module a checkpoint was made by, with weights newly drawn.

    Raises:
        Refused: if the checkpoint does not say, or its parts are not to be found.
    """
    plain = dict(content.get("hyper_parameters") or {})
    plain.pop("_instantiator", None)
    if not plain:
        raise Refused(f"ckpt_path: {path} does not say of which brain; train it with this program")
    try:
        return instantiate_module(BrainModule, plain)
    except Exception as error:
        place, reason = read_error(str(error))
        raise Refused(f"ckpt_path: {path}: {place}: {reason}") from error
