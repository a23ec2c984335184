"""A training that stops anywhere and resumes sees the windows it would have seen anyway."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from brainmodel.data.photographs import Photographs
from brainmodel.data.window import Window

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]


class Watcher(pl.LightningModule):
    """A scalar that depends on every window and on their order; keeps what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.seen: list[Tensor] = []
        self.validated: list[Tensor] = []

    def training_step(self, batch: Window, batch_idx: int) -> Tensor:
        assert isinstance(batch, Window)
        self.seen.append(batch.inputs["eye"])
        return (self.weight - batch.inputs["eye"].double().mean()) ** 2

    def validation_step(self, batch: Window, batch_idx: int) -> None:
        self.validated.append(batch.inputs["eye"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def train(folder: Path, steps: int, num_workers: int, **extra: Any) -> tuple[Watcher, pl.Trainer]:
    """Train until `steps`, in epochs of five windows, with validation."""
    ckpt_path = extra.pop("ckpt_path", None)
    watcher = Watcher()
    data = Photographs(
        size=8,
        window=3,
        batch_size=2,
        episode=7,
        windows_per_epoch=5,
        validation_windows=2,
        num_workers=num_workers,
    )
    trainer = pl.Trainer(
        max_steps=steps,
        default_root_dir=folder,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **extra,
    )
    trainer.fit(watcher, data, ckpt_path=ckpt_path)
    return watcher, trainer


@pytest.mark.sampled(2)
@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("stop", [3, 5, 8, 10])
def test_resuming_at_any_step_repeats_and_skips_nothing(
    tmp_path: Path, stop: int, num_workers: int
) -> None:
    whole, _ = train(tmp_path, 12, num_workers)
    before, trainer = train(tmp_path, stop, num_workers)
    trainer.save_checkpoint(tmp_path / "stop.ckpt")
    after, _ = train(tmp_path, 12, num_workers, ckpt_path=tmp_path / "stop.ckpt")
    assert len(before.seen) == stop and len(after.seen) == 12 - stop
    assert all(map(torch.equal, before.seen + after.seen, whole.seen))
    assert torch.equal(after.weight, whole.weight)
    assert len({frames.sum().item() for frames in whole.seen}) == 12, "a control: all differ"


class SaveAfter(pl.Callback):
    """Writes one checkpoint during the run."""

    def __init__(self, steps: int, file: Path) -> None:
        self.steps = steps
        self.file = file

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any, **__: Any) -> None:
        if trainer.global_step == self.steps:
            trainer.save_checkpoint(self.file)


def test_a_checkpoint_written_during_the_run_counts_the_windows_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "after_3.ckpt"
    whole, _ = train(tmp_path, 7, 2, callbacks=[SaveAfter(3, file)])
    after, _ = train(tmp_path, 7, 2, ckpt_path=file)
    assert len(after.seen) == 4
    assert all(map(torch.equal, after.seen, whole.seen[3:]))
    assert torch.equal(after.weight, whole.weight)


def test_an_epoch_cut_short_by_the_trainer_does_not_disturb_the_stream(tmp_path: Path) -> None:
    cut, _ = train(tmp_path, 8, 0, limit_train_batches=3)
    whole, _ = train(tmp_path, 8, 0)
    assert all(map(torch.equal, cut.seen, whole.seen))


def test_every_validation_shows_the_same_held_out_windows(tmp_path: Path) -> None:
    watcher, _ = train(tmp_path, 10, 0, num_sanity_val_steps=0)
    first, second, third, fourth = watcher.validated
    assert torch.equal(first, third) and torch.equal(second, fourth)
    assert not torch.equal(first, second), "a control"
