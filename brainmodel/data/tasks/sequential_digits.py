"""Sequential digits: which digit was that, seen row by row or pixel by pixel?

    the picture, so many pixels per step from the upper left on | response, while the cue is on

Le, Jaitly & Hinton (2015), arXiv:1504.00941: a picture that is easily recognised at once becomes a
task of memory. Row by row a digit of scikit-learn takes 8 steps and pixel by pixel 64, one of MNIST
28 or 784.

Digits are drawn with each class as likely as the others, and then uniformly among the handwriting
of the part, so chance is 1 / classes exactly.
"""

from pathlib import Path
from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.checks import require_whole
from brainmodel.data.digits import HELD_OUT
from brainmodel.data.streams import Part, Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.mnist_files import read_part, side_of
from brainmodel.data.tasks.poisson_spikes import PoissonSpikes
from brainmodel.data.tasks.task_module import LONGEST_TRIAL, TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Integers, Steps, TrialOrder, TrialStream
from brainmodel.data.window import Label

CLASSES, SIDE = 10, 8  # of scikit-learn's digits


class Handwriting(NamedTuple):
    """Pictures of a part."""

    pixels: NDArray[np.float32]  # [picture, step, pixels of a step]
    shown: Integers  # [picture] which class


class DigitSequenceStream(TrialStream):
    """Digits, a few pixels at a time."""

    draws = 2

    def __init__(
        self,
        share: Share,
        order: TrialOrder,
        handwriting: Handwriting,
        spikes: PoissonSpikes | None,
    ) -> None:
        super().__init__(share, order, spikes)
        self.handwriting = handwriting
        self._sorted = np.argsort(handwriting.shown, kind="stable")
        self._many = np.bincount(handwriting.shown, minlength=CLASSES)
        self._first = np.cumsum(self._many) - self._many

    def trials(self, drawn: Uniform) -> Script:
        """The class, and which picture of it."""
        digit = whole(drawn[0], CLASSES)
        picture = self._sorted[self._first[digit] + whole(drawn[1], self._many[digit])]
        return {
            "steps": np.full(digit.shape, self.order.longest),
            "condition": digit,
            "picture": picture,
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """Brightness "stimulus" of each pixel of a step and, last, the cue; labels."""
        pixels, step = self.handwriting.pixels, steps.step
        lasts = pixels.shape[1]
        rate = np.zeros((*step.shape, pixels.shape[2] + 1), dtype=np.float32)
        seen = (step >= 0) & (step < lasts)
        rate[seen, :-1] = pixels[steps.of(script["picture"])[seen], step[seen]]
        response = step >= lasts
        rate[..., -1] = response
        labels = {
            "answer": torch.from_numpy(steps.of(script["condition"]).copy()),
            "response": torch.from_numpy(response),
        }
        return Rendering({"stimulus": torch.from_numpy(rate)}, labels)


class SequentialDigits(TaskModule):
    """Handwritten digits, row by row or pixel by pixel.

    Those of scikit-learn (8 x 8 pixels, the last 360 of 1797 held out), or those in a folder of
    MNIST's four files, which also read plain or compressed (.gz), and of which t10k is held out.
    They are read when the first stream is built.

    Inputs of a window: stimulus [time, batch, pixels + 1], brightness from 0 to 1, and the cue.
    Labels: answer [time, batch], the digit, 0 to 9; and those of `TaskModule`.
    Condition: the digit.

    Args:
        pixels: how many are shown in a step; one row unless given.
        response: steps after the picture in which an answer counts.
        root: folder with files in MNIST's format; scikit-learn's digits unless given.
        spikes: makes spikes of the input, if given.
        options: see `TaskModule`.

    Raises:
        FileNotFoundError: if a file is missing in the folder.
        ValueError: if a number is out of range, or pictures are no whole number of steps.
    """

    def __init__(
        self,
        pixels: int | None = None,
        response: int = 1,
        root: Path | None = None,
        spikes: PoissonSpikes | None = None,
        **options: Unpack[TaskOptions],
    ) -> None:
        side = SIDE if root is None else side_of(Path(root))
        pixels = side if pixels is None else pixels
        require_whole("pixels", pixels, 1, side * side)
        require_whole("response", response, 1, LONGEST_TRIAL)
        if side * side % pixels:
            raise ValueError(
                f"pixels is {pixels}: pictures of {side * side} pixels are no whole number of "
                f"steps; give 1, {side}, or another divisor."
            )
        length = side * side // pixels + response
        super().__init__(
            channels={"stimulus": [*(f"pixel {k}" for k in range(pixels)), "cue"]},
            labels={"answer": Label((0, CLASSES - 1))},
            conditions=CLASSES,
            trial=(length, length),
            spikes=spikes,
            **options,
        )
        self.pixels = pixels
        self.root = None if root is None else Path(root)

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 1 / CLASSES}

    def stream(self, share: Share) -> DigitSequenceStream:
        """Load the handwriting of a part.

        Raises:
            ValueError: if the files do not hold each of ten classes, and no others.
        """
        pixels, shown = self._handwriting(share.part)
        if set(np.unique(shown)) != set(range(CLASSES)):
            raise ValueError("root: the labels are not 0 to 9; give files of ten classes.")
        steps = pixels.reshape(len(pixels), -1, self.pixels)
        return DigitSequenceStream(share, self.order, Handwriting(steps, shown), self.spikes)

    def _handwriting(self, part: Part) -> tuple[NDArray[np.float32], Integers]:
        """Pictures [picture, side, side] in [0, 1] and what they show."""
        if self.root is not None:
            return read_part(self.root, part)
        from sklearn.datasets import load_digits  # takes a second

        pixels, shown = load_digits(return_X_y=True)
        own = slice(None, -HELD_OUT) if part is Part.TRAINING else slice(-HELD_OUT, None)
        bright = np.asarray(pixels, dtype=np.float32)[own] / np.float32(16)
        return bright.reshape(-1, SIDE, SIDE), np.asarray(shown, dtype=np.int64)[own]
