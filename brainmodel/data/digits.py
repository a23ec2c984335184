"""Moving digits: real handwriting that bounces in a frame, with labels of identity and position."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainmodel.data.checks import LARGEST, require_number, require_whole
from brainmodel.data.eye_movements import fold
from brainmodel.data.stream_module import StreamModule, StreamOptions
from brainmodel.data.streams import Part, Rendering, Script, Share, Stream
from brainmodel.data.window import Label

HELD_OUT = 360
"""The last 360 of scikit-learn's 1797 handwritten digits are never trained on."""


def place_pictures(pictures: Tensor, corner: Tensor, size: int) -> Tensor:
    """Pictures [n, d, d] on black frames [n, size, size], their upper left sample at `corner`.

    Args:
        pictures: [n, d, d].
        corner: [n, 2], x and y in pixels, fractions too (interpolated linearly).
        size: pixels of the frame.
    """
    side = pictures.shape[-1]
    pixels = torch.arange(size, dtype=corner.dtype)
    grid = torch.empty(len(pictures), size, size, 2)
    grid[..., 0] = (2 * (pixels - corner[:, :1]) / (side - 1) - 1)[:, None, :]
    grid[..., 1] = (2 * (pixels - corner[:, 1:]) / (side - 1) - 1)[:, :, None]
    return F.grid_sample(pictures[:, None], grid, padding_mode="zeros", align_corners=True)[:, 0]


class DigitStream(Stream):
    """Digits moving straight on and bouncing off the walls; each episode shows new ones."""

    def __init__(
        self,
        share: Share,
        pictures: Tensor,
        identity: NDArray[np.int64],
        digits: int,
        size: int,
        step: float,
        rewarded: Sequence[int] = (),
    ) -> None:
        """Move `digits` of `pictures` [picture, d, d] by `step` pixels per step."""
        super().__init__(share)
        self.pictures = pictures
        self.identity = identity
        self.digits = digits
        self.size = size
        self.step = step
        self.rewarded = list(rewarded)

    def script(self, random: np.random.Generator) -> Script:
        """Per step and digit: which picture [step, digit], its position [step, digit, 2]."""
        steps, room = self.share.episode, self.size - self.pictures.shape[-1]
        chosen = random.integers(len(self.pictures), size=self.digits)
        angle = random.uniform(0, 2 * np.pi, self.digits)
        start = random.uniform(0, room, (self.digits, 2))
        velocity = self.step * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        path = start + velocity * np.arange(steps)[:, None, None]
        return {"picture": np.tile(chosen, (steps, 1)), "corner": fold(path, 0, room)}

    def render(self, script: Script) -> Rendering:
        """Frames "eye" (and "reward"); labels "identity" and "position" of each digit."""
        chosen, corner = script["picture"], script["corner"]
        room = self.size - self.pictures.shape[-1]
        eye = torch.zeros(*chosen.shape[:2], 1, self.size, self.size)
        labels: dict[str, Tensor] = {}
        for digit in range(self.digits):
            pictures = self.pictures[chosen[..., digit].reshape(-1)]
            corners = torch.from_numpy(corner[..., digit, :].reshape(-1, 2))
            eye = torch.maximum(eye, place_pictures(pictures, corners, self.size).view_as(eye))
            name = "" if digit == 0 else f"_{digit + 1}"
            labels["identity" + name] = torch.from_numpy(self.identity[chosen[..., digit]])
            position = (corner[..., digit, :] / room).astype(np.float32)
            labels["position" + name] = torch.from_numpy(position)
        inputs = {"eye": eye.clamp_(0, 1)}
        if self.rewarded:
            good = np.isin(self.identity[chosen], self.rewarded).any(axis=-1, keepdims=True)
            inputs["reward"] = torch.from_numpy(good.astype(np.float32))
        return Rendering(inputs, labels)


class MovingDigits(StreamModule):
    """Handwritten digits of scikit-learn, enlarged, moving and bouncing in a black frame.

    Training and held-out parts show different pieces of handwriting (the last 360 of 1797 are
    held out); scikit-learn is loaded when the first stream is built. Where two digits meet, the
    brighter one is seen.

    Inputs of a window:
        eye: [time, batch, 1, size, size] float32 in [0, 1].
        reward: [time, batch, 1], only if digits are rewarded: 1 while one of them is seen, else 0.

    Labels: identity [time, batch], 0 to 9, and position [time, batch, 2], x and y of where the
    digit is in the room it has, from 0 to 1; for a second digit identity_2 and position_2.

    Args:
        size: height and width of the frame in pixels.
        digit: height and width of a digit in pixels.
        digits: 1 or 2.
        speed: pixels per second.
        rewarded: digits, 0 to 9, the sight of which is rewarded; with none there is no such
            input.
        frames_per_second: steps per second.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        size: int = 32,
        digit: int = 16,
        digits: int = 1,
        speed: float = 30.0,
        rewarded: Sequence[int] = (),
        frames_per_second: float = 30.0,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_whole("size", size, 8, LARGEST)
        require_whole("digit", digit, 4, size - 1)
        require_whole("digits", digits, 1, 2)
        require_number("speed", speed, 0, 1e5, "pixels per second")
        require_number("frames_per_second", frames_per_second, 1, 1000, "frames per second")
        for one in rewarded:
            require_whole("rewarded", one, 0, 9)
        names = ["identity", "position"]
        super().__init__(
            shapes={"eye": [1, size, size]} | ({"reward": [1]} if rewarded else {}),
            label_names=[*names, *(f"{name}_2" for name in names[: 2 * digits - 2])],
            frames_per_second=frames_per_second,
            **options,
        )
        self.size = size
        self.digit = digit
        self.digits = digits
        self.speed = speed
        self.rewarded = tuple(rewarded)

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        kinds = {"identity": Label((0, 9)), "position": Label(shape=(2,))}
        return {name: kinds[name.removesuffix("_2")] for name in self.label_names or ()}

    def stream(self, share: Share) -> DigitStream:
        """Load the handwriting of a part and let it move."""
        from sklearn.datasets import load_digits  # takes a second

        pixels, target = load_digits(return_X_y=True)
        part = slice(None, -HELD_OUT) if share.part is Part.TRAINING else slice(-HELD_OUT, None)
        small = torch.from_numpy(np.asarray(pixels, dtype=np.float32)[part] / 16).view(-1, 1, 8, 8)
        side = (self.digit, self.digit)
        pictures = F.interpolate(small, side, mode="bilinear", align_corners=False)
        identity = np.asarray(target, dtype=np.int64)[part]
        step = self.speed / self.frames_per_second
        return DigitStream(
            share, pictures[:, 0], identity, self.digits, self.size, step, self.rewarded
        )
