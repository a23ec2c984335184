"""A closed loop: what comes depends on what areas do, and the data bring chance alone.

A window brings, for each environment, the uniform random numbers of each step and stream. They
depend on (seed, part, stream number, step, environment) and on nothing else (`CounterDraws`), so
that the same choices meet the same chance whatever the windows, the batch and the processes are.
"""

from typing import Unpack
from zlib import crc32

import numpy as np
import torch

from brainmodel.data.checks import require_whole
from brainmodel.data.stream_module import StreamModule
from brainmodel.data.streams import GOLDEN, Share
from brainmodel.data.tasks.counter_draws import CounterDraws
from brainmodel.data.tasks.task_module import LoaderOptions
from brainmodel.data.window import Window
from brainmodel.environments import Environment
from brainmodel.wiring.environments import label_of

BITS = 2.0**24  # of a number below 1 that stays below 1 in single precision
PURPOSES = 1000  # numbers below are purposes of other data


class ChanceStream:
    """Windows of what environments draw by chance, and of where streams begin anew.

    Args:
        share: which streams, and the sizes of windows and episodes.
        draws: how many numbers in a step, by environment.
        aligned: whether all streams begin anew at the same steps.
    """

    def __init__(self, share: Share, draws: dict[str, int], aligned: bool) -> None:
        self.share, self.draws = share, draws
        self.numbers = share.first + np.arange(share.batch)
        late = (share.episode * (self.numbers * GOLDEN % 1)).astype(np.int64)
        self.late = np.zeros_like(late) if aligned else late
        self._chance = {
            name: CounterDraws(share, PURPOSES + crc32(name.encode())) for name in draws
        }

    def window(self, index: int) -> Window:
        """Window `index` (0, 1, ...): steps index * K to (index + 1) * K of every stream."""
        size = self.share.steps
        time = np.arange(index * size, (index + 1) * size)[:, None]
        inputs = {}
        for name, count in self.draws.items():
            drawn = self._chance[name].uniform(self.numbers, time, max(1, count))[:count]
            single = (np.floor(drawn * BITS) / BITS).astype(np.float32)
            inputs[name] = torch.from_numpy(np.ascontiguousarray(np.moveaxis(single, 0, 2)))
        begins = ((time + self.late) % self.share.episode == 0) | (time == 0)
        return Window(inputs, torch.from_numpy(begins), {})


class ClosedLoop(StreamModule):
    """Environments for the areas of a brain to act on.

    Inputs of a window: under the name of each environment what it draws by chance,
    [time, batch, draws]. Labels come from the environments (see there).

    Args:
        environments: by name.
        window: steps per window.
        episode: steps until a stream begins anew, its environments with it.
        aligned: whether all streams begin anew at the same steps; else each is elsewhere.
        frames_per_second: steps per second.
        options: see `StreamModule`.

    Raises:
        ValueError: if there is no environment, or a number is out of range.
    """

    def __init__(
        self,
        environments: dict[str, Environment],
        window: int = 30,
        episode: int = 300,
        aligned: bool = False,
        frames_per_second: float = 100.0,
        **options: Unpack[LoaderOptions],
    ) -> None:
        if not environments:
            raise ValueError("environments is empty: name one, such as task.")
        require_whole("window", window, 1)
        super().__init__(
            shapes={name: [one.draws] for name, one in environments.items()},
            label_names=[],
            frames_per_second=frames_per_second,
            window=window,
            episode=episode,
            **options,
        )
        self._environments, self.aligned = dict(environments), aligned

    @property
    def environments(self) -> dict[str, Environment]:
        """See `StreamModule.environments`."""
        return self._environments

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {
            label_of(self._environments, name, label): score
            for name, environment in self._environments.items()
            for label, score in environment.chance.items()
        }

    @property
    def facts(self) -> list[str]:
        """What acting without looking gets, and what environments say of themselves."""
        told = ", ".join(f"{name} {score:.3f}" for name, score in self.chance.items())
        chance = [f"Acting without looking gets: {told}."] if told else []
        return chance + [fact for one in self._environments.values() for fact in one.facts]

    def stream(self, share: Share) -> ChanceStream:
        """Chance of a part."""
        draws = {name: one.draws for name, one in self._environments.items()}
        return ChanceStream(share, draws, self.aligned)
