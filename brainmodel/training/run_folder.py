"""The folder of a run: a new one each time, with the config that made it saved inside."""

import os
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.cli import SaveConfigCallback
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from brainmodel.data.checks import require_writable
from brainmodel.errors import Refused


class RunFolder(TensorBoardLogger):
    """A TensorBoard logger that writes to SAVE_DIR/NAME/version_N, with a new N for each run, even
    if several start at the same moment.

    Args:
        save_dir: folder of all runs.
        name: of this kind of run; the command line gives the name of the config.
        version: number or name of this run; the next number unless given.

    Raises:
        ValueError: if a name leads out of `save_dir`, that cannot be written, or the version given
            is that of an earlier run.
    """

    def __init__(self, save_dir: str = "runs", name: str = "", version: int | str | None = None):
        for field, value in (("name", name), ("version", version)):
            if isinstance(value, str) and (Path(value).is_absolute() or ".." in Path(value).parts):
                raise ValueError(
                    f"trainer.logger.{field}: need a name for a folder below {save_dir}, got "
                    f"{value!r}; another place is given by save_dir"
                )
        _require_no_loose_link(Path(save_dir, name))
        require_writable("trainer.logger.save_dir", Path(save_dir))
        super().__init__(save_dir, name=name, version=version, default_hp_metric=False)
        folder = Path(self.log_dir) if version is not None else None
        if folder is not None and _first() and folder.exists():
            raise ValueError(
                f"trainer.logger.version: {folder} holds an earlier run; leave the version out, "
                "and the run gets a new number"
            )

    @property
    def version(self) -> int | str:
        """Number of the run; its folder is made when it is first asked for."""
        if self._version is None:
            self._version = self._get_next_version()
            while _first() and not self._claim():
                self._version += 1
        return self._version

    def _claim(self) -> bool:
        try:
            Path(self.root_dir, f"version_{self._version}").mkdir(parents=True)
        except FileExistsError:
            return False
        return True


def _require_no_loose_link(folder: Path) -> None:
    """Refuse a link to what is not there, such as a disk that is not mounted: nothing is below."""
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            raise ValueError(
                f"trainer.logger.save_dir is {str(folder)!r}: {place} is a link to "
                f"{os.readlink(place)}, which is not there; mount it, or give another folder"
            )


def _first() -> bool:
    return getattr(rank_zero_only, "rank", 0) == 0


def last_checkpoint(word: str, folder: Path) -> Path:
    """The last checkpoint of the latest run that has one.

    Args:
        word: "last", as it was given for a checkpoint.
        folder: of runs that are called alike.

    Raises:
        Refused: if there is none, or another word was given.
    """
    found = [*folder.glob("version_*/checkpoints/last.ckpt")]
    if word != "last" or not found:
        raise Refused(
            f"ckpt_path: is {word}, but "
            + (f"there is no checkpoint in {folder}" if word == "last" else "that names no file")
            + "; give the path of a .ckpt, or leave it out to begin anew"
        )
    return max(found, key=lambda path: path.stat().st_mtime)


class SaveConfig(SaveConfigCallback):
    """Saves the whole config in the run's folder, if the run has one."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """See the parent; without a logger nothing is written."""
        if trainer.loggers:
            super().setup(trainer, pl_module, stage)
