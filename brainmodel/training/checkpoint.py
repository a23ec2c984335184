"""Checkpoints: read safely, and with the streams beside the weights, as plain containers.

PyTorch's safe load reads tensors, dicts, lists and numbers only. Each NamedTuple of a state is
therefore written as the name of its class and its fields, and made again from a class that is
already loaded, so that no file can have anything imported.
"""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from brainmodel.errors import Refused
from brainmodel.old_names import require_new_names
from brainmodel.training.checkpoint_files import is_whole, newest_whole
from brainmodel.training.processes import gather, rank_and_count
from brainmodel.wiring.state import BrainState


class Streams:
    """The state of the streams of a training run, to be saved and loaded."""

    def __init__(self) -> None:
        self.state: BrainState | None = None  # after the last window
        self._kept: BrainState | None = None  # after the last window that ended a step
        self._keeping = False
        self._saved: list[Any] = []  # of each process, loaded and not used yet

    def at(self, batch: int, device: torch.device) -> BrainState | None:
        """The state from which the next window goes on; None where all streams begin.

        Raises:
            Refused: if a checkpoint has other streams than this run.
        """
        if self._saved:
            here, count = rank_and_count()
            require_streams(self._saved, batch, count)
            self.state, self._saved = unpack(self._saved[here]), []
            self.state = tree_map_only(Tensor, lambda value: value.to(device), self.state)
        return self.state

    def keep(self) -> None:
        """Let `gather` give this state, until the next is kept."""
        self._kept, self._keeping = self.state, True

    def gather(self) -> list[Any]:
        """The packed states of all processes, on the CPU; the same list on each of them."""
        if self._saved:
            return self._saved  # no window has asked for them yet
        return gather(pack(self._kept if self._keeping else self.state))

    def load(self, saved: list[Any]) -> None:
        """Hold what `gather` made until the next window asks for it."""
        self._saved = saved


def pack(value: Any) -> Any:
    """A tree of tensors as plain containers, on the CPU.

    Raises:
        TypeError: for what cannot be saved.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        kind = type(value)
        fields = {name: pack(field) for name, field in zip(kind._fields, value, strict=True)}  # type: ignore[attr-defined]
        return {"class": f"{kind.__module__}:{kind.__qualname__}", "fields": fields}
    if isinstance(value, Mapping):
        return {"entries": {key: pack(entry) for key, entry in value.items()}}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [pack(item) for item in value]}
    raise TypeError(
        f"a stream's state holds a {type(value).__name__}: cells and rules may carry tensors, "
        "numbers, dicts, lists and NamedTuples of them"
    )


def unpack(plain: Any) -> Any:
    """The tree that `pack` packed.

    Raises:
        Refused: for a class that is not a NamedTuple of a module in use.
    """
    if not isinstance(plain, dict):
        return plain
    if "entries" in plain:
        return {key: unpack(entry) for key, entry in plain["entries"].items()}
    if "class" in plain:
        kind = _named_tuple(plain["class"])
        return kind(**{name: unpack(field) for name, field in plain["fields"].items()})
    name, items = next(iter(plain.items()))
    return {"list": list, "tuple": tuple}[name](unpack(item) for item in items)


def _named_tuple(path: str) -> Any:
    module, _, name = path.partition(":")
    kind: Any = sys.modules.get(module)
    for part in name.split("."):
        kind = getattr(kind, part, None)
    if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
        raise Refused(
            f"ckpt_path: the checkpoint's streams hold a {path}, which this brain does not have; "
            "`brainmodel migrate FILE` makes them begin anew if it is of an earlier version"
        )
    return kind


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """The content of a checkpoint whose brain can be made.

    Raises:
        Refused: if there is no such file, it holds no brain, or names a class by an old name.
    """
    content = content_of(path)
    try:
        require_new_names(content.get("hyper_parameters"), str(path), "model")
    except Refused as error:
        raise Refused(f"ckpt_path: {error}") from None
    return content


def content_of(path: str | Path) -> dict[str, Any]:
    """The content of a checkpoint, read safely.

    Raises:
        Refused: if there is no such file, or it holds no brain.
    """
    if not Path(path).is_file():
        raise Refused(f"ckpt_path: there is no file {str(path)!r}; give the path of a .ckpt")
    refusal = f"ckpt_path: {path} is not a checkpoint of a brain; give the path of a .ckpt"
    try:
        content = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except Exception as error:
        raise Refused(refusal + _other(Path(path))) from error
    if zipfile.is_zipfile(path) and not is_whole(Path(path)):
        raise Refused(
            f"ckpt_path: {path} is damaged: its bytes are not those that were written"
            + (_other(Path(path)) or "; give another checkpoint")
        )
    if not isinstance(content, dict) or "state_dict" not in content:
        raise Refused(refusal)
    return content


def _other(path: Path) -> str:
    """The newest good checkpoint beside a bad one, in words; empty if there is none."""
    good = newest_whole(path.parent, path)
    return "" if good is None else f"; {good} is whole"


def require_streams(saved: list[Any], batch: int | None, processes: int) -> None:
    """Refuse the streams of a run with other devices or another batch size; none begin anew.

    Args:
        saved: what `Streams.gather` made.
        batch: streams of each process in this run; None if not known.
        processes: of this run.

    Raises:
        Refused: saying what would fit.
    """
    if not saved:
        return
    if len(saved) != processes:
        raise Refused(
            f"trainer.devices: the checkpoint holds the streams of {len(saved)} processes, this "
            f"run has {processes}; resume with {len(saved)}"
        )
    state = [unpack(streams) for streams in saved][0]
    if state is not None:
        held = next(iter(state.areas.values())).rate.shape[0]
        if batch is not None and held != batch:
            raise Refused(
                f"data.batch_size: the checkpoint holds {held} streams, this run has {batch}; "
                f"resume with a batch size of {held}"
            )


def require_fit(saved: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Refuse weights that belong to another brain.

    Raises:
        Refused: naming the first parameter that is missing, unknown or of another shape.
    """
    remedy = "give the config that lies beside the checkpoint's run"
    for name in [*own, *saved]:
        where = name.removeprefix("brain.")
        if name not in saved:
            raise Refused(f"ckpt_path: the checkpoint has no {where}; {remedy}")
        if name not in own:
            raise Refused(f"ckpt_path: the checkpoint has a {where}, the brain has not; {remedy}")
        if saved[name].shape != own[name].shape:
            raise Refused(
                f"ckpt_path: {where} is {list(saved[name].shape)} in the checkpoint and "
                f"{list(own[name].shape)} in the brain; {remedy}"
            )
