"""An area that discriminates between the real drives of another area and the predicted ones.

    u(t) = D( x(t-n+1 ... t), d(t-n) ),    x = gain * drive
    v(t) = D( y(t-n+1 ... t), d(t-n) ),    y = gain * prediction
    loss(t) = discriminator's( u, v )                 D learns and, by its own rule, the area of d
              + fooling * predictor's( v )            the area that predicts learns
              + penalty * 1/2 |du/dx|^2               R1: D is not steep around what is real

d are the rates of the discriminating area. It is recurrent and receives the sequence so far through
its pathways: from the prediction and the error of the area it judges it can know both what came and
what was predicted, since the last reset. What is judged is how the sequence goes on from there, by
n = `steps` drives at once: those that came, or those that were predicted (a conditional game: Mirza
& Osindero (2014), arXiv:1411.1784). With n = 1 a prediction is judged by itself, with n > 1 also by
how it fits those before it, as where it jerks, lags or blurs more from step to step; all n of them
then learn. Each was made with the real drives before it known, so these are sequences of
predictions one step ahead.

The rates d are constants for the predictor, as learning signals do not travel back along pathways.
That is also why the discriminator cannot consist of an area alone: the derivative of its score by
the prediction, which the predictor needs, would have to leave it by its drive. The critic D joins
both areas and belongs to neither.

The gradient of the discriminator's loss stops before the prediction; that of the predictor's loss
passes through D and changes nothing in D. In the zero-sum game this is gradient reversal,
`reverse_gradient(prediction, fooling)`, to the last digit. The two shares have learning rates of
their own: `fooling`, and that of the group and of the discriminating area.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from objectives.game import Game, NonSaturating
from objectives.objective import Activity, GroupObjective, mean_over_valid
from objectives.parts.adversarial import r1_penalty
from objectives.parts.critic import Critic
from objectives.parts.pairs import at_later_step, earlier, later, unbroken
from objectives.parts.shapes import SampleLoss


class Discrimination(GroupObjective):
    """One area predicts, another distinguishes its predictions from the drives that came.

    Args:
        areas: the one that predicts, and the one that discriminates.
        game: the losses of both; the non-saturating game unless given.
        fooling: weight of the predictor's loss.
        penalty: weight of R1; it counts while learning only.
        features: hidden units of the critic (at each position of a map).
        kernel: odd width of receptive fields of the critic on maps, in pixels.
        steps: n, how many successive drives are judged together; fewer than a window has.
        gain: candidates are multiplied by it; about one over the spread of the drives, as it takes
            a critic long to see the difference between rates that vary by 0.05.

    Raises:
        ValueError: if there are not two areas, a weight is negative, the critic has no units, or no
            step is judged.
    """

    stops_gradient = True

    def __init__(
        self,
        areas: list[str],
        game: Game | None = None,
        fooling: float = 1.0,
        penalty: float = 1.0,
        features: int = 16,
        kernel: int = 3,
        steps: int = 1,
        gain: float = 1.0,
    ):
        super().__init__(areas)
        if len(areas) != 2 or areas[0] == areas[1]:
            raise ValueError(f"areas: need one that predicts and another that judges, got {areas}")
        if not all(value >= 0 for value in (fooling, penalty)):
            raise ValueError(f"fooling, penalty: need weights >= 0, got {fooling} and {penalty}")
        if features < 1 or kernel < 1 or kernel % 2 == 0:
            raise ValueError(
                f"features, kernel: need >= 1 and an odd width, got {features}, {kernel}"
            )
        if steps < 1:
            raise ValueError(f"steps: need 1 or more to be judged together, got {steps}")
        if not gain > 0:
            raise ValueError(f"gain: need > 0, one over the spread of the drives, got {gain}")
        self.steps, self.gain, self.reach = steps, gain, steps
        self.game = game or NonSaturating()
        self.fooling, self.penalty = fooling, penalty
        self.features, self.kernel = features, kernel
        self.critic: Critic = nn.Identity()  # type: ignore[assignment]

    def build(
        self, drive: Mapping[str, tuple[int, ...]], units: Mapping[str, tuple[int, ...]]
    ) -> None:
        predictor, judge = self.areas
        channels, *positions = drive[predictor]
        candidate = (self.steps * channels, *positions)
        self.critic = Critic(candidate, units[judge], self.features, self.kernel)

    def forward(self, activities: dict[str, Activity]) -> SampleLoss:
        real, predicted, memory, valid = self._case(activities)
        learns = torch.is_grad_enabled()
        real = real.detach().requires_grad_(learns)
        score = self.critic(real, memory)
        loss = self.game.discriminator(score, self.critic(predicted.detach(), memory))
        if self.fooling:
            loss = loss + self.fooling * self.game.predictor(self.critic.frozen(predicted, memory))
        if self.penalty and learns:
            loss = loss + self.penalty * r1_penalty(score, real)
        return at_later_step(loss, valid, self.steps)

    def terms(self, activities: dict[str, Activity]) -> dict[str, Tensor]:
        """accuracy of the discriminator, 1/2 at chance; diversity, the standard deviation of the
        predictions over that of the drives, 0 where all predictions are alike."""
        real, predicted, memory, valid = self._case(activities)
        called_real = self.critic(real, memory) > self.game.unsure
        called_predicted = self.critic(predicted, memory) < self.game.unsure
        right = 0.5 * called_real.to(real.dtype) + 0.5 * called_predicted.to(real.dtype)
        return {
            "accuracy": mean_over_valid(right, unbroken(valid, self.steps)),
            "diversity": deviation(predicted) / deviation(real).clamp(min=1e-12),
        }

    def _case(self, activities: dict[str, Activity]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        judged, judge = (activities[area] for area in self.areas)
        memory = earlier(judge.rate, self.steps)
        real, predicted = (self._joined(values) for values in (judged.drive, judged.prediction))
        return real, predicted, memory, judged.valid

    def _joined(self, values: Tensor) -> Tensor:
        """[time, batch, channel, ...] -> [pair, batch, steps * channel, ...]: t - n + 1 ... t."""
        ends = range(self.steps - 1, -1, -1)
        joined = torch.cat([later(earlier(values, k), self.steps - k) for k in ends], 2)
        return self.gain * joined


def deviation(values: Tensor) -> Tensor:
    """Standard deviation over steps and streams, its root mean square over units, a number."""
    return values.flatten(0, 1).var(0, correction=0).mean().sqrt()
