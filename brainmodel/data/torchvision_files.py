"""Data sets in the folders that torchvision uses, where the user has them; never downloaded.

torchvision 0.29 still reads MovingMNIST. Its video data sets (Kinetics, UCF101, HMDB51) cannot read
video any more: that part moved to TorchCodec, which needs a system FFmpeg. Folders laid out for
them, one folder of videos per class, are read here with PyAV instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Part, Rendering, Script, Share, Stream
from brainmodel.data.video_files import Film, find_videos, without_copies
from brainmodel.data.video_module import VideoModule, VideoOptions
from brainmodel.data.window import Label


class ClipStream(Stream):
    """Whole clips, one after the other."""

    def __init__(self, share: Share, clips: Tensor, numbers: range, size: int) -> None:
        """Show the clips of `numbers` in `clips` [clip, frame, 1, height, width] uint8."""
        super().__init__(share)
        self.clips = clips
        self.numbers = numbers
        self.size = size

    def script(self, random: np.random.Generator) -> Script:
        """Per step: clip and frame; and "begin"."""
        length = self.clips.shape[1]
        block, frame = np.divmod(np.arange(self.share.episode), length)
        chosen = random.choice(self.numbers, block[-1] + 1)[block]
        return {"clip": chosen, "frame": frame, "begin": frame == 0}

    def render(self, script: Script) -> Rendering:
        """Frames "eye", resized; label "clip"."""
        clip, frame = torch.from_numpy(script["clip"]), torch.from_numpy(script["frame"])
        frames = self.clips[clip, frame].float().div_(255).flatten(0, 1)
        eye = F.interpolate(frames, (self.size, self.size), mode="area")
        return Rendering({"eye": eye.unflatten(0, clip.shape)}, {"clip": clip})


class MovingMNIST(StreamModule):
    """torchvision's MovingMNIST: two handwritten digits bouncing, in clips of 20 frames.

    The last part of the clips is held out for validation and test. The file is read when the first
    stream is built.

    Inputs of a window: eye [time, batch, 1, size, size] float32 in [0, 1].
    Labels: clip [time, batch], its number.

    Args:
        root: folder with the file MovingMNIST/mnist_test_seq.npy.
        size: height and width of what is shown, in pixels (64 in the file).
        held_out: fraction of the clips to hold out.
        options: see `StreamModule`.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        root: Path,
        size: int = 32,
        held_out: float = 0.2,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("size", size, 4, 64)
        require_number("held_out", held_out, 0.01, 0.9, "a fraction of the clips")
        if not (Path(root) / "MovingMNIST" / "mnist_test_seq.npy").is_file():
            raise FileNotFoundError(
                f"root is {str(root)!r}: give a folder that has MovingMNIST/mnist_test_seq.npy, "
                "nothing is downloaded."
            )
        super().__init__(shapes={"eye": [1, size, size]}, label_names=["clip"], **options)
        self.root = Path(root)
        self.size = size
        self.held_out = held_out

    def stream(self, share: Share) -> ClipStream:
        """Read the file and show the clips of a part."""
        from torchvision.datasets import MovingMNIST as Files

        clips = Files(self.root, download=False).data
        kept = len(clips) - max(1, round(self.held_out * len(clips)))
        numbers = range(kept) if share.part is Part.TRAINING else range(kept, len(clips))
        return ClipStream(share, clips, numbers, self.size)


class VideoClasses(VideoModule):
    """A folder with one subfolder of videos per class, as torchvision's video data sets have.

    Inputs and split as in `VideoFolder`. Labels: video and motion as there, and class
    [time, batch], the number of the subfolder in alphabetical order.

    Args:
        folder: where the folders of the classes are.
        skip_corrupt: leave out files that cannot be decoded instead of refusing them.
        options: see `VideoModule`.

    Raises:
        FileNotFoundError: if there is no such folder, or no video in a subfolder.
        ValueError: if a number is out of range.
    """

    def __init__(
        self, folder: Path, skip_corrupt: bool = False, **options: Unpack[VideoOptions]
    ) -> None:
        super().__init__(skip_corrupt=skip_corrupt, **options)
        self.label_names = self.with_last(["class", "motion", "video"])
        self.folder = Path(folder)
        self.files()

    def files(self) -> list[Path]:
        """The videos in subfolders, each content once."""
        inside = [file for file in find_videos(self.folder) if file.parent != self.folder]
        if not inside:
            raise FileNotFoundError(
                f"folder {str(self.folder)!r} has no subfolder with videos: give one per class."
            )
        return without_copies(inside)

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        return {
            "class": Label((0, len(self.classes()) - 1)),
            "motion": Label(shape=(3,)),
            "video": Label((0, len(self.files()) - 1)),
        }

    def classes(self) -> list[str]:
        """Names of the classes, in alphabetical order."""
        return sorted({self._class(file) for file in self.files()})

    def labels(self, films: Sequence[Film]) -> dict[str, NDArray[np.int64]]:
        """Number of the video and of its class, [film]."""
        names = self.classes()
        number = np.array([names.index(self._class(film.source)) for film in films])
        return {"video": np.arange(len(films)), "class": number}

    def _class(self, file: Path) -> str:
        return file.relative_to(self.folder).parts[0]
