"""Pictures for TensorBoard: the brain's graph, and frames seen, predicted and missed."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[attr-defined]
from torch import Tensor

from brainmodel.figures import draw_brain, draw_circuits, draw_frames, film, views
from brainmodel.training.module import brain_of


class Pictures(pl.Callback):
    """Draws the brain at the start, and frames and a film of held-out scenes at each validation.

    Args:
        scenes: how many streams are shown; 0 draws nothing.
        frames_per_second: of the film.
    """

    def __init__(self, scenes: int = 3, frames_per_second: float = 8.0):
        if not scenes >= 0:
            raise ValueError(f"pictures.scenes: need 0 or more, got {scenes}")
        if not frames_per_second > 0:
            raise ValueError(f"pictures.frames_per_second: need above 0, got {frames_per_second}")
        self.scenes = scenes
        self.frames_per_second = frames_per_second
        self._shown: dict[str, tuple[Tensor, ...]] = {}

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw the brain, and the circuits of areas that have populations."""
        if self.scenes:
            for writer in writers(trainer):
                writer.add_figure("brain", draw_brain(brain_of(pl_module)))
                for name, figure in draw_circuits(brain_of(pl_module)).items():
                    writer.add_figure(f"circuit/{name}", figure)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the second window, in which streams are under way, or the first if it is alone."""
        if batch_idx < 2 and self.scenes:
            self._shown = views(brain_of(pl_module), outputs["activities"])

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the pictures."""
        if trainer.sanity_checking:
            return
        for name, shown in self._shown.items():
            seen, predicted, error = (signal[:, : self.scenes] for signal in shown)
            for writer in writers(trainer):
                writer.add_figure(
                    f"frames/{name}", draw_frames(seen, predicted, error), trainer.global_step
                )
                value = animation(
                    f"film/{name}", film(seen, predicted, error), self.frames_per_second
                )
                writer._get_file_writer().add_summary(value, trainer.global_step)


def writers(trainer: pl.Trainer) -> list[Any]:
    """TensorBoard's writers of this process."""
    if not trainer.is_global_zero:
        return []
    return [lg.experiment for lg in trainer.loggers if isinstance(lg, TensorBoardLogger)]


def animation(tag: str, frames: Sequence[Any], frames_per_second: float) -> Any:
    """A film as TensorBoard shows it: an animated GIF.

    Args:
        tag: its name.
        frames: [time] of uint8 [height, width, 3].
        frames_per_second: speed.
    """
    pictures = [Image.fromarray(frame) for frame in frames]
    with BytesIO() as data:
        pictures[0].save(
            data,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=round(1000 / frames_per_second),
            loop=0,
        )
        encoded = data.getvalue()
    image = Summary.Image(
        height=frames[0].shape[0],
        width=frames[0].shape[1],
        colorspace=3,
        encoded_image_string=encoded,
    )
    return Summary(value=[Summary.Value(tag=tag, image=image)])
