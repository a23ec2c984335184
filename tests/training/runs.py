"""Runs of tiny brains through the command line, in this process."""

from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.utils._pytree import tree_flatten

from brainmodel.cli import main

TINY = str(Path(__file__).with_name("tiny.yaml"))
EVERY_STEP = ("--checkpoint.every_n_train_steps=1", "--checkpoint.save_top_k=-1")


def fit(*options: str, config: dict[str, Any] | None = None, folder: str = "run") -> Path:
    """Train in the present folder; the folder of the run, a new one each time."""
    parts = ["--config", TINY]
    if config:
        path = Path(f"{folder}.yaml")
        path.write_text(yaml.safe_dump(config))
        parts += ["--config", str(path)]
    main(["fit", *parts, f"--trainer.logger.name={folder}", *options])
    return max(Path("runs", folder).iterdir(), key=lambda path: int(path.name[8:]))


def saved(run: Path, step: int | None = None) -> dict[str, Any]:
    """The checkpoint of a run, after a step or the last, read as PyTorch reads safely."""
    return torch.load(checkpoint(run, step), weights_only=True)


def checkpoint(run: Path, step: int | None = None) -> Path:
    """Where it lies."""
    name = "last.ckpt" if step is None else f"*step={step}.ckpt"
    (path,) = (run / "checkpoints").glob(name)
    return path


def learnt(content: dict[str, Any]) -> list[Any]:
    """All that a run leaves for the next step: weights, streams, optimizer, random numbers."""
    keys = ("state_dict", "optimizer_states", "streams", "random_numbers")
    return tree_flatten([content[key] for key in keys])[0]


def same(one: list[Any], other: list[Any]) -> bool:
    """Whether all leaves are equal, tensors to the last bit."""
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, Tensor) else a == b
        for a, b in zip(one, other, strict=True)
    )
