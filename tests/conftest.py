"""What every test stands on: one thread, no screen, no GPU, the same random numbers each time."""

import gc
import os
import zlib

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # but see areas/test_on_a_device.py
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest
import torch

from tests import checked

checked.check_signatures()  # in tests alone; training pays nothing

torch.set_num_threads(1)


@pytest.hookimpl(tryfirst=True)  # before cases are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a law that is `sampled(n)` all but each n-th case are slow, as its name counts them, and
    are the rest, which CI leaves out."""
    seen: dict[str, int] = {}
    for item in items:
        marker = item.get_closest_marker("sampled")
        if marker is None:
            continue
        law = item.nodeid.partition("[")[0]
        case = seen[law] = seen.get(law, zlib.crc32(law.encode())) + 1
        if case % marker.args[0]:
            item.add_marker("slow")
            item.add_marker("rest")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Each test starts from one seed, whatever ran before it and in whichever process."""
    torch.manual_seed(0)
    checked.start_test()


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of neural recordings, from BRAINMODEL_RECORDINGS; without it the test is skipped."""
    return _folder("BRAINMODEL_RECORDINGS")


@pytest.fixture(scope="session")
def videos() -> Path:
    """Folder of video files, from BRAINMODEL_VIDEOS; without it the test is skipped."""
    return _folder("BRAINMODEL_VIDEOS")


def _folder(variable: str) -> Path:
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"needs the folder named by {variable}")
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{variable} names {folder!r}, which is not a folder")
    return Path(folder)
