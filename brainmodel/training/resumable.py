"""What a checkpoint has to hold for training to go on as if it had not stopped.

Every refusal comes before anything is built or written, and names what is wrong.
"""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment

from brainmodel.errors import Refused
from brainmodel.training.callbacks.random_numbers import states_of
from brainmodel.training.checkpoint import require_streams
from brainmodel.training.module import BrainModule
from brainmodel.training.parameter_groups import require_plain
from brainmodel.training.same_brain import require_same_frozen, require_same_optimizer

HELD = {
    "loops": dict,
    "callbacks": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
    "streams": list,
    "random_numbers": list,
    "global_step": int,
    "epoch": int,
}
"""What is in a checkpoint of `fit`, beside the weights."""
REMEDY = "give one that fit has written, not weights alone and not altered since"


def require_resumable(
    content: Mapping[str, Any], module: BrainModule, trainer: pl.Trainer, batch: int | None
) -> None:
    """Refuse a checkpoint from which training cannot go on.

    Args:
        content: of the checkpoint.
        module: of this run.
        trainer: of this run.
        batch: streams of each process; None if not known.

    Raises:
        Refused: naming what is missing or does not fit.
    """
    for key, kind in HELD.items():
        if not isinstance(content.get(key), kind):
            what = "has no" if key not in content else "has altered"
            raise Refused(f"ckpt_path: the checkpoint {what} {key}; {REMEDY}")
    require_same_optimizer(content, module.hparams)
    require_same_frozen(content, module.hparams)
    fit_loop: Any = trainer.fit_loop
    _require_keys(content["loops"].get("fit_loop"), fit_loop.state_dict(), "loops.fit_loop")
    for what, check in {
        "optimizer_states": lambda: _require_optimizer(content["optimizer_states"], module),
        "random_numbers": lambda: [states_of(each) for each in content["random_numbers"]],
        "streams": lambda: require_streams(content["streams"], batch, trainer.world_size),
    }.items():
        try:
            check()
        except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
            raise Refused(f"ckpt_path: the checkpoint's {what} are altered; {REMEDY}") from error


def require_none_unasked(folder: Path) -> None:
    """Refuse a folder from which Lightning would go on unasked, in a job of SLURM.

    Raises:
        Refused: naming the checkpoint that an earlier version left there.
    """
    found = sorted(folder.glob("*hpc_ckpt_*"))
    if found and SLURMEnvironment.detect():
        raise Refused(
            f"ckpt_path: is not given, and {found[-1]} of an earlier job would be gone on from "
            f"unasked; give --ckpt_path={found[-1]}, or move it elsewhere"
        )


def _require_keys(saved: Any, own: Mapping[str, Any], place: str) -> None:
    """Refuse a tree of mappings that lacks a key."""
    if not isinstance(saved, Mapping):
        raise Refused(f"ckpt_path: the checkpoint has no {place}; {REMEDY}")
    for key, value in own.items():
        if key not in saved:
            raise Refused(f"ckpt_path: the checkpoint has no {place}.{key}; {REMEDY}")
        if isinstance(value, Mapping) and key != "state_dict":
            _require_keys(saved[key], value, f"{place}.{key}")


def _require_optimizer(saved: list[Any], module: BrainModule) -> None:
    (state,) = saved
    optimizer = require_plain(module.optimizer(module.parts))
    optimizer.load_state_dict(deepcopy(state))
    if len({frozenset(memory) for memory in state["state"].values()}) > 1:
        raise ValueError("some parameters remember less than others")
