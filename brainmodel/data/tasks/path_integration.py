"""Path integration: where am I, from nothing but where I started and how I have moved?

    speed v(t) = s |(n1, n2)|,   2 tau_v dn = -n dt + sqrt(4 tau_v) dW      (Rayleigh's law)
    turning:   tau_w dw = -w dt + sqrt(2 tau_w) sigma_w dW,      d heading = w dt
    place = fold( start + sum of steps )           a wall reflects

The walk of a rat in a square box, with the constants that George et al. (2024), eLife 13:e85274
(RatInABox), fitted to rats: s = 0.08 m/s, so that the mean speed is s sqrt(pi/2) = 0.1 m/s, tau_v =
0.7 s, tau_w = 0.08 s, sigma_w = 120 degrees/s. Unlike there, the speed is the length of a vector
and not a function of one number (of the same law; a length forgets twice as fast as its components,
hence the 2), and walls neither slow the animal nor turn it beforehand. Starting places and headings
are uniform; both processes begin in their stationary law.

Inputs are the steps that were taken, [x, y], in units of the mean step, and at the first step the
place itself, with a cue that says so; the output is the place, from -1 to 1 along each side. So the
sum of the inputs is the answer: it takes a memory that neither leaks nor overflows. Chance is an
explained variance of 0; a uniform place has a variance of 1/3.

In the place of the place an area may be asked for what cells would say, as in Banino et al. (2018),
Nature 557:429 (form and constants cited from memory); each group sums to 1:

    place cells        p_i ~ exp( - |place - c_i|^2 / (2 width^2) )         c_i uniform over the box
    direction cells    h_j ~ exp( 20 cos( heading - a_j ) )                 a_j evenly spaced
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, box_muller
from brainmodel.data.tasks.task_module import TaskModule, TaskOptions
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream
from brainmodel.data.window import Label

SPEED, SPEED_TIME = 0.08, 0.7  # m/s, the scale of Rayleigh's law; s
MEAN_SPEED = SPEED * np.sqrt(np.pi / 2)  # m/s
TURNING, TURNING_TIME = np.deg2rad(120.0), 0.08  # radians/s, standard deviation; s
QUADRANTS = 4
SHARPNESS = 20.0  # of direction cells, the concentration of von Mises' law


class Walks(NamedTuple):
    """Walks in a box."""

    length: int  # steps of a trial
    box: float  # metres
    step: float  # s


class SpatialCells(NamedTuple):
    """Cells that say where an animal is and which way it heads."""

    centres: NDArray[np.float64]  # [cell, 2] of place cells, in metres
    width: float  # metres, the standard deviation of their fields
    preferred: NDArray[np.float64]  # [cell] radians, of direction cells

    def place(self, places: NDArray) -> NDArray[np.float64]:
        """Rates [..., cell] of place cells at places [..., 2] in metres; they sum to 1."""
        apart = ((places[..., None, :] - self.centres) ** 2).sum(axis=-1)
        return _softmax(-apart / (2 * self.width**2))

    def direction(self, way: NDArray) -> NDArray[np.float64]:
        """Rates [..., cell] of direction cells, heading [..., 2] of length 1; they sum to 1."""
        preferred = np.stack([np.cos(self.preferred), np.sin(self.preferred)])
        return _softmax(SHARPNESS * way @ preferred)


def _softmax(values: NDArray) -> NDArray[np.float64]:
    shares = np.exp(values - values.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def walk(normal: NDArray, start: NDArray, walks: Walks) -> tuple[NDArray, NDArray]:
    """Places [step, ..., 2] in metres, the first at the start, and headings, of length 1.

    A wall that reflects the walk reflects its heading.

    Args:
        normal: numbers of variance 1, [step, 3, ...].
        start: place and heading as numbers in [0, 1), [3, ...].
        walks: how long, and where.
    """
    fast = ornstein_uhlenbeck(normal[:, :2], walks.step / (2 * SPEED_TIME))
    speed = SPEED * np.hypot(fast[:, 0], fast[:, 1])
    turn = TURNING * ornstein_uhlenbeck(normal[:, 2], walks.step / TURNING_TIME)
    heading = 2 * np.pi * start[2] + np.cumsum(turn * walks.step, axis=0)
    way = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    moved = walks.step * speed[..., None] * way
    moved[0] = 0
    free = walks.box * np.moveaxis(start[:2], 0, -1) + np.cumsum(moved, axis=0)
    around = free % (2 * walks.box)
    folded = around > walks.box
    return np.minimum(around, 2 * walks.box - around), np.where(folded, -way, way)


def ornstein_uhlenbeck(normal: NDArray, ratio: float) -> NDArray[np.float64]:
    """A stationary process [step, ...] of mean 0 and variance 1 from independent normal numbers.

    Its correlation falls by exp(-ratio) in a step: the exact solution, whatever the step.

    Args:
        normal: [step, ...].
        ratio: of a step to the time constant.
    """
    kept = np.exp(-ratio)
    found = np.array(normal)
    for k in range(1, len(found)):
        found[k] = kept * found[k - 1] + np.sqrt(1 - kept**2) * found[k]
    return found


class WalkStream(TrialStream):
    """Walks in a box."""

    def __init__(self, share: Share, order: TrialOrder, walks: Walks, cells: SpatialCells) -> None:
        super().__init__(share, order)
        self.walks, self.cells = walks, cells
        self.draws = 3 + 2 * -(-3 * walks.length // 2)  # normal numbers come in pairs

    def trials(self, drawn: Uniform) -> Script:
        """Places and headings [trial, batch, step, 2]; the condition is the start's quadrant."""
        normal = box_muller(drawn[3:])[: 3 * self.walks.length]
        normal = normal.reshape(self.walks.length, 3, *drawn.shape[1:])
        places, way = (np.moveaxis(v, 0, 2) for v in walk(normal, drawn[:3], self.walks))
        right, up = drawn[0] >= 0.5, drawn[1] >= 0.5
        return {
            "steps": np.full(drawn.shape[1:], self.walks.length),
            "condition": right + 2 * up.astype(np.int64),
            "places": places,
            "way": way,
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """The input "stimulus" [time, batch, 5]; labels."""
        row, step, column = steps.row, steps.step, np.arange(len(steps.stream))
        now, before = (script["places"][row, column, np.maximum(step - lag, 0)] for lag in (0, 1))
        side = self.walks.box / 2
        place = now / side - 1
        first = (step == 0)[..., None]
        told = [(now - before) / (MEAN_SPEED * self.walks.step), first * place, first]
        on = (step >= 0)[..., None]
        motion = on * np.concatenate(told, axis=2)
        way = script["way"][row, column, np.maximum(step, 0)]
        asked = {"answer": place, "heading": way}
        if len(self.cells.centres):
            asked["place_cells"] = self.cells.place(now)
        if len(self.cells.preferred):
            asked["direction_cells"] = self.cells.direction(way)
        labels = {name: torch.from_numpy((on * v).astype(np.float32)) for name, v in asked.items()}
        labels["response"] = torch.from_numpy(step > 0)
        return Rendering({"stimulus": torch.from_numpy(motion.astype(np.float32))}, labels)


class PathIntegration(TaskModule):
    """Where an animal is that walks in a square box, from how it moves.

    Inputs of a window: stimulus [time, batch, 5]: the step taken along x and y, in units of the
    mean step (0.1 m/s times the step), then only at the first step of a trial the place along x
    and y, from -1 to 1, and a cue that is 1.
    Labels [time, batch, ...]: answer [2], the place, from -1 to 1; heading [2], cosine and sine;
    where there are such cells, place_cells [cell] and direction_cells [cell], which sum to 1; and
    those of `TaskModule`.
    Condition: the quadrant of the start, 0 to 3 for left or right (1) and down or up (2).

    Args:
        length: steps of a trial.
        box: side in metres.
        step: s.
        place_cells: how many; their centres are drawn by the seed of the data.
        width: of their fields in metres.
        direction_cells: how many.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self,
        length: int = 50,
        box: float = 1.0,
        step: float = 0.1,
        place_cells: int = 0,
        width: float = 0.1,
        direction_cells: int = 0,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("length", length, 2, 10_000)
        require_number("box", box, 0.1, 100, "metres")
        require_number("step", step, 1e-3, 1, "seconds")
        require_whole("place_cells", place_cells, 0, 10_000)
        require_number("width", width, 1e-2, 100, "metres")
        require_whole("direction_cells", direction_cells, 0, 10_000)
        self.walks = Walks(length, box, step)
        cells = {"place_cells": place_cells, "direction_cells": direction_cells}
        sizes = {"answer": 2, "heading": 2} | {name: n for name, n in cells.items() if n}
        super().__init__(
            channels={"stimulus": ["step x", "step y", "start x", "start y", "start"]},
            labels={name: Label(shape=(size,)) for name, size in sizes.items()},
            conditions=QUADRANTS,
            trial=(length, length),
            frames_per_second=1 / step,
            **options,
        )
        centres = np.random.default_rng(self.seed).uniform(0, box, (place_cells, 2))
        preferred = 2 * np.pi * np.arange(direction_cells) / max(1, direction_cells)
        self.cells = SpatialCells(centres, width, preferred)

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        asked = ("answer", "heading", "place_cells", "direction_cells")
        return {name: 0.0 for name in asked if name in self.label_kinds}

    def stream(self, share: Share) -> WalkStream:
        """Walks of a part."""
        return WalkStream(share, self.order, self.walks, self.cells)
