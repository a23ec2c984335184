"""A task by reward: rewarded actions become more likely (REINFORCE with a baseline).

    a(t) ~ p(t) = softmax( W h(t) + c ),     r(t) = 1 if a(t) = label(t), else 0
    loss(t) = - ( r(t) - b(t) ) log p_a(t)  +  1/2 ( r(t) - b(t) )^2,      b(t) = v . h(t) + b0

Williams (1992), doi:10.1007/BF00992696: in expectation over actions the slope of the first term is
that of - p_label(t), minus the expected reward, whatever the baseline, which makes it less noisy.
From the second term the baseline alone learns: b is a constant in the first, h in the second. So
the area learns from one number for all of its units: the reward minus the expected reward.
"""

from functools import partial

import torch
from torch import Tensor, nn

from objectives.objective import Activity, Objective, mean_over_valid
from objectives.parts.backward_weights import BackwardWeights
from objectives.parts.readout import Readout
from objectives.parts.shapes import SampleLoss
from objectives.parts.task import require_classes, target


def reinforce(logits: Tensor, action: Tensor, reward: Tensor, baseline: Tensor) -> Tensor:
    """Loss [...] of actions.

    Args:
        logits: of the policy, [..., action].
        action: the one taken, [...] whole numbers.
        reward: [...].
        baseline: expected reward, [...].
    """
    chosen = logits.log_softmax(-1).gather(-1, action.unsqueeze(-1)).squeeze(-1)
    return -(reward - baseline).detach() * chosen + 0.5 * (reward - baseline).square()


class Reinforce(Objective):
    """Reward for naming a label of the data; which it was is never shown.

    Args:
        label: name of the label of the rewarded action, whole numbers [time, batch].
        actions: how many there are.
        feedback: through which weights the policy's error comes back to the area (see `Readout`).

    Raises:
        ValueError: if there are fewer than two actions; while learning, if there is no such label.
    """

    stops_gradient = True
    draws = True

    def __init__(self, label: str, actions: int, feedback: BackwardWeights | None = None):
        super().__init__()
        if actions < 2:
            raise ValueError(f"actions: need 2 or more, got {actions}")
        self.label, self.actions = label, actions
        self._policy = partial(Readout, feedback=feedback)
        self.policy: nn.Module = nn.Identity()
        self.baseline: nn.Module = nn.Identity()

    def require_label(self, whole: tuple[int, int] | None, shape: tuple[int, ...]) -> None:
        require_classes("actions", self.actions, self.label, whole, shape)

    def build(self, drive: tuple[int, ...], units: tuple[int, ...]) -> None:
        self.policy = self._policy(units, (self.actions,))
        self.baseline = Readout(units, (1,))

    def forward(self, activity: Activity) -> SampleLoss:
        logits = self.policy(activity.rate)
        likely = logits.detach().softmax(2)
        action = torch.multinomial(likely.flatten(0, 1), 1).view(likely.shape[:2])
        reward = (action == target(activity, self.label)).to(logits.dtype)
        expected = self.baseline(activity.rate.detach()).squeeze(2)
        return reinforce(logits, action, reward, expected)

    def terms(self, activity: Activity) -> dict[str, Tensor]:
        """reward: its mean over the actions of the policy."""
        likely = self.policy(activity.rate).softmax(2)
        right = target(activity, self.label).long().unsqueeze(2)
        return {"reward": mean_over_valid(likely.gather(2, right).squeeze(2), activity.valid)}
