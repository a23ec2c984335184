"""Video files as arrays: decoded once, kept small on disk, read as memory maps."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from brainmodel.data.eye_movements import EyeSize, sides
from brainmodel.data.picture_sequences import pictures_in, sequences_below
from brainmodel.data.video_decoding import Undecodable, frames_of, rate_of

SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv")


class Film(NamedTuple):
    """One decoded video on disk, and how much each frame resembles the one before."""

    source: Path
    array: Path  # .npy, uint8 [frame, height, width, channel]
    frames: int
    height: int
    width: int
    channels: int
    frames_per_second: float

    @property
    def name(self) -> str:
        """Of a file its name; of a folder of pictures, whose own name may be "data", more of it."""
        source = self.source
        return source.name if source.suffix in SUFFIXES else "/".join(source.parts[-3:])

    def resemblance(self) -> NDArray[np.float32]:
        """Correlation [frame] of each frame with the one before; 1 where either is uniform."""
        return np.load(_beside(self.array))

    def read(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Frames [len(frames), height, width, channel], read from the memory map.

        Raises:
            ValueError: in one sentence that names the video, if what was decoded is not whole.
        """
        try:
            return np.load(self.array, mmap_mode="r")[frames]
        except (OSError, ValueError, EOFError) as damage:
            raise ValueError(
                f"{self.source}: what was decoded of it, {self.array}, can no longer be read "
                f"({damage}): run again, and it is decoded anew."
            ) from damage


class Films(NamedTuple):
    """Decoded videos, and those that were left out."""

    films: list[Film]
    left_out: dict[Path, str]  # file: why


def usual_cache() -> Path:
    """Where decoded videos are kept: brainmodel/videos in the user's cache folder."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "brainmodel" / "videos"


def find_videos(folder: Path) -> list[Path]:
    """What is called as videos are in `folder` and below, sorted, but for hidden files.

    Folders of two pictures or more, and of no video, count as videos whose frames these are.

    Raises:
        FileNotFoundError: if there is no such folder or no video in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"folder is {str(folder)!r}: give a folder that exists.")
    named = [file for file in sorted(folder.rglob("*")) if file.suffix.lower() in SUFFIXES]
    found = [file for file in named if not file.name.startswith(".")]
    beside = {file.parent for file in named}  # pictures beside videos are no frames
    found += [pictures for pictures in sequences_below(folder) if pictures not in beside]
    if not found:
        raise FileNotFoundError(
            f"folder {str(folder)!r} has no video: give one with files of {', '.join(SUFFIXES)}, "
            "or with folders of pictures."
        )
    return found


def without_copies(files: Sequence[Path]) -> list[Path]:
    """The files without later ones of the same content (only equal sizes are read).

    What is no file is kept: it is named when it cannot be decoded.
    """
    sizes = [file.stat().st_size if file.is_file() else -1 for file in files]
    seen: set[tuple[int, str]] = set()
    kept = []
    for file, size in zip(files, sizes, strict=True):
        digest = _digest(file) if size > 0 and sizes.count(size) > 1 else ""
        if not digest or (size, digest) not in seen:
            kept.append(file)
        seen.add((size, digest))
    return kept


def load_films(
    files: Iterable[Path],
    size: EyeSize,
    channels: int,
    cache: Path,
    skip_corrupt: bool,
    letterbox: bool = False,
) -> Films:
    """Films of `files`, decoding those that are not in the cache yet, with a progress bar.

    Args:
        files: video files.
        size: height and width that frames cover after they are resized, in pixels.
        channels: 1 for gray (luma), 3 for RGB.
        cache: folder of decoded videos; made if needed. A file whose path, size, time of change
            or wanted size differs is decoded anew; a decoding that is cut off leaves nothing.
        skip_corrupt: leave out files that cannot be decoded instead of refusing them.
        letterbox: resize frames so that they lie within `size`, and fill it up with gray.

    Raises:
        ValueError: naming every file that cannot be decoded, or if none can; or if the cache
            cannot be written.
    """
    _require_cache(cache)
    there = list(files)
    left_out = {file: "is no file" for file in there if not (file.is_file() or _is_film(file))}
    high, wide = sides(size)
    wanted: list[object] = [high if high == wide else f"{high}x{wide}", channels]
    wanted += ["letterbox"] if letterbox else []
    planned = {file: _cached(file, wanted, cache) for file in there if file not in left_out}
    nothing = all(map(_is_kept, planned.values()))
    films: list[Film] = []
    for file in tqdm(planned, desc="decoding videos", unit="file", disable=nothing):
        try:
            if not _is_kept(planned[file]):
                _decode(planned[file], frames_of(file, size, channels, letterbox))
            films.append(_film(file, planned[file]))
        except Undecodable as reason:
            left_out[file] = str(reason)
        except OSError as problem:
            raise ValueError(_unwritable(cache, problem)) from problem
    if left_out and not (skip_corrupt and films):
        raise ValueError(_undecodable(left_out))
    return Films(films, left_out)


def _undecodable(left_out: Mapping[Path, str]) -> str:
    named = ", ".join(f"{file} ({reason})" for file, reason in left_out.items())
    return (
        f"cannot decode {named}: remove what is broken, or set skip_corrupt: true if others are "
        "left."
    )


def _require_cache(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ValueError(_unwritable(cache, problem)) from problem


def _unwritable(cache: Path, problem: OSError) -> str:
    return (
        f"cache {str(cache)!r} cannot be written ({problem.strerror or problem}): give a folder "
        "that can, on a disk with room."
    )


def _is_kept(array: Path) -> bool:
    """Whether a decoding is there, and whole."""
    try:
        return len(np.load(array, mmap_mode="r")) == len(np.load(_beside(array)))
    except (OSError, ValueError, EOFError):
        return False


def _film(file: Path, array: Path) -> Film:
    shape: tuple[int, int, int, int] = np.load(array, mmap_mode="r").shape
    return Film(file, array, *shape, rate_of(file))


def _is_film(folder: Path) -> bool:
    """Whether it is a folder of pictures."""
    return folder.is_dir() and bool(pictures_in(folder))


def _cached(file: Path, wanted: Sequence[object], cache: Path) -> Path:
    facts = (pictures_in(file)[-1] if file.is_dir() else file).stat()
    wanted = [*wanted, *([len(pictures_in(file))] if file.is_dir() else [])]
    parts = [file.resolve(), facts.st_size, facts.st_mtime_ns, *wanted]
    key = "|".join(map(str, parts))
    return cache / f"{file.stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"


def _beside(array: Path) -> Path:
    return array.with_suffix(".resemblance.npy")


def _decode(array: Path, decoded: Iterator[NDArray[np.uint8]]) -> None:
    """Write the frames to `array`, and what `Film` keeps beside it, all or nothing."""
    with tempfile.TemporaryDirectory(dir=array.parent, prefix="decoding-") as folder:
        frames, resemblance = Path(folder) / "frames.npy", Path(folder) / "resemblance.npy"
        with frames.open("wb") as opened:
            correlations = _write_array(opened, decoded)
        np.save(resemblance, correlations)
        os.replace(resemblance, _beside(array))
        os.replace(frames, array)


def _write_array(file: IO[bytes], frames: Iterator[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Write frames as one .npy array whose length is known only at the end.

    Numpy leaves room in the header for the first axis to grow, so it is written twice.

    Returns:
        Correlation [frame] of each frame with the one before it.
    """
    first = next(frames, None)
    if first is None:
        raise Undecodable("no frame")
    header = {"descr": "|u1", "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, header | {"shape": (1, *first.shape)})
    start, before, correlations = file.tell(), first, [1.0]
    file.write(first.tobytes())
    for frame in frames:
        if frame.shape != first.shape:
            raise Undecodable("frames of different sizes")
        file.write(frame.tobytes())
        correlations.append(_correlation(before, frame))
        before = frame
    file.seek(0)
    shape = (len(correlations), *first.shape)
    np.lib.format.write_array_header_1_0(file, header | {"shape": shape})
    if file.tell() != start:
        raise Undecodable("too many frames")
    return np.array(correlations, dtype=np.float32)


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two frames over pixels; 1 if either is uniform."""
    left, right = (frame.astype(np.float32) - frame.mean() for frame in (one, other))
    scale = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / scale if scale > 0 else 1.0


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
