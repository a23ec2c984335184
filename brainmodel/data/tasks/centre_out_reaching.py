"""Centre-out reaching, open loop: which angles of shoulder and elbow take the hand to the target?

    hold | target shown | preparation | go: reaction | movement | rest at the target

Inputs are the sine and cosine of the target's direction, times a bump b(t) = sin^2(pi t / T), and
the cue to hold, 1 from the beginning to the go; outputs are the two angles, which count from 100 ms
before the movement on. It has the form of the task of Liu, Yang & Cueva (ICML 2025), who compared
networks that had learnt it with 141 neurons of motor cortex (Hatsopoulos, Xu & Amit 2007).

The hand moves straight and with the least jerk (Flash & Hogan (1985), J. Neurosci. 5:1688):

    hand(t) = centre + distance (10 u^3 - 15 u^4 + 6 u^5) (cos d, sin d),    u = time / duration

and a two-link arm's inverse kinematics turns it into angles, which are given as the deviation from
those at the centre, each divided by its largest over all targets: between -1 and 1. The signs are
those of a left arm, as in the recording: reaching to the right, the shoulder's angle grows. The
times before the target and from it to the go are uniform over whole steps.

Chance is an explained variance of 0, of who does not know the target and says the mean throughout.
"""

from typing import NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from brainmodel.data.checks import require_number, require_whole
from brainmodel.data.streams import Rendering, Script, Share
from brainmodel.data.tasks.counter_draws import Uniform, whole
from brainmodel.data.tasks.task_module import TaskModule, TaskOptions, require_range
from brainmodel.data.tasks.trials import Steps, TrialOrder, TrialStream, during
from brainmodel.data.window import Label
from brainmodel.environments.two_link_arm import TwoLinkArm

EARLY = 10  # steps of 10 ms before the movement from which on angles count
SHOWN, REACTION, REST = 20, 15, 10  # steps
CENTRE = (0.0, 0.4)  # metres from the shoulder, straight ahead
MIRROR = np.array([-1.0, 1.0])  # a left arm is a right one in the mirror
STEP = 10.0  # ms


class Reaches(NamedTuple):
    """Reaches to targets on a circle; times in steps of 10 ms."""

    targets: int
    distance: float  # metres
    arm: TwoLinkArm
    hold: tuple[int, int]  # until the target is shown
    preparation: tuple[int, int]  # from then to the go
    movement: int

    def length(self, hold: int, preparation: int) -> int:
        """Steps of a trial."""
        return hold + preparation + REACTION + self.movement + REST

    def hand(self, since: NDArray, direction: NDArray) -> NDArray[np.float64]:
        """Where the hand is, [..., 2] in metres.

        Args:
            since: steps since the movement began, [...]; negative before.
            direction: of the target in radians, 0 to the right, [...].
        """
        u = np.clip(since / self.movement, 0, 1)
        far = self.distance * minimum_jerk(u)
        way = np.stack([np.cos(direction), np.sin(direction)], axis=-1)
        return np.array(CENTRE) + far[..., None] * way

    def angles(self, since: NDArray, direction: NDArray) -> NDArray[np.float64]:
        """Deviations of shoulder and elbow, [..., 2] between -1 and 1; see `hand`."""
        targets = 2 * np.pi * np.arange(self.targets) / self.targets
        whole_way = self._deviation(np.arange(self.movement + 1)[:, None], targets)
        return self._deviation(since, direction) / np.abs(whole_way).max(axis=(0, 1))

    def _deviation(self, since: NDArray, direction: NDArray) -> NDArray[np.float64]:
        """Of both joints from where they are at the centre, [..., 2] in radians."""
        hand = MIRROR * self.hand(since, direction)
        return self.arm.angles(hand) - self.arm.angles(MIRROR * np.array(CENTRE))


def minimum_jerk(u: NDArray) -> NDArray[np.float64]:
    """The share of the way after a share of the time, both from 0 to 1."""
    return u**3 * (10 - 15 * u + 6 * u**2)


class ReachStream(TrialStream):
    """Trials of reaching."""

    draws = 3

    def __init__(self, share: Share, order: TrialOrder, reaches: Reaches) -> None:
        super().__init__(share, order)
        self.reaches = reaches
        direction = 2 * np.pi * np.arange(reaches.targets) / reaches.targets
        since = np.arange(-1, reaches.movement + 1)[:, None]  # nothing changes before and after
        self._angles = reaches.angles(since, direction).astype(np.float32)
        self._hand = reaches.hand(since, direction).astype(np.float32)

    def trials(self, drawn: Uniform) -> Script:
        """The target, and when it is shown and the movement begins."""
        reaches = self.reaches
        (least, most), (soonest, latest) = reaches.hold, reaches.preparation
        shown = least + whole(drawn[0], most - least + 1)
        go = shown + soonest + whole(drawn[1], latest - soonest + 1)
        return {
            "steps": go + reaches.length(0, 0),
            "condition": whole(drawn[2], reaches.targets),
            "shown": shown,
            "go": go,
        }

    def render(self, steps: Steps, script: Script) -> Rendering:
        """The input "stimulus" [time, batch, 3], sine, cosine and the cue to hold; labels."""
        reaches, step, target = self.reaches, steps.step, steps.of(script["condition"])
        begin, go = steps.of(script["shown"]), steps.of(script["go"])
        direction = 2 * np.pi * target / reaches.targets
        bump = np.sin(np.pi * (step - begin + 0.5) / SHOWN) ** 2 * during(step, begin, SHOWN)
        hold = (step >= 0) & (step < go)
        told = np.stack([bump * np.sin(direction), bump * np.cos(direction), hold], axis=2)
        since = step - go - REACTION
        row = np.where(step < 0, 0, since.clip(-1, reaches.movement) + 1)
        labels = {
            "answer": torch.from_numpy(self._angles[row, target]),
            "hand": torch.from_numpy(self._hand[row, target]),
            "since": torch.from_numpy((since * STEP / 1000).astype(np.float32)),
            "response": torch.from_numpy((step >= 0) & (since >= -EARLY)),
        }
        return Rendering({"stimulus": torch.from_numpy(told.astype(np.float32))}, labels)


class CentreOutReaching(TaskModule):
    """Reaches from the centre to targets on a circle, after a preparation and a go.

    Steps have 10 ms.
    Inputs of a window: stimulus [time, batch, 3], sine and cosine of the direction while the target
    is shown (200 ms, as a bump), and the cue to hold.
    Labels [time, batch, ...]: answer [2], angles of shoulder and elbow, between -1 and 1; hand [2],
    in metres; since, seconds since the movement began, negative before; and those of `TaskModule`.
    Condition: the number of the target, from the right counterclockwise.

    Args:
        targets: how many.
        distance: metres from the centre.
        arm: lengths in metres of the upper and the lower arm.
        hold: steps before the target is shown, the least and the most.
        preparation: steps from then to the go, the least and the most.
        movement: steps.
        options: see `TaskModule`.

    Raises:
        ValueError: if a number is out of range, or the arm cannot reach the targets.
    """

    def __init__(
        self,
        targets: int = 8,
        distance: float = 0.08,
        arm: tuple[float, float] = (0.3, 0.33),
        hold: tuple[int, int] = (10, 30),
        preparation: tuple[int, int] = (30, 70),
        movement: int = 40,
        **options: Unpack[TaskOptions],
    ) -> None:
        require_whole("targets", targets, 2, 360)
        require_number("distance", distance, 1e-3, 10, "metres")
        for length in arm:
            require_number("arm", length, 1e-2, 10, "metres")
        require_range("hold", hold, 1, 10_000)
        require_range("preparation", preparation, SHOWN, 10_000)
        require_whole("movement", movement, 2, 10_000)
        made = TwoLinkArm(arm[0], arm[1])
        made.require_reach("distance", CENTRE[1] - distance, CENTRE[1] + distance)
        self.reaches = Reaches(
            targets, distance, made, (hold[0], hold[1]), (preparation[0], preparation[1]), movement
        )
        ends = (self.reaches.length(hold[k], preparation[k]) for k in (0, 1))
        super().__init__(
            channels={"stimulus": ["sine", "cosine", "hold"]},
            labels={"answer": Label(shape=(2,)), "hand": Label(shape=(2,)), "since": Label()},
            conditions=targets,
            trial=(next(ends), next(ends)),
            frames_per_second=1000 / STEP,
            **options,
        )

    @property
    def chance(self) -> dict[str, float]:
        """See `StreamModule.chance`."""
        return {"answer": 0.0, "hand": 0.0}

    def stream(self, share: Share) -> ReachStream:
        """Trials of a part."""
        return ReachStream(share, self.order, self.reaches)
