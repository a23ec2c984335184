"""The brains that are probed: as checkpoints hold them, and as they were before training."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import count, islice
from typing import Any

import torch
from pytorch_lightning.cli import instantiate_module

from brainmodel.brain import Brain
from brainmodel.command_line.refusals import read_error
from brainmodel.errors import Refused
from brainmodel.probing import Trained
from brainmodel.training import checkpoint
from brainmodel.training.drawn_weights import digest
from brainmodel.training.module import BrainModule
from brainmodel.training.same_brain import require_same_brain


def brains(paths: Sequence[str], seeds: int) -> tuple[list[Trained], dict[int, Brain]]:
    """The brains of checkpoints, and by seed so many untrained ones.

    Those that the checkpoints began as come first, all of them, where the checkpoints tell.

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
        require_same_brain(content, first.get("hyper_parameters") or {})
        trained.append(_loaded(content, made, path))
    assert first is not None
    own = list(dict.fromkeys(t.seed for t in trained if t.seed is not None))
    others = (seed for seed in count() if seed not in own)
    chosen = [*own, *islice(others, max(0, seeds - len(own)))]
    return trained, {seed: _drawn(first, paths[0], seed).brain.eval() for seed in chosen}


def trained_brain(path: str) -> Trained:
    """The brain of one checkpoint.

    Raises:
        Refused: if the checkpoint cannot be read.
    """
    content = checkpoint.read_checkpoint(path)
    return _loaded(content, module_of(content, path), path)


def _loaded(content: dict[str, Any], made: BrainModule, path: str) -> Trained:
    """The brain of a checkpoint's module, with the weights that it holds."""
    made.load_state_dict(content["state_dict"])
    step, seed = int(content.get("global_step", 0)), _seed_of(content, path)
    return Trained(path, step, made.brain.eval(), seed)


def _drawn(content: dict[str, Any], path: str, seed: int) -> BrainModule:
    """The module of a checkpoint with its weights as a seed draws them."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return module_of(content, path)


def _seed_of(content: dict[str, Any], path: str) -> int | None:
    """The seed with which a checkpoint's brain was drawn, if it draws that brain again."""
    told = content.get("drawn_weights") or {}
    seed = told.get("seed")
    if seed is None or digest(_drawn(content, path, seed).state_dict()) != told.get("digest"):
        return None
    return seed


def module_of(content: dict[str, Any], path: str) -> BrainModule:
    """The module a checkpoint was made by, with weights newly drawn.

    Raises:
        Refused: if the checkpoint does not say, or its parts are not to be found.
    """
    plain = deepcopy(dict(content.get("hyper_parameters") or {}))  # parts are made in place
    plain.pop("_instantiator", None)
    if not plain:
        raise Refused(f"ckpt_path: {path} does not say of which brain; train it with this program")
    try:
        return instantiate_module(BrainModule, plain)
    except Exception as error:
        place, reason = read_error(str(error))
        raise Refused(f"ckpt_path: {path}: {place}: {reason}") from error
