"""Sequential digits come whole; files in the format of MNIST are read, others refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from brainmodel.data.streams import Part
from brainmodel.data.tasks import (
    SequentialDigits,
)
from tests.data.one_trial import made, trials


@pytest.mark.parametrize("pixels", [8, 1, 16])
def test_digits_come_whole_and_in_order(pixels: int) -> None:
    from sklearn.datasets import load_digits

    held, shown = load_digits(return_X_y=True)
    for part, own in ((Part.TRAINING, slice(None, -360)), (Part.TEST, slice(-360, None))):
        window = trials(made(SequentialDigits, 200, pixels=pixels, response=2), part)
        seen = window.inputs["stimulus"]
        pictures = seen[:-2, :, :-1].movedim(1, 0).reshape(200, 64) * 16
        distance = torch.cdist(pictures, torch.from_numpy(held[own]).float())
        assert not distance.amin(1).any(), "each is one of the part"
        which = shown[own][distance.argmin(1)]
        assert torch.equal(window.labels["answer"][0], torch.from_numpy(which))
        assert torch.equal(window.labels["response"], seen[..., -1] > 0)
        assert window.labels["response"].sum(0).tolist() == [2] * 200


def write_mnist(folder: Path, side: int = 6, ending: str = "") -> dict[str, np.ndarray]:
    """Files as MNIST's, of noise; the pictures by the beginning of the name."""
    random, held = np.random.default_rng(0), {}
    for name, count in (("train", 40), ("t10k", 30)):
        pictures = random.integers(0, 256, (count, side, side), dtype=np.uint8)
        shown = (np.arange(count) % 10).astype(np.uint8)
        for kind, values in (("images-idx3", pictures), ("labels-idx1", shown)):
            head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, dtype=">u4").tobytes()
            opened = gzip.open if ending else open
            with opened(folder / f"{name}-{kind}-ubyte{ending}", "wb") as file:
                file.write(head + values.tobytes())
        held[name] = pictures
    return held


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_files_in_the_format_of_mnist_are_read(tmp_path: Path, ending: str) -> None:
    held = write_mnist(tmp_path, ending=ending)
    module = made(SequentialDigits, 50, root=tmp_path)
    assert module.shapes == {"stimulus": [7]} and module.window == 7
    for part, name in ((Part.TRAINING, "train"), (Part.VALIDATION, "t10k")):
        window = trials(module, part)
        pictures = window.inputs["stimulus"][:6, :, :6].movedim(1, 0) * 255
        known = {tuple(picture.ravel()) for picture in held[name]}
        assert {tuple(p) for p in pictures.round().byte().flatten(1).tolist()} <= known


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train-labels-idx1-ubyte .or train-labels"):
        SequentialDigits(root=tmp_path)
    write_mnist(tmp_path)
    file = tmp_path / "t10k-images-idx3-ubyte"
    whole = file.read_bytes()
    for content, message in (
        (b"PNG" + whole, "is no IDX file of unsigned bytes; give MNIST's files"),
        (whole[:12] + bytes([0, 0, 0, 5]) + whole[16:], "holds .30, 6, 5. and no square pictures"),
    ):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            SequentialDigits(root=tmp_path)
    file.write_bytes(whole[:-7])
    module = SequentialDigits(root=tmp_path)
    with pytest.raises(ValueError, match="is cut short"):
        trials(module, Part.TEST)
