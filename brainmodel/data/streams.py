"""Streams: endless, seeded, random-access sequences, cut into windows.

A stream is a chain of episodes of equal length (one photograph looked at, one clip, one pair of
digits). An episode has a SCRIPT, a few numbers per step (where the eye looks, which frame of
which video), drawn from a generator seeded by (seed, part, stream number, episode number) alone.
A window RENDERS K steps of the scripts of B streams. So window i is the same whichever process,
worker or resumed run asks for it, and window i + 1 goes on where window i ended.
"""

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainmodel.data.window import Window

Script = dict[str, NDArray]
"""One episode, or part of one: arrays [step, ...] by name. An array "begin" [step] bool, if
present, marks further steps at which something unrelated to the step before begins."""

GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, modulo 1, spread the beginnings of any number of streams evenly."""


class Part(IntEnum):
    """The part of the data: validation and test show the same held-out material."""

    TRAINING = 0
    VALIDATION = 1
    TEST = 2


class Share(NamedTuple):
    """The streams that one process serves, and the sizes of windows and episodes."""

    seed: int
    part: Part
    first: int  # number of the first stream: rank * batch
    batch: int  # streams
    steps: int  # per window
    episode: int  # steps per episode


class Rendering(NamedTuple):
    """A piece of script as inputs and labels, [time, batch, ...] each, by name."""

    inputs: dict[str, Tensor]
    labels: dict[str, Tensor]


class Stream(ABC):
    """B endless streams. Subclasses define the script of an episode, and how it is rendered.

    Attributes:
        siblings: how many streams, one after the other, share each script (see `view`).
    """

    siblings: int = 1

    def __init__(self, share: Share) -> None:
        self.share = share
        self._current: dict[int, tuple[int, Script]] = {}  # family: (episode, its script)

    @abstractmethod
    def script(self, random: np.random.Generator) -> Script:
        """Draw one episode: arrays [share.episode, ...], from `random` and nothing else."""

    @abstractmethod
    def render(self, script: Script) -> Rendering:
        """Inputs and labels of arrays [time, batch, ...] of scripts."""

    def view(self, script: Script, sibling: int) -> Script:
        """The script of one of the siblings; by default the same for all.

        Args:
            script: of a whole episode; left as it is.
            sibling: its number, from 0.
        """
        del sibling
        return script

    def window(self, index: int) -> Window:
        """Window `index` (0, 1, ...): steps index * K to (index + 1) * K of every stream."""
        numbers = range(self.share.first, self.share.first + self.share.batch)
        pieces = [self._steps(number, index * self.share.steps) for number in numbers]
        script = {name: np.stack([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
        reset = torch.from_numpy(script.pop("begin"))
        rendering = self.render(script)
        return Window(rendering.inputs, reset, rendering.labels)

    def _steps(self, number: int, start: int) -> Script:
        """Script of the K steps of one stream from step `start` on."""
        family, sibling = divmod(number, self.siblings)
        stagger = int(self.share.episode * ((family * GOLDEN) % 1))
        time = np.arange(start, start + self.share.steps)
        episodes, steps = np.divmod(time + stagger, self.share.episode)
        pieces = []
        for episode in range(episodes[0], episodes[-1] + 1):
            script, here = self._episode(family, episode), steps[episodes == episode]
            script = self.view(script, sibling)
            pieces.append({name: values[here] for name, values in script.items()})
        joined = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        begin = joined.get("begin", np.zeros(len(time), dtype=bool))
        return joined | {"begin": begin | (steps == 0) | (time == 0)}

    def _episode(self, family: int, episode: int) -> Script:
        """The whole script of one episode; the last one of each family is kept."""
        held = self._current.get(family)
        if held is None or held[0] != episode:
            key = [self.share.seed, int(self.share.part), family, episode]
            held = (episode, self.script(np.random.default_rng(key)))
            self._current[family] = held
        return held[1]
