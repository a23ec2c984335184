"""Sequences of gratings, such as ABCD, and others that come instead, such as EBCD.

A letter is a standing grating of an orientation of its own; the letters of all sequences are spread
evenly over half a turn. Elements follow one another without a gap, and gray comes before each
sequence, whose gratings share a phase that is drawn anew each time.

Sources: Gavornik & Bear (2014), doi:10.1038/nn.3683, and Price, Jensen, Khoudary & Gavornik (2023),
"Expectation violations produce error signals in mouse V1", doi:10.1093/cercor/bhad163: ABCD in
elements of 150 ms on four days, then EBCD as well. Meyer & Olson (2011),
doi:10.1073/pnas.1112895108: pairs, in which the second picture foretells nothing and is foretold.
"""

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import numpy as np
import torch
from torch import Tensor

from brainmodel.data.checks import LONGEST, require_number
from brainmodel.data.gratings import drifting_grating, require_grating
from brainmodel.data.sequences.sequence_module import SequenceModule, SequenceTrials, assigned
from brainmodel.data.stream_module import StreamOptions
from brainmodel.data.streams import Rendering, Script, Share, Stream
from brainmodel.data.window import Label
from brainmodel.errors import require_seconds

CONTRAST = 0.8
GRAY = -1  # number of what is no letter
LEFT_OUT = "_"  # gray in the place of a letter


class SpelledSequences(NamedTuple):
    """The sequences; times in steps."""

    due: tuple[str, ...]
    others: tuple[str, ...]  # what comes instead of each
    pictures: dict[str, int]  # of each letter, as it was assigned
    size: int
    share: float  # of sequences that are not due
    cycles: float  # per frame width
    shown: int
    gray: int

    @property
    def place(self) -> int:
        """Of the element in which a sequence and what comes instead differ."""
        return next(k for k in range(len(self.due[0])) if self.due[0][k] != self.others[0][k])

    def frames(self, picture: Tensor, phase: Tensor) -> Tensor:
        """[..., size, size] of pictures (GRAY where there is none) at phases in cycles."""
        angle = torch.pi * picture / len(self.pictures)
        contrast = CONTRAST * (picture != GRAY)
        return drifting_grating(angle, phase, contrast, self.cycles, self.size)


def exchanged_letters(due: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """By letter the one that takes its part under the other assignment, both ways.

    Raises:
        ValueError: if lists or sequences differ in length, a sequence and what comes instead do
            not differ in one and the same place, or exchanging letters does not make each what
            comes instead of it, so that nothing would be counterbalanced.
    """
    if not due or len(due) != len(others) or {len(w) for w in (*due, *others)} != {len(due[0])}:
        raise ValueError(
            f"expected is {list(due)} and unexpected {list(others)}: give as many of each, all of "
            "one length."
        )
    pairs = list(zip(due, others, strict=True))
    places = [[k for k in range(len(a)) if a[k] != b[k]] for a, b in pairs]
    if any(own != places[0] or len(own) != 1 for own in places):
        raise ValueError(
            f"expected is {list(due)} and unexpected {list(others)}: each has to differ from what "
            "comes instead in one letter, in the same place."
        )
    (place,) = places[0]
    swap: dict[str, str] = {}
    for a, b in pairs:
        for one, other in ((a[place], b[place]), (b[place], a[place])):
            if swap.setdefault(one, other) != other:
                raise ValueError(
                    f"{one!r} comes in the place of {swap[one]!r} and of {other!r}: let two "
                    "letters come in the place of each other, so that they can be exchanged."
                )
    for a, b in pairs:
        if "".join(swap.get(letter, letter) for letter in a) != b:
            raise ValueError(
                f"exchanging {', '.join(sorted(swap))} does not make {b!r} of {a!r}: let letters "
                "that come in the place of each other have no other place."
            )
    return swap


class WordStream(Stream):
    """Sequences in random order, without end, with gray before each."""

    def __init__(self, share: Share, words: SpelledSequences) -> None:
        super().__init__(share)
        self.words = words

    def script(self, random: np.random.Generator) -> Script:
        """Per step: number of the picture (or gray), phase, letter, and whether it is due."""
        words, steps = self.words, self.share.episode
        period = words.gray + len(words.due[0]) * words.shown
        number, within = np.divmod(np.arange(steps) + random.integers(period), period)
        count = number[-1] + 1
        which = random.integers(len(words.due), size=count)
        due = random.random(count) >= words.share
        phase = random.random(count)
        letters = sorted(words.pictures)
        spelled = np.array(
            [[[letters.index(x) for x in word] for word in kind] for kind in words[:2]]
        )  # [due or not, word, place]
        place = (within - words.gray) // words.shown
        shown = place >= 0
        letter = spelled[np.where(due, 0, 1)[number], which[number], place.clip(0)]
        picture = np.array([words.pictures[x] for x in letters])[letter]
        return {
            "picture": np.where(shown, picture, GRAY),
            "letter": np.where(shown, letter, GRAY),
            "phase": phase[number],
            "expected": due[number] | (place != words.place),
        }

    def render(self, script: Script) -> Rendering:
        """Frames "eye"; labels "letter" and "expected"."""
        picture = torch.from_numpy(script["picture"])
        eye = self.words.frames(picture, torch.from_numpy(script["phase"]).float())
        labels = {name: torch.from_numpy(script[name]) for name in ("letter", "expected")}
        return Rendering({"eye": eye[:, :, None]}, labels)


class GratingSequences(SequenceModule):
    """Sequences of standing gratings that are due, and others that come instead now and then.

    All parts have the same sequences, in another order and at other phases.

    Inputs of a window: eye [time, batch, 1, size, size] float32 in [0, 1].
    Labels [time, batch]: letter, its number in the alphabet of the sequences, -1 gray; expected,
    False while a letter is shown that is not due.

    Args:
        size: height and width of the frame in pixels.
        expected: sequences that are due, a letter for each element.
        unexpected: what comes instead of each, with another letter in one place; letters that come
            in the place of each other are what the two assignments exchange.
        share: of the sequences that are not due, from 0 (brains learn what is due alone) to 1.
        cycles: spatial frequency, in cycles per frame width.
        shown: seconds of an element.
        gray: seconds of gray before a sequence.
        frames_per_second: steps per second.
        assignment: 0, letters are shown as they are called, or 1, those that come in the place of
            each other are exchanged; null: 0 of even seeds, 1 of odd ones.
        options: see `StreamModule`.

    Raises:
        ValueError: if a number is out of range, or sequences cannot be counterbalanced.
    """

    def __init__(
        self,
        size: int = 16,
        expected: Sequence[str] = ("ABCD",),
        unexpected: Sequence[str] = ("EBCD",),
        share: float = 0.0,
        cycles: float = 2.0,
        shown: float = 0.15,
        gray: float = 0.3,
        frames_per_second: float = 20.0,
        assignment: int | None = 0,
        **options: Unpack[StreamOptions],
    ) -> None:
        require_grating(size, cycles, 0, CONTRAST, frames_per_second)
        require_number("share", share, 0, 1, "a share of the sequences")
        require_seconds("shown", shown, 1 / frames_per_second, LONGEST)
        require_seconds("gray", gray, 1 / frames_per_second, LONGEST)
        swap = exchanged_letters(expected, unexpected)
        super().__init__(
            shapes={"eye": [1, size, size]},
            label_names=["letter", "expected"],
            frames_per_second=frames_per_second,
            **options,
        )
        self.assignment = assigned(assignment, self.seed)
        letters = sorted(set("".join([*expected, *unexpected])))
        shown_as = {x: swap.get(x, x) if self.assignment else x for x in letters}
        self.words = SpelledSequences(
            due=tuple(expected),
            others=tuple(unexpected),
            pictures={x: letters.index(shown_as[x]) for x in letters},
            size=size,
            share=share,
            cycles=cycles,
            shown=round(shown * frames_per_second),
            gray=round(gray * frames_per_second),
        )

    @property
    def label_kinds(self) -> dict[str, Label]:
        """See `StreamModule.label_kinds`."""
        return {
            "letter": Label((GRAY, len(self.words.pictures) - 1)),
            "expected": Label((0, 1)),
        }

    def stream(self, share: Share) -> WordStream:
        """Sequences of a part."""
        return WordStream(share, self.words)

    def trials(self, events: int) -> SequenceTrials:
        """See `SequenceModule.trials`; events differ in phase, which is spread evenly."""
        words = self.words
        spelled = [*words.due, *words.others]
        before = max(words.gray, words.shown)
        onset = before + words.place * words.shown
        return SequenceTrials(
            frames=self.movies(spelled, events),
            names=tuple(f"{word} {event}" for word in spelled for event in range(events)),
            due=torch.arange(len(spelled) * events) < len(words.due) * events,
            onset=before,
            compared=slice(onset, onset + words.shown),
            shown=words.shown,
        )

    def movies(self, words: Sequence[str], events: int) -> Tensor:
        """See `SequenceModule.movies`."""
        own = self.words
        numbers = own.pictures | {LEFT_OUT: GRAY}
        for word in words:
            if len(word) != len(own.due[0]) or not set(word) <= set(numbers):
                raise ValueError(
                    f"also has {word!r}: give {len(own.due[0])} letters of "
                    f"{''.join(own.pictures)}, or {LEFT_OUT!r} for gray."
                )
        course = torch.tensor([[numbers[x] for x in word] for word in words]).T
        course = course.repeat_interleave(own.shown, dim=0)
        gray = torch.full((1, len(words)), GRAY)
        before = gray.expand(max(own.gray, own.shown), -1)
        picture = torch.cat([before, course, gray.expand(own.shown, -1)])
        each = torch.broadcast_tensors(picture[:, :, None], torch.arange(events) / events)
        return own.frames(*each).flatten(1, 2)
