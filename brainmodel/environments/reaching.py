"""Centre-out reaching, closed loop: move an arm with muscles from the centre to a target.

    hold | target shown, preparation | go: reaction | movement | rest at the target | the next trial

At each trial the arm stands at the centre again. It is to follow the straight course of least jerk
(Flash & Hogan (1985), J. Neurosci. 5:1688) to one of the targets on a circle, and says how far it
is off, as a share of the distance D, where it will be `LEAD` seconds from now if it goes on as it
moves:

    miss(t) = | hand(t) + LEAD hand'(t) - wanted(t + LEAD) |^2 / D^2

so that an action is felt at once. Perturbations: a force field that turns with the hand's velocity
v, f = field (v_y, -v_x) (Shadmehr & Mussa-Ivaldi (1994), J. Neurosci. 14:3208), and, in a share of
trials, a push of 100 ms in a random direction during the movement.

Chance is that of an arm that never moves.
"""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from brainmodel.environments.bandit import require_probability
from brainmodel.environments.constants import constant
from brainmodel.environments.environment import Environment, Reply
from brainmodel.environments.label import Label
from brainmodel.environments.muscled_arm import MUSCLES, ArmState, MuscledArm
from brainmodel.environments.two_link_arm import TwoLinkArm

CENTRE = (0.0, 0.4)  # metres from the shoulder, straight ahead
SECONDS = 0.01  # of a step
LEAD = 0.1  # seconds
REACTION, REST, PUSH = 10, 10, 10  # steps
HOLD, PREPARATION, TARGET, WHETHER, WHITHER, WHEN = range(6)
"""Which of the numbers drawn is for what."""


class ReachState(NamedTuple):
    """Where a trial is, what it is, and the arm."""

    step: Int64[Tensor, "batch"]  # of the trial; -1 before the first
    shown: Int64[Tensor, "batch"]  # step at which the target is shown
    go: Int64[Tensor, "batch"]
    target: Int64[Tensor, "batch"]
    push: Int64[Tensor, "batch"]  # step at which a push begins; -1000 if there is none
    way: Float[Tensor, "batch"]  # its direction, radians
    arm: ArmState


class Reaching(Environment):
    """Reaches with a muscled arm.

    Steps have 10 ms. Hears what is told to six muscles, 0 for half active: flexor and extensor of
    the shoulder, of the elbow, of both. The observation [7] is the target from the centre, in
    distances, while it is shown; the cue to hold; angles and angular velocities from those at the
    centre (5 radians, 5 radians per second, are 1).
    Labels: reward, minus what was missed; miss; hand [2] in metres; target; go, true from then on;
    ends, true at the last step of a trial.

    Args:
        targets: how many, on a circle, the first to the right.
        distance: metres from the centre.
        arm: lengths in metres of the upper and the lower arm.
        hold: steps until the target is shown, the least and the most.
        preparation: steps from then to the go, the least and the most.
        movement: steps.
        field: of the force field, N s / m; 0 for none.
        push: newtons.
        pushed: share of trials with a push, in [0, 1].

    Raises:
        ValueError: if a number is out of range, or the arm cannot reach the targets.
    """

    differentiable = True

    def __init__(
        self,
        targets: int = 8,
        distance: float = 0.08,
        arm: tuple[float, float] = (0.3, 0.33),
        hold: tuple[int, int] = (5, 10),
        preparation: tuple[int, int] = (10, 20),
        movement: int = 30,
        field: float = 0.0,
        push: float = 5.0,
        pushed: float = 0.0,
    ) -> None:
        if targets < 2:
            raise ValueError(f"targets: need 2 or more, got {targets}")
        if movement < 2:
            raise ValueError(f"movement: need 2 steps or more, got {movement}")
        for name, pair in (("hold", hold), ("preparation", preparation)):
            if len(pair) != 2 or not 1 <= pair[0] <= pair[1]:
                raise ValueError(
                    f"{name}: need the least and the most steps, from 1 on, got {list(pair)}"
                )
        if not distance > 0 or not min(arm) > 0:
            raise ValueError(
                f"arm: need lengths and a distance above 0, got {list(arm)} and {distance}"
            )
        require_probability("pushed", pushed)
        made = TwoLinkArm(*arm)
        made.require_reach("distance", CENTRE[1] - distance, CENTRE[1] + distance)
        self.targets, self.distance, self.movement = targets, distance, movement
        self.hold, self.preparation = tuple(hold), tuple(preparation)
        self.field, self.push, self.pushed = field, push, pushed
        self.arm = MuscledArm(*arm)
        centre = torch.tensor(CENTRE, dtype=torch.float64)
        self._posture = tuple(made.angles(centre.numpy()).tolist())
        turn = [2 * pi * k / targets for k in range(targets)]
        self._ways = tuple((cos(angle), sin(angle)) for angle in turn)
        self.hears, self.shape, self.draws = MUSCLES, (7,), 6
        self.kinds = {
            "miss": Label(),
            "hand": Label(shape=(2,)),
            "target": Label((0, targets - 1)),
            "go": Label((0, 1)),
            "ends": Label((0, 1)),
        }

    @property
    def chance(self) -> dict[str, float]:
        """Of miss, on average over trials, that of an arm that stays at the centre."""
        moving = REACTION + self.movement + REST
        away = self._share(torch.arange(moving, dtype=torch.float64)).square().sum()
        waiting = (sum(self.hold) + sum(self.preparation)) / 2
        return {"miss": float(away) / (waiting + moving)}

    def begin(self, drawn: Tensor) -> ReachState:
        """Before the first trial."""
        none = torch.zeros_like(drawn[:, 0], dtype=torch.int64)
        arm = self.arm.at_rest(self._centre(drawn))
        return ReachState(none - 1, none, none, none, none - 1000, drawn[:, 0], arm)

    def step(self, state: ReachState, heard: Tensor, drawn: Tensor) -> Reply:
        """Begin a trial, or move on in one."""
        now = self._next(state, drawn)
        arm = self.arm.step(now.arm, heard, self._force(now), SECONDS)
        hand, velocity = self.arm.motion(arm)
        since = now.step - now.go
        way = constant(self._ways, heard)[now.target]
        wanted = self.distance * self._share(since.to(heard.dtype))[:, None] * way
        missed = (hand + LEAD * velocity - constant(CENTRE, heard) - wanted) / self.distance
        miss = missed.square().sum(1)
        shown, wait = (now.step >= now.shown)[:, None], (since < 0)[:, None]
        turned = (arm.angles - self._centre(heard)) * 5
        seen = [way * shown, wait.to(way), turned, arm.velocities / 5]
        labels = {
            "miss": miss,
            "hand": hand,
            "target": now.target,
            "go": since >= 0,
            "ends": since == REACTION + self.movement + REST - 1,
        }
        return Reply(now._replace(arm=arm), torch.cat(seen, dim=1), -miss, labels)

    def _next(self, state: ReachState, drawn: Tensor) -> ReachState:
        """The state with the step that comes; where a trial is over, of the next one."""
        ended = state.step - state.go >= REACTION + self.movement + REST - 1
        new = ended | (state.step < 0)
        whole = self._whole(drawn)
        shown = torch.where(new, whole[HOLD], state.shown)
        go = torch.where(new, shown + whole[PREPARATION], state.go)
        push = torch.where(drawn[:, WHETHER] < self.pushed, go + REACTION + whole[WHEN], -1000)
        rest, anew = self.arm.at_rest(self._centre(drawn)), new[:, None]
        pairs = zip(rest, state.arm, strict=True)
        return ReachState(
            torch.where(new, 0, state.step + 1),
            shown,
            go,
            torch.where(new, whole[TARGET], state.target),
            torch.where(new, push, state.push),
            torch.where(new, 2 * pi * drawn[:, WHITHER], state.way),
            ArmState(*(torch.where(anew, first, then) for first, then in pairs)),
        )

    def _whole(self, drawn: Tensor) -> Sequence[Tensor]:
        """The whole numbers that are drawn, [batch] by which they are for."""
        late = max(0, self.movement - PUSH)
        lows = (self.hold[0], self.preparation[0], 0, 0, 0, 0)
        highs = (self.hold[1], self.preparation[1], self.targets - 1, 0, 0, late)
        counts = tuple(high - low + 1 for low, high in zip(lows, highs, strict=True))
        found = (drawn * constant(counts, drawn)).long()
        return (found + constant(lows, found)).unbind(1)

    def _force(self, now: ReachState) -> Tensor | None:
        """On the hand, [batch, 2]; None if there never is one."""
        if self.field == 0 and self.pushed == 0:
            return None
        velocity = self.arm.motion(now.arm)[1]
        turned = torch.stack([velocity[:, 1], -velocity[:, 0]], dim=1)
        pushing = (now.step >= now.push) & (now.step < now.push + PUSH)
        way = torch.stack([now.way.cos(), now.way.sin()], dim=1)
        return self.field * turned + self.push * pushing[:, None] * way

    def _share(self, since: Tensor) -> Tensor:
        """The share of the way at which the hand is to be `LEAD` from now.

        Args:
            since: steps since the go.
        """
        u = ((since - REACTION + LEAD / SECONDS) / self.movement).clamp(0, 1)
        return u**3 * (10 - 15 * u + 6 * u**2)

    def _centre(self, like: Tensor) -> Tensor:
        """Angles at the centre, [batch, 2]."""
        return constant(self._posture, like).expand(len(like), 2)
