"""A task by what an environment pays: an actor, a critic, and traces of what was done.

An environment hears bids b for actions, chooses one by chance, and pays. This area's part in the
bids, W h + c, goes to it over a pathway that names this objective as its `read_out`.

    delta(t) = r(t) + g (1 - ends(t)) V(t) - V(t-1),           V(t) = v . h(t) + v0
    A(t)     = delta(t) + g l (1 - ends(t)) A(t+1)
    loss(t)  = - A(t) log p_a(t)  +  1/2 ( V(t-1) + A(t) - V(t-1) )^2  -  entropy H(p(t))

with p = softmax(b), a the action chosen at t, A constant throughout, and only V(t-1) of the last
bracket that stands alone differentiated. g discounts, l is how long traces last. Summed over a
window this is the actor-critic with eligibility traces of Sutton & Barto (2018), "Reinforcement
learning", section 13.5, seen forwards:

    sum_t A(t) grad log p(t)  =  sum_t delta(t) e(t)
    e(t) = g l (1 - ends(t-1)) e(t-1) + grad log p(t)

The gradient of the rates goes on to the area's rule, so its own eligibility traces are multiplied
by a prediction error of reward: reward-based e-prop, Bellec et al. (2020),
doi:10.1038/s41467-020-17236-y. With l = 1 it is REINFORCE with a baseline (section 13.4; Williams
(1992), doi:10.1007/BF00992696).

Several areas may bid for one action: p is of the sum of their bids, which the environment tells,
and each learns as far as its own bids go. Traces end with the window: what is paid in a later one
is known by V alone. The critic learns v and v0, and h is a constant to it.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from objectives.objective import STEPS, Activity, Objective
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import target


def advantages(
    reward: Tensor, value: Tensor, ends: Tensor, valid: Tensor, discount: float, trace: float
) -> Tensor:
    """A(t), [time, batch]; 0 at the first step, and where a stream is reset.

    Args:
        reward: r, [time, batch].
        value: V, likewise.
        ends: 1 where nothing that comes bears on what was done before, likewise.
        valid: 0 where a stream was reset at this step, likewise.
        discount: g.
        trace: l.
    """
    goes_on = discount * (1 - ends)
    delta = reward[1:] + goes_on[1:] * value[1:] - value[:-1]
    found, later = [], torch.zeros_like(reward[0])
    for t in reversed(range(len(delta))):
        later = valid[t + 1] * (delta[t] + trace * goes_on[t + 1] * later)
        found.append(later)
    return torch.stack([torch.zeros_like(reward[0]), *reversed(found)])


class ActorCritic(Objective):
    """Learn what to do to an environment from what it pays.

    It reads the labels of `brainmodel.environments.acting_labels`: action, bids, acts, ends, which
    stand beside the reward.

    Args:
        actions: how many there are.
        label: name of the reward; where there are several environments, "ENVIRONMENT.reward".
        discount: what a reward a step later is worth, in [0, 1].
        trace: how long what was done is remembered, in [0, 1]; 1 is REINFORCE with a baseline.
        delay: steps of the pathway to the environment.
        entropy: how much it pays to leave the choice open, 0 or more.
        feedback: through which weights the actor's error comes back to the area (see `Readout`).

    Raises:
        ValueError: for a number out of range; while learning, if there are no such labels.
    """

    stops_gradient = True

    def __init__(
        self,
        actions: int,
        label: str = "reward",
        discount: float = 0.95,
        trace: float = 0.9,
        delay: int = 1,
        entropy: float = 0.0,
        feedback: BackwardWeights | None = None,
    ):
        super().__init__()
        if actions < 2:
            raise ValueError(f"actions: need 2 or more, got {actions}")
        for name, value in (("discount", discount), ("trace", trace)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: need a number in [0, 1], got {value}")
        if delay < 1:
            raise ValueError(f"delay: need 1 step or more, as of the pathway, got {delay}")
        if not entropy >= 0:
            raise ValueError(f"entropy: need 0 or more, got {entropy}")
        self.label, self.actions, self.reads_out = label, actions, actions
        self.discount, self.trace, self.entropy = discount, trace, entropy
        self.reach = delay
        self._actor = partial(Readout, feedback=feedback)
        self.actor: nn.Module = nn.Identity()
        self.critic: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        if whole is not None or shape:
            raise ValueError(f"label: {self.label!r} is no reward, a single number; give another")

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.actor = self._actor(units, (self.actions,))
        self.critic = Readout(units, (1,))

    def read_out(self, rate: Tensor) -> Tensor:
        """Bids [batch, actions] of rates [batch, *units]."""
        return self.actor.once(rate)  # type: ignore[operator]

    def forward(self, activity: Activity) -> SampleLoss:
        valid, like, delay = activity.valid, activity.rate, self.reach
        value = self.critic(like.detach()).squeeze(2)
        told = (self._told(activity, name).to(like) for name in ("reward", "ends"))
        reward, ends = told
        advantage = advantages(
            reward, value.detach(), ends, valid.to(like), self.discount, self.trace
        )
        before = torch.cat([value[:1], value[:-1]])
        joined = torch.cat([torch.zeros_like(valid[:1]), valid[1:]])
        critic = 0.5 * joined * (before.detach() + advantage - before).square()
        if len(reward) <= delay:
            return critic
        chosen, likely = self._policy(activity)
        alive = valid[delay:].clone()
        for lag in range(1, delay):
            alive &= valid[delay - lag : len(valid) - lag]
        counts = alive & self._told(activity, "acts")[delay:].bool()
        open_still = -(likely.exp() * likely).sum(2)
        actor = -advantage[delay:] * chosen - self.entropy * open_still
        return critic + torch.cat([torch.zeros_like(reward[:delay]), counts * actor])

    def _policy(self, activity: Activity) -> tuple[Tensor, Tensor]:
        """log p of the action chosen at each step from `delay` on, [time, batch], and of all."""
        delay = self.reach
        own = self.actor(activity.rate[:-delay])
        bids = self._told(activity, "bids")[delay:].detach().to(own)
        likely = (bids + own - own.detach()).log_softmax(2)
        action = self._told(activity, "action")[delay:].long().unsqueeze(2)
        return likely.gather(2, action).squeeze(2), likely

    def _told(self, activity: Activity, name: str) -> Tensor:
        """A label of the environment whose reward this is."""
        place, point, _ = str(self.label).rpartition(".")
        if name == "reward":
            return target(activity, self.label)
        told = target(activity, f"{place}{point}{name}")
        return told

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """reward: what was paid until each end, on average: of a trial, or of an episode."""
        return self.told(self.sums(activity))

    def sums(self, activity: Activity) -> dict[str, Tensor]:
        """Of rewards, and of ends, over valid steps."""
        valid = activity.valid
        paid = (valid * self._told(activity, "reward")).double().sum()
        ends = (valid & self._told(activity, "ends").bool()).sum()
        return {"reward": paid, "ends": ends, STEPS: valid.sum()}

    def told(self, sums: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `terms`; where nothing ended, what was paid altogether."""
        return {"reward": sums["reward"] / sums["ends"].clamp(min=1)}
